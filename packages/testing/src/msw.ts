import { buildSchema, type ExecutionResult, GraphQLError, type GraphQLSchema, graphql, isEnumType } from 'graphql';
import { delay, HttpResponse, http, type RequestHandler } from 'msw';
import { SCHEMA } from './__generated__/schema.text.ts';

/** All states of a page. The first seven are about reads, the others about a write, with all reads `ready`. */
export const PAGE_STATES = [
  'ready',
  'loading',
  'none',
  'unreadable',
  'unavailable',
  'forbidden',
  'limited',
  'unknown',
  'blocked',
  'duplicate',
  'inProgress',
  'replayed',
  'rejected',
  'keyReused',
] as const;
export type PageState = (typeof PAGE_STATES)[number];

export interface HandlerOptions {
  /** The URL of the page's requests; by default `/graphql` of any host. */
  readonly url?: string;
}

/**
 * Handlers for MSW: every document of yours is executed against the gateway's schema, on fixtures of one state.
 *
 * ```ts
 * const server = setupServer(...billingHandlers('unreadable'));
 * ```
 */
export function billingHandlers(
  state: PageState = 'ready',
  { url = '*/graphql' }: HandlerOptions = {},
): RequestHandler[] {
  return [
    http.post(url, async ({ request }) => {
      if (state === 'loading') await delay('infinite');
      const { query, variables, operationName } = (await request.clone().json()) as GraphqlRequest;
      const result = await responseInState(state, { query, variables, operationName });
      // Like the gateway: a limited request has its own status.
      const status = state === 'limited' ? 429 : 200;
      return HttpResponse.json(result, { status });
    }),
  ];
}

export interface GraphqlRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
}

let schema: GraphQLSchema | null = null;

/** The gateway's response in a state, without MSW. */
export async function responseInState(state: PageState, request: GraphqlRequest): Promise<ExecutionResult> {
  if (state === 'limited') return { errors: [problem('RATE_LIMITED', 'Too many requests.', true)] };
  schema ??= fixtureSchema();
  return graphql({
    schema,
    source: request.query,
    variableValues: request.variables ?? {},
    operationName: request.operationName ?? null,
    rootValue: rootOf(state),
  });
}

/** The gateway's schema, whose list of codes is open: a page may receive codes of a newer gateway. */
function fixtureSchema(): GraphQLSchema {
  const built = buildSchema(SCHEMA);
  const codes = built.getType('BillingErrorCode');
  if (isEnumType(codes)) codes.serialize = String;
  return built;
}

interface WriteArguments {
  readonly input: {
    readonly idempotencyKey: string;
    readonly groupId?: string | null;
    readonly packId?: string;
    readonly planId?: string;
    readonly purchaseId?: string;
    readonly quantity?: number;
  };
}

const MONEY = { amount: '500.00', currency: 'NZD' };
const NOW = Date.UTC(2026, 10, 15, 9, 30);
const daysFromNow = (days: number) => new Date(NOW + days * 86_400_000).toISOString().replace('.000', '');

/** Fixed dates, so that a picture of the page is the same every day. */
export const FIXTURE_NOW = new Date(NOW).toISOString();

function rootOf(state: PageState) {
  const group = ({ id }: { readonly id: string }) => groupIn(state, id);
  return {
    group,
    groups: ({ ids }: { readonly ids: readonly string[] }) => ids.map((id) => group({ id })),
    billingOperation: ({ idempotencyKey }: { readonly idempotencyKey: string }) =>
      STATUS_OF_KEY[state] === null ? null : operation(state, idempotencyKey, 'ORDER_BOOSTER_PACK'),
    billingOperations: () =>
      connection(isOpen(state) ? [operation(state, 'key-of-an-earlier-write', 'ORDER_BOOSTER_PACK')] : []),
    orderBoosterPack: ({ input }: WriteArguments) => ({
      ...write(state, 'ORDER_BOOSTER_PACK', input),
      pack: succeeds(state)
        ? {
            id: '7001',
            name: 'Booster 100',
            allowedDocuments: 100,
            price: { amount: '99.00', currency: null },
            quantity: input.quantity ?? 1,
            group: { id: input.groupId ?? '100001' },
          }
        : null,
      summary: succeeds(state) ? { totalUsedDocuments: 0, totalAvailableDocuments: 100 * (input.quantity ?? 1) } : null,
      catalogue: succeeds(state) ? PACKS.find(({ id }) => id === input.packId) : null,
    }),
    changePlan: ({ input }: WriteArguments) => ({
      ...write(state, 'CHANGE_PLAN', input),
      plan: succeeds(state) ? { ...PLAN, planId: input.planId } : null,
      group: succeeds(state) ? groupIn('ready', input.groupId ?? '100001') : null,
      catalogue: succeeds(state) ? PLANS.find(({ id }) => id === input.planId) : null,
    }),
    purchaseCredits: ({ input }: WriteArguments) => ({
      ...write(state, 'PURCHASE_CREDITS', input),
      purchase: succeeds(state)
        ? {
            id: '5512',
            purchaseId: input.purchaseId,
            datePurchased: daysFromNow(0),
            currency: 'NZD',
            netTotal: '1000.00',
            tax: '150.00',
            grossTotal: '1150.00',
            unitPrice: '0.10',
            quantity: '10000',
            paid: true,
            purchaseType: 'Credits',
            invoiceNumber: 'INV-0042',
            result: 'OK',
          }
        : null,
    }),
    openBillingUi: () =>
      state === 'rejected' || state === 'unavailable'
        ? {
            url: null,
            expiresAt: null,
            userErrors: [userError('UPSTREAM_UNAVAILABLE', 'The upstream could not be reached.', true)],
          }
        : { url: 'https://billing.example.com/?t=fixture', expiresAt: daysFromNow(1), userErrors: [] },
    reconcileBillingOperation: ({ idempotencyKey }: { readonly idempotencyKey: string }) =>
      settled(state, idempotencyKey),
    resolveBillingOperation: ({ input }: WriteArguments) => settled('ready', input.idempotencyKey),
  };
}

