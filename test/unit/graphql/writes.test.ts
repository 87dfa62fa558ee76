import { beforeAll, describe, expect, it } from '@jest/globals';
import type { BillingOperation, BillingUserError } from '../../../src/billing/billing-writes.js';
import { BillingError } from '../../../src/domain/errors.js';
import { ApolloHarness, type GraphqlResult, type Question } from './apollo.harness.js';
import { inMemoryPorts, OPERATION, PLAN, succeeded } from './in-memory.context.js';

let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

function ask(query: string, rest: Omit<Question, 'query'> = {}): Promise<GraphqlResult> {
  return gateway.ask({ query, ...rest });
}

describe('writes', () => {
  const USER_ERROR: BillingUserError = {
    code: 'OUTCOME_UNKNOWN',
    message: 'Nobody knows.',
    field: null,
    upstreamStatus: '502',
    upstreamMessage: null,
    retryable: false,
  };
  const FAILED = { value: null, operation: OPERATION, warnings: [], userErrors: [USER_ERROR] };

  it('orderBoosterPack fills in the defaults and answers pack, summary, operation and warnings', async () => {
    const ports = inMemoryPorts();
    const response = await ask(
      `mutation { orderBoosterPack(input: { idempotencyKey: "order-0001", packId: 1223 }) {
        pack { id name allowedDocuments price { amount currency } quantity group { id } }
        summary { totalUsedDocuments totalAvailableDocuments }
        operation { idempotencyKey kind status replayed group { id name } createdAt sentAt completedAt documentsMayHaveBeenDeleted evidence { id } }
        warnings { code message } userErrors { code }
      } }`,
      { ports },
    );
    expect(ports.calls[0]).toEqual({
      port: 'orderBoosterPack',
      input: {
        idempotencyKey: 'order-0001',
        packId: '1223',
        groupId: null,
        quantity: 1,
        heldDocuments: 'PROCESS',
        confirmDocumentDeletion: false,
      },
    });
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      orderBoosterPack: {
        pack: {
          id: '1',
          name: 'Booster 100',
          allowedDocuments: 100,
          price: { amount: '99', currency: null },
          quantity: 2,
          group: { id: '494' },
        },
        summary: { totalUsedDocuments: 0, totalAvailableDocuments: 200 },
        operation: {
          idempotencyKey: 'order-0001',
          kind: 'ORDER_BOOSTER_PACK',
          status: 'SUCCEEDED',
          replayed: false,
          group: { id: '494', name: 'Root' },
          createdAt: '2024-03-28T21:00:58Z',
          sentAt: '2024-03-28T21:00:59Z',
          completedAt: null,
          documentsMayHaveBeenDeleted: false,
          evidence: [{ id: '0123' }],
        },
        warnings: [{ code: 'QUANTITY_DIFFERS', message: 'Two were confirmed.' }],
        userErrors: [],
      },
    });
  });

  it.each([
    [
      'orderBoosterPack',
      '(input: { idempotencyKey: "12345678", packId: "1" })',
      'pack { id } summary { totalUsedDocuments }',
      { pack: null, summary: null },
    ],
    [
      'changePlan',
      '(input: { idempotencyKey: "12345678", planId: "1" })',
      'plan { name } group { id }',
      { plan: null, group: null },
    ],
    [
      'purchaseCredits',
      '(input: { idempotencyKey: "12345678", purchaseId: "9beb5f68-6493-4cc4-b55e-187541a9d22b" })',
      'purchase { id }',
      { purchase: null },
    ],
  ])('%s that failed has no object, its errors as data and its operation', async (field, args, selection, nothing) => {
    const ports = inMemoryPorts({ writes: { [field]: async () => FAILED } });
    const errors = 'userErrors { code message field upstreamStatus upstreamMessage retryable }';
    const response = await ask(
      `mutation { ${field}${args} { ${selection} operation { status } warnings { code } ${errors} } }`,
      { ports },
    );
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      [field]: { ...nothing, operation: { status: 'SUCCEEDED' }, warnings: [], userErrors: [USER_ERROR] },
    });
  });

  it('changePlan answers the group of the operation, whose plan is read', async () => {
    const ports = inMemoryPorts();
    const response = await ask(
      'mutation { changePlan(input: { idempotencyKey: "12345678", planId: "1" }) { plan { planId } group { id plan { name } } } }',
      { ports },
    );
    expect(response.data).toEqual({
      changePlan: { plan: { planId: '1111' }, group: { id: '494', plan: { name: 'Plan A' } } },
    });
    expect(ports.calls.slice(1)).toEqual([
      { port: 'noteBegun', input: Date.UTC(2024, 2, 28, 21, 0, 58, 485) },
      { port: 'plan', input: { groupId: '494', atMs: null } },
    ]);
  });

  it('changePlan has no group where its number is not known', async () => {
    const operation: BillingOperation = { ...OPERATION, groupId: null };
    const ports = inMemoryPorts({ writes: { changePlan: async () => succeeded({ plan: PLAN }, operation) } });
    const response = await ask(
      'mutation { changePlan(input: { idempotencyKey: "12345678", planId: "1" }) { group { id } operation { group { id } } } }',
      { ports },
    );
    expect(response.data).toEqual({ changePlan: { group: null, operation: { group: null } } });
  });

  it('purchaseCredits passes the contact on, what was left out as null', async () => {
    const ports = inMemoryPorts();
    await ask(
      `mutation ($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { purchase { userId quantity } } }`,
      {
        ports,
        variables: {
          input: {
            idempotencyKey: '12345678',
            purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
            billing: { email: 'a@example.com', phone: null },
          },
        },
      },
    );
    expect(ports.calls[0]?.input).toEqual({
      idempotencyKey: '12345678',
      purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
      purchaseOrder: null,
      billing: { address: null, company: null, email: 'a@example.com', mobile: null, phone: null },
    });
  });

  it.each(['', '(input: null)', '(input: {})'])('openBillingUi%s asks for ten minutes and processing', async (args) => {
    const ports = inMemoryPorts();
    const response = await ask(`mutation { openBillingUi${args} { url expiresAt userErrors { code } } }`, { ports });
    expect(ports.calls[0]?.input).toEqual({
      expireSeconds: 600,
      heldDocuments: 'PROCESS',
      confirmDocumentDeletion: false,
    });
    expect(response.data).toEqual({
      openBillingUi: { url: 'https://billing.example/v1/billings/index.html?t=a._-', expiresAt: null, userErrors: [] },
    });
  });

  it('billingOperations pages with the default of 20', async () => {
    const ports = inMemoryPorts();
    const query =
      '{ billingOperations { totalCount pageInfo { endCursor } edges { cursor node { status } } nodes { status } } }';
    const response = await ask(query, { ports });
    expect(response.data).toEqual({
      billingOperations: {
        totalCount: 1,
        pageInfo: { endCursor: 'o0' },
        edges: [{ cursor: 'o0', node: { status: 'SUCCEEDED' } }],
        nodes: [{ status: 'SUCCEEDED' }],
      },
    });
    await ask('{ billingOperations(status: [NOT_SENT], first: null, after: "x") { totalCount } }', { ports });
    expect(ports.calls.map(({ input }) => input)).toEqual([
      { status: null, first: 20, after: null },
      { status: ['NOT_SENT'], first: null, after: 'x' },
    ]);
  });

  it('billingOperation, reconcile and resolve pass the key on', async () => {
    const ports = inMemoryPorts({ writes: { operation: async () => null } });
    expect((await ask('{ billingOperation(idempotencyKey: "none-such") { status } }', { ports })).data).toEqual({
      billingOperation: null,
    });
    await ask('mutation { reconcileBillingOperation(idempotencyKey: "12345678") { operation { status } } }', { ports });
    await ask(
      'mutation { resolveBillingOperation(input: { idempotencyKey: "12345678", outcome: SUCCEEDED, note: "seen" }) { userErrors { code } } }',
      { ports },
    );
    expect(ports.calls.map(({ input }) => input)).toEqual([
      '12345678',
      { idempotencyKey: '12345678', outcome: 'SUCCEEDED', note: 'seen' },
    ]);
  });

  it('a refusal before the write became one is an error, and data is null', async () => {
    const orderBoosterPack = async (): Promise<never> => {
      throw new BillingError('RATE_LIMITED', 'Too many requests.', { retryable: true });
    };
    const response = await ask(
      'mutation { orderBoosterPack(input: { idempotencyKey: "12345678", packId: "1" }) { userErrors { code } } }',
      {
        ports: inMemoryPorts({ writes: { orderBoosterPack } }),
      },
    );
    expect([response.status, response.data, response.codes]).toEqual([200, null, ['RATE_LIMITED']]);
  });
});
