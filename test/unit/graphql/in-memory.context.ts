import type { BillingOperation, BillingWrites, WritePayload } from '../../../src/billing/billing-writes.js';
import type { BillingActivity, BillingPlan } from '../../../src/domain/billing-history.js';
import { type Caller, SCOPES, type Scope } from '../../../src/domain/caller.js';
import type { BillingCatalogue } from '../../../src/domain/catalogue.js';
import type { BoosterPackOrder, CreditPurchase, PlanChange } from '../../../src/domain/purchases.js';
import type { GatewayContext } from '../../../src/graphql/context.js';
import type { HistoryPage, HistorySummary } from '../../../src/reads/billing-reads.js';

export const PLAN: BillingPlan = {
  planId: null,
  name: 'Plan A',
  type: 'MONTHLY',
  typeRaw: 'Monthly',
  price: { amount: '99.50', currency: 'NZD' },
  allowedDocuments: 250,
  usedDocuments: 40,
  remainingDocuments: 210,
  startDate: '2024-03-28T21:00:58.485847Z',
  expiryDate: '2024-04-28T21:00:57Z',
};

export const ROW: BillingActivity = {
  id: '0123',
  kind: 'SIGNUP',
  kindRaw: 'signup',
  planName: '1e5',
  planType: 'OTHER',
  planTypeRaw: 'Fortnightly',
  price: { amount: '99', currency: null },
  creditAmount: '+5',
  allowedDocuments: 9_007_199_254_740_991,
  usedDocuments: 0,
  startDate: '2017-08-21T02:16:49Z',
  expiryDate: null,
  startMs: 1_503_281_809_000,
  expiryMs: null,
  groupId: '123456',
  groupName: 'Café',
  group: { id: '123456', name: 'Café' },
};

export const SUMMARY: HistorySummary = {
  count: 1,
  usedDocuments: 0,
  spend: [{ amount: '99', currency: null }],
  unreadablePrices: 0,
  unreadableCounts: 0,
};

export function historyPage(rows: readonly BillingActivity[] = [ROW]): HistoryPage {
  return {
    rowCount: rows.length,
    edges: rows.map((node, index) => ({ cursor: `c${index}`, node })),
    nodes: rows,
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    totalCount: rows.length,
    summary: SUMMARY,
  };
}

export const OPERATION: BillingOperation = {
  idempotencyKey: 'order-0001',
  kind: 'ORDER_BOOSTER_PACK',
  status: 'SUCCEEDED',
  replayed: false,
  groupId: '494',
  createdAt: '2024-03-28T21:00:58Z',
  sentAt: '2024-03-28T21:00:59Z',
  completedAt: null,
  documentsMayHaveBeenDeleted: false,
  packId: '1223',
  quantity: 2,
  planId: null,
  purchaseId: null,
  evidenceFit: async () => [{ activity: ROW, fits: ['NEW'], doesNotFit: ['TIME'] }],
};

export function succeeded<T>(value: T, operation: BillingOperation = OPERATION): WritePayload<T> {
  return { value, operation, warnings: [{ code: 'QUANTITY_DIFFERS', message: 'Two were confirmed.' }], userErrors: [] };
}

export const PACK: BoosterPackOrder = {
  pack: {
    id: '1',
    name: 'Booster 100',
    allowedDocuments: 100,
    price: { amount: '99', currency: null },
    quantity: 2,
    groupId: '494',
  },
  summary: { totalUsedDocuments: 0, totalAvailableDocuments: 200 },
};

export const PURCHASE: CreditPurchase = {
  id: '56709ccd-06ca-4ac2-be10-2c4fb6d7dd75',
  purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
  datePurchased: '2024-03-28T21:00:58.485847Z',
  currency: 'GBP',
  netTotal: '5.1',
  tax: '9.1',
  grossTotal: '3.1',
  unitPrice: '10.1',
  quantity: '8.1',
  paid: true,
  purchaseType: 'sample string 7',
  invoiceNumber: '1',
  result: 'sample string 1',
  userId: 'someone@example.com',
};

