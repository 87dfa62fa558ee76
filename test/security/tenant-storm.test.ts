import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql';
import { createBillingWrites } from '../../src/billing/billing-writes-service.js';
import type { WriteServices, XtractaWriteClient } from '../../src/billing/write-scope.js';
import { type Caller, SCOPES } from '../../src/domain/caller.js';
import { buildGatewaySchema } from '../../src/graphql/schema.js';
import type { Ledger } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { RunOnce } from '../../src/idempotency/run-once.js';
import type { GroupClient } from '../../src/reads/billing-reads.js';
import { BillingReadsFactory } from '../../src/reads/reads-factory.js';
import { recordedCall } from '../support/upstream-call.js';
import { activity } from '../unit/reads/activity.fixture.js';
import { property } from './http-probe.js';

// TENANT_OPERATIONS=5000 is the full size: 100,000 operations.
const OPERATIONS_EACH = Number(process.env['TENANT_OPERATIONS'] ?? '150');
const TENANTS = 20;
const AT_ONCE = 250;
const NOW_MS = Date.UTC(2024, 6, 1);
const DAY_MS = 86_400_000;

jest.setTimeout(600_000);

/** Canaries end in a character that no number has, so that no canary is the prefix of another. */
const canaryOf = (index: number): string => `canary-${index}-`;
const CANARY = /canary-\d+-/g;

const callers: readonly Caller[] = Array.from({ length: TENANTS }, (_, index) => ({
  tenant: {
    id: `tenant-${index}`,
    xtracta: { id: `credential-${index}`, apiKey: canaryOf(index), rootGroupId: index % 2 === 0 ? '1' : null },
    credits: null,
  },
  scopes: new Set(SCOPES),
  allowedGroups: index % 5 === 4 ? new Set(['1', '2', '3']) : null,
  subject: null,
}));

/** Every account has the same groups with the same ids; only their names show the account. */
const GROUPS = ['1', '2', '3', '4', '5', '6'];

let turn = 0;
/**
 * Responds after one to three turns of the loop, so that calls of many tenants run at the same time and end out of
 * order.
 */
async function aWhile(): Promise<void> {
  turn += 1;
  for (let left = (turn * 7) % 3; left >= 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
}

const upstream: XtractaWriteClient = {
  getPlans: async () => ({ plans: [], packs: [] }),
  async getBillingHistory({ apiKey }, { groupId, recursive }) {
    await aWhile();
    const groupIds = recursive ? GROUPS : [groupId];
    const row = (id: string, startMs: number) =>
      activity({
        id,
        planName: `${apiKey} plan`,
        groupName: `${apiKey} group`,
        startMs,
        expiryMs: startMs + 30 * DAY_MS,
      });
    return {
      activities: groupIds.flatMap((id) => [
        { ...row(`1${id}`, NOW_MS - 10 * DAY_MS), groupId: id },
        { ...row(`2${id}`, NOW_MS - 40 * DAY_MS), groupId: id },
      ]),
    };
  },
  async orderBoosterPack({ apiKey }, { quantity, groupId }) {
    await aWhile();
    const pack = { id: '1', name: `${apiKey} pack`, allowedDocuments: 1, price: null, quantity, groupId };
    return { kind: 'succeeded', value: { pack, summary: null }, warnings: [] };
  },
  changePlan: () => Promise.reject(new Error('not asked for')),
  async openBillingUi({ apiKey }) {
    await aWhile();
    return { kind: 'succeeded', value: { url: `https://ui.test/?t=${apiKey}`, expiresAt: null }, warnings: [] };
  },
};

const catalogues: GroupClient = {
  getUsage: () => Promise.reject(new Error('not asked for')),
  async getPlans({ apiKey }) {
    await aWhile();
    const item = { id: '1', name: `${apiKey} item`, allowedDocuments: 1, price: null, wholesalePrice: null };
    return { plans: [{ ...item, type: 'MONTHLY', typeRaw: null }], packs: [item] };
  },
};

const DOCUMENTS = {
  plans: parse('query ($ids: [ID!]!) { groups(ids: $ids) { name plan { name } } }'),
  history: parse(`query ($id: ID!, $after: String) { group(id: $id) { name
    billingHistory(first: 2, after: $after, includeSubgroups: true) { pageInfo { endCursor } nodes { planName groupName } }
    subgroups { name plan { name } } } }`),
  order: parse(`mutation ($key: ID!, $group: ID!) {
    orderBoosterPack(input: { idempotencyKey: $key, packId: "1", groupId: $group }) {
      pack { name group { name } } operation { replayed group { plan { name } } evidence { planName } } userErrors { code } } }`),
  operations: parse(
    '{ billingOperations(first: 5) { nodes { idempotencyKey status group { name } evidence { groupName } } } }',
  ),
  catalogue: parse('query ($id: ID!) { group(id: $id) { availablePlans { name } availablePacks { name } } }'),
  ui: parse('mutation { openBillingUi { url userErrors { code } } }'),
} satisfies Record<string, DocumentNode>;

interface Question {
  readonly document: DocumentNode;
  readonly variables?: Readonly<Record<string, unknown>>;
}

let folder: string;
let ledger: Ledger;
let schema: GraphQLSchema;
let factory: BillingReadsFactory;
let services: WriteServices;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storm-'));
  ledger = await openLedger(`sqlite:${join(folder, 'ledger.sqlite')}`);
  ({ schema } = await buildGatewaySchema());
  factory = new BillingReadsFactory({
    client: upstream,
    groupClient: catalogues,
    mergeWindows: true,
    maxUpstreamCalls: 100,
    clock: () => NOW_MS,
  });
  services = {
    xtracta: upstream,
    credits: null,
    ledger,
    runOnce: new RunOnce({ ledger }),
    presentLimits: () => null,
    takeAllowance: () => ({ ok: true }),
    forgetReads: (credentialId, groupId) => factory.forget(credentialId, groupId),
    onWrite: () => undefined,
    onUserError: () => undefined,
    onContradiction: () => undefined,
    audit: () => undefined,
  };
});