/** The status in the ledger under any key; null without a row. */
const STATUS_OF_KEY: Readonly<Record<PageState, string | null>> = {
  ready: 'SUCCEEDED',
  loading: null,
  none: null,
  unreadable: 'SUCCEEDED',
  unavailable: 'NOT_SENT',
  forbidden: null,
  limited: null,
  unknown: 'OUTCOME_UNKNOWN',
  blocked: 'OUTCOME_UNKNOWN',
  duplicate: 'SUCCEEDED',
  inProgress: 'IN_PROGRESS',
  replayed: 'SUCCEEDED',
  rejected: 'REJECTED',
  keyReused: 'SUCCEEDED',
};

/** The user error of each state in which a write does not succeed. */
const REFUSALS: Readonly<Partial<Record<PageState, readonly [code: string, message: string, retryable: boolean]>>> = {
  unavailable: ['UPSTREAM_UNAVAILABLE', 'The upstream could not be reached. Nothing was sent.', true],
  unknown: ['OUTCOME_UNKNOWN', 'The write was sent, and nobody knows whether it was carried out.', false],
  blocked: ['PRIOR_OUTCOME_UNKNOWN', 'An earlier write on this group has an unknown outcome.', false],
  duplicate: ['POSSIBLE_DUPLICATE', 'An equal write succeeded a moment ago. Nothing was sent.', false],
  inProgress: ['OPERATION_IN_PROGRESS', 'The write is still under way.', true],
  rejected: ['UPSTREAM_REJECTED', 'The upstream refused the write.', false],
  keyReused: ['IDEMPOTENCY_KEY_REUSED', 'The key belongs to an earlier write with another input.', false],
};

function succeeds(state: PageState): boolean {
  return REFUSALS[state] === undefined && state !== 'forbidden';
}

function isOpen(state: PageState): boolean {
  return state === 'unknown' || state === 'blocked' || state === 'inProgress';
}

function write(state: PageState, kind: string, input: WriteArguments['input']) {
  if (state === 'forbidden') throw problem('FORBIDDEN', 'The caller lacks the scope billing:write.', false);
  const refusal = REFUSALS[state];
  // These responses are about another write than the requested one.
  const key = state === 'blocked' || state === 'duplicate' ? 'key-of-an-earlier-write' : input.idempotencyKey;
  return {
    operation: { ...operation(state, key, kind), ...about(input) },
    warnings: [],
    userErrors: refusal === undefined ? [] : [userError(...refusal)],
  };
}

function about({ packId, planId, purchaseId, quantity, groupId }: WriteArguments['input']) {
  return {
    packId: packId ?? null,
    planId: planId ?? null,
    purchaseId: purchaseId ?? null,
    quantity: packId === undefined ? null : (quantity ?? 1),
    group: { id: groupId ?? '100001' },
  };
}

function operation(state: PageState, idempotencyKey: string, kind: string) {
  const status = STATUS_OF_KEY[state] ?? 'SUCCEEDED';
  return {
    idempotencyKey,
    kind,
    status,
    replayed: state === 'replayed',
    group: { id: '100001' },
    createdAt: daysFromNow(0),
    sentAt: status === 'NOT_SENT' ? null : daysFromNow(0),
    completedAt: status === 'OUTCOME_UNKNOWN' || status === 'IN_PROGRESS' ? null : daysFromNow(0),
    documentsMayHaveBeenDeleted: false,
    packId: '1223',
    quantity: 1,
    planId: null,
    purchaseId: null,
    evidence: [],
  };
}

function settled(state: PageState, idempotencyKey: string) {
  const isStillOpen = state === 'unknown' || state === 'blocked';
  return {
    operation: operation(state, idempotencyKey, 'ORDER_BOOSTER_PACK'),
    userErrors: isStillOpen ? [userError('OUTCOME_UNKNOWN', 'The history does not prove it.', false)] : [],
  };
}

const PLAN = {
  planId: '112',
  name: 'Business 1000',
  type: 'MONTHLY',
  typeRaw: 'Monthly',
  price: MONEY,
  allowedDocuments: 1000,
  usedDocuments: 790,
  remainingDocuments: 210,
  startDate: daysFromNow(-20),
  expiryDate: daysFromNow(10),
};