export const CATALOGUE: BillingCatalogue = {
  plans: [
    {
      id: '0112',
      name: 'Plan B',
      type: 'ANNUAL',
      typeRaw: 'Annual',
      allowedDocuments: 1000,
      price: { amount: '500', currency: 'NZD' },
      wholesalePrice: { amount: '350', currency: null },
    },
  ],
  packs: [
    { id: '1223', name: 'Pack 7', allowedDocuments: 7, price: { amount: '1', currency: null }, wholesalePrice: null },
  ],
};

const PLAN_CHANGE: PlanChange = { plan: { ...PLAN, planId: '1111' } };

/** Ports of a gateway in memory, with their recorded calls. */
export interface InMemoryPorts {
  readonly calls: { readonly port: string; readonly input: unknown }[];
  readonly reads: GatewayContext['reads'];
  readonly writes: BillingWrites;
}

export function inMemoryPorts(
  overrides: { readonly reads?: Partial<GatewayContext['reads']>; readonly writes?: Partial<BillingWrites> } = {},
): InMemoryPorts {
  const calls: { port: string; input: unknown }[] = [];
  const note = <T>(port: string, input: unknown, response: T): T => {
    calls.push({ port, input });
    return response;
  };
  return {
    calls,
    reads: {
      plan: async (groupId, atMs) => note('plan', { groupId, atMs }, PLAN),
      planAnew: async (groupId) => note('planAnew', groupId, PLAN),
      noteBegun: (startMs) => note('noteBegun', startMs, undefined),
      asOf: async () => null,
      staleReads: () => [],
      historyPage: async (request) => note('historyPage', request, historyPage()),
      subgroups: async (groupId) => note('subgroups', groupId, [{ id: '11', name: 'Below' }]),
      groupName: async (groupId) => note('groupName', groupId, 'Root'),
      catalogue: async (groupId, field) => note('catalogue', { groupId, field }, CATALOGUE),
      catalogueAnew: async (groupId, field) => note('catalogueAnew', { groupId, field }, CATALOGUE),
      upstreamCalls: () => ({ made: 1, saved: 2 }),
      cost: () => ({ asked: 3, made: 1, saved: 2, left: 97 }),
      handOut: async () => undefined,
      countText: () => undefined,
      countCall: () => undefined,
      endedBy: () => null,
      refusal: () => null,
      responseMade: () => undefined,
      close: () => undefined,
      ...overrides.reads,
    },
    writes: {
      orderBoosterPack: async (input) => note('orderBoosterPack', input, succeeded(PACK)),
      changePlan: async (input) => note('changePlan', input, succeeded(PLAN_CHANGE)),
      purchaseCredits: async (input) => note('purchaseCredits', input, succeeded(PURCHASE)),
      openBillingUi: async (input) =>
        note('openBillingUi', input, {
          session: { url: 'https://billing.example/v1/billings/index.html?t=a._-', expiresAt: null },
          userErrors: [],
        }),
      operation: async (key) => note('operation', key, OPERATION),
      operations: async (status, first, after) =>
        note(
          'operations',
          { status, first, after },
          {
            edges: [{ cursor: 'o0', node: OPERATION }],
            pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: 'o0', endCursor: 'o0' },
            totalCount: 1,
          },
        ),
      reconcile: async (key) => note('reconcile', key, { operation: OPERATION, userErrors: [] }),
      resolve: async (input) => note('resolve', input, { operation: OPERATION, userErrors: [] }),
      ...overrides.writes,
    },
  };
}

export function callerWith(scopes: readonly Scope[] = SCOPES, allowedGroups: readonly string[] | null = null): Caller {
  return {
    tenant: { id: 'tenant-1', xtracta: null, credits: null },
    scopes: new Set(scopes),
    allowedGroups: allowedGroups === null ? null : new Set(allowedGroups),
    subject: null,
  };
}

export function contextOf(ports: InMemoryPorts, caller: Caller = callerWith()): GatewayContext {
  return {
    requestId: 'request-1',
    caller,
    reads: ports.reads,
    writes: ports.writes,
  };
}