afterAll(async () => {
  await ledger.close();
  await rm(folder, { recursive: true });
});

let lastCursor: unknown = null;

/** Mostly reads, sometimes a write with a key that every tenant uses, and cursors of the last tenant. */
function questionOf(number: number): Question {
  if (number % 97 === 0) return { document: DOCUMENTS.ui };
  if (number % 13 === 0) return { document: DOCUMENTS.catalogue, variables: { id: GROUPS[number % 3] ?? '1' } };
  if (number % 53 === 0) return { document: DOCUMENTS.operations };
  if (number % 41 === 0) {
    return {
      document: DOCUMENTS.order,
      variables: { key: `shared-key-${number % 8}`, group: GROUPS[number % 3] ?? '1' },
    };
  }
  if (number % 3 === 0) {
    const after = number % 5 === 0 ? lastCursor : null;
    return { document: DOCUMENTS.history, variables: { id: GROUPS[number % 2] ?? '1', after } };
  }
  return { document: DOCUMENTS.plans, variables: { ids: [GROUPS[number % 6], GROUPS[(number + 1) % 6]] } };
}

async function run(caller: Caller, { document, variables = {} }: Question): Promise<unknown> {
  const { call } = recordedCall({ tenantId: caller.tenant.id });
  const contextValue = {
    requestId: 'storm',
    caller,
    reads: factory.forOperation({ caller, call }),
    writes: createBillingWrites({ services, caller, call }),
  };
  const result = await execute({ schema, document, variableValues: variables, contextValue });
  const page = property(property(result.data?.['group'], 'billingHistory'), 'pageInfo');
  lastCursor = property(page, 'endCursor') ?? lastCursor;
  return result;
}

describe(`${TENANTS} tenants with ${OPERATIONS_EACH} interleaved operations each`, () => {
  it('never see a value of another', async () => {
    const total = TENANTS * OPERATIONS_EACH;
    const counted = { own: 0, foreign: 0, silent: 0 };
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < total) {
        const number = next;
        next += 1;
        const tenant = number % TENANTS;
        const caller = callers[tenant];
        if (caller === undefined) continue;
        const seen = JSON.stringify(await run(caller, questionOf(Math.floor(number / TENANTS) + tenant))).match(CANARY);
        for (const canary of seen ?? []) counted[canary === canaryOf(tenant) ? 'own' : 'foreign'] += 1;
        if (seen === null) counted.silent += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(counted.foreign).toBe(0);
    // Nearly all responses must have data; otherwise the test proves nothing.
    expect(counted.own).toBeGreaterThan(total);
    expect(counted.silent).toBeLessThan(total / 5);
    process.stdout.write(`${total} operations: ${counted.own} own values, ${counted.foreign} foreign\n`);
  });
});