const ROWS = [
  row('0103', 'BOOSTER', 'Booster 100', { amount: '99', currency: 'NZD' }, 100, 40, -5),
  row('0102', 'RENEW', 'Business 1000', MONEY, 1000, 790, -20),
  row('0101', 'SIGNUP', 'Business 1000', MONEY, 1000, 812, -51),
];

function row(
  id: string,
  kind: string,
  planName: string,
  price: typeof MONEY,
  allowedDocuments: number,
  usedDocuments: number,
  day: number,
) {
  return {
    id,
    kind,
    kindRaw: kind.toLowerCase(),
    planName,
    planType: kind === 'BOOSTER' ? 'OTHER' : 'MONTHLY',
    planTypeRaw: kind === 'BOOSTER' ? 'One-time' : 'Monthly',
    price,
    creditAmount: '0',
    allowedDocuments,
    usedDocuments,
    startDate: daysFromNow(day),
    expiryDate: daysFromNow(day + 30),
    group: { id: '100001' },
    groupName: 'Northern Region',
  };
}

const PLANS = [
  offer('111', 'Starter 100', 100, '49.90', '0.499', '-450.10'),
  offer('112', 'Business 1000', 1000, '500.00', '0.5', '0.00'),
  offer('113', 'Enterprise 10000', 10_000, '2500.50', '0.25005', '2000.50'),
];

function offer(id: string, name: string, allowedDocuments: number, amount: string, each: string, difference: string) {
  return {
    id,
    name,
    type: 'MONTHLY',
    typeRaw: 'Monthly',
    allowedDocuments,
    price: { amount, currency: 'NZD' },
    pricePerDocument: each,
    differenceToCurrent: { amount: difference, currency: 'NZD' },
    wholesalePrice: null,
  };
}

const PACKS = [
  {
    id: '1223',
    name: 'Booster 100',
    allowedDocuments: 100,
    price: { amount: '99', currency: 'NZD' },
    pricePerDocument: '0.99',
    wholesalePrice: null,
  },
  {
    id: '1224',
    name: 'Booster 500',
    allowedDocuments: 500,
    price: { amount: '450.50', currency: 'NZD' },
    pricePerDocument: '0.901',
    wholesalePrice: null,
  },
];

function groupIn(state: PageState, id: string): Readonly<Record<string, unknown>> {
  const fails = failureOf(state);
  const read =
    <Value>(value: Value) =>
    (): Value => {
      if (fails !== null) throw fails;
      return value;
    };
  const rows =
    state === 'none'
      ? []
      : ROWS.map((each, index) => (state === 'unreadable' && index === 1 ? withoutPrice(each) : each));
  return {
    id,
    name: read(state === 'none' ? null : 'Northern Region'),
    plan: read(state === 'none' ? null : PLAN),
    billingHistory: read({
      ...connection(rows),
      summary: {
        count: rows.length,
        usedDocuments: rows.reduce((sum, { usedDocuments }) => sum + usedDocuments, 0),
        spend: state === 'none' ? [] : [{ amount: state === 'unreadable' ? '599.00' : '1099.00', currency: 'NZD' }],
        unreadablePrices: state === 'unreadable' ? 1 : 0,
      },
    }),
    availablePlans: read(state === 'none' ? [] : PLANS),
    availablePacks: read(state === 'none' ? [] : PACKS),
    subgroups: read(state === 'none' ? [] : [{ id: '100041', name: 'Branch 41', plan: PLAN }]),
    planChangePreview: read(null),
  };
}

function withoutPrice(row: (typeof ROWS)[number]) {
  return {
    ...row,
    price: () => {
      throw problem('UPSTREAM_INVALID_RESPONSE', 'The value could not be read.', false);
    },
  };
}

function failureOf(state: PageState): GraphQLError | null {
  if (state === 'unavailable') return problem('UPSTREAM_UNAVAILABLE', 'The upstream could not be reached.', true);
  if (state === 'forbidden') return problem('FORBIDDEN', 'The caller may not see this group.', false);
  return null;
}

function connection<Node>(nodes: readonly Node[]) {
  const cursor = (index: number) => `cursor-${index}`;
  return {
    nodes,
    edges: nodes.map((node, index) => ({ node, cursor: cursor(index) })),
    totalCount: nodes.length,
    pageInfo: {
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: nodes.length === 0 ? null : cursor(0),
      endCursor: nodes.length === 0 ? null : cursor(nodes.length - 1),
    },
  };
}

function userError(code: string, message: string, retryable: boolean) {
  const upstreamMessage = code === 'UPSTREAM_REJECTED' ? 'Payment required' : null;
  return {
    code,
    message,
    field: null,
    retryable,
    upstreamStatus: upstreamMessage === null ? null : '402',
    upstreamMessage,
  };
}

function problem(code: string, message: string, retryable: boolean): GraphQLError {
  return new GraphQLError(message, { extensions: { code, retryable, requestId: 'fixture-request' } });
}
