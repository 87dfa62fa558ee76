import { beforeAll, describe, expect, it } from '@jest/globals';
import type { BillingCatalogue } from '../../../src/domain/catalogue.js';
import { BillingError } from '../../../src/domain/errors.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import { ApolloHarness, type GraphqlResult, type Question } from './apollo.harness.js';
import { CATALOGUE, callerWith, inMemoryPorts, OPERATION, PLAN } from './in-memory.context.js';

let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

function ask(query: string, rest: Omit<Question, 'query'> = {}): Promise<GraphqlResult> {
  return gateway.ask({ query, ...rest });
}

const offering = (changes: Partial<BillingCatalogue['plans'][number]>) =>
  inMemoryPorts({
    reads: { catalogue: async () => ({ plans: CATALOGUE.plans.map((plan) => ({ ...plan, ...changes })), packs: [] }) },
  });

const notConfigured = () =>
  inMemoryPorts({
    reads: { catalogue: () => Promise.reject(new BillingError('NOT_CONFIGURED', 'No catalogue.')) },
  });

describe('what a group may choose from', () => {
  it('comes with every figure, the price of a document and the difference to the plan in force', async () => {
    const ports = inMemoryPorts();
    const { data, errors } = await ask(
      `{ group(id: 7) {
        availablePlans {
          id name type typeRaw allowedDocuments price { amount currency } wholesalePrice { amount currency }
          pricePerDocument differenceToCurrent { amount currency }
        }
        availablePacks { id name allowedDocuments price { amount currency } wholesalePrice { amount } pricePerDocument }
      } }`,
      { ports },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      group: {
        availablePlans: [
          {
            id: '0112',
            name: 'Plan B',
            type: 'ANNUAL',
            typeRaw: 'Annual',
            allowedDocuments: 1000,
            price: { amount: '500', currency: 'NZD' },
            wholesalePrice: { amount: '350', currency: null },
            pricePerDocument: '0.5',
            differenceToCurrent: { amount: '400.50', currency: 'NZD' },
          },
        ],
        availablePacks: [
          {
            id: '1223',
            name: 'Pack 7',
            allowedDocuments: 7,
            price: { amount: '1', currency: null },
            wholesalePrice: null,
            pricePerDocument: '0.142857',
          },
        ],
      },
    });
    expect(ports.calls).toContainEqual({ port: 'catalogue', input: { groupId: '7', field: 'availablePlans' } });
    expect(ports.calls).toContainEqual({ port: 'plan', input: { groupId: '7', atMs: null } });
  });

  const DIFFERENCE = '{ group(id: 7) { availablePlans { id differenceToCurrent { amount } } } }';

  it.each([
    ['names no currency', { price: { amount: '500', currency: null } }],
    ['names another currency', { price: { amount: '500', currency: 'USD' } }],
    ['has no price', { price: null }],
  ])('has no difference where the plan on offer %s', async (_name, changes) => {
    const { data, errors } = await ask(DIFFERENCE, { ports: offering(changes) });
    expect([data, errors]).toEqual([{ group: { availablePlans: [{ id: '0112', differenceToCurrent: null }] } }, []]);
  });

  it('has no difference where the group has no plan, and an error in its place where that plan cannot be read', async () => {
    const without = await ask(DIFFERENCE, { ports: inMemoryPorts({ reads: { plan: async () => null } }) });
    expect([without.data, without.errors]).toEqual([
      { group: { availablePlans: [{ id: '0112', differenceToCurrent: null }] } },
      [],
    ]);
    const plan = () => Promise.reject(new BillingError('UPSTREAM_TIMEOUT', 'Late.'));
    const failing = await ask(DIFFERENCE, { ports: inMemoryPorts({ reads: { plan } }) });
    expect(failing.data).toEqual(without.data);
    expect(failing.errors).toMatchObject([
      { path: ['group', 'availablePlans', 0, 'differenceToCurrent'], extensions: { code: 'UPSTREAM_TIMEOUT' } },
    ]);
  });

  it('shows a price that cannot be read as an error in its place, and nothing is derived from it', async () => {
    const ports = offering({ price: new UnreadableValue('xtracta', 'getPlans', 'price') });
    const query =
      '{ group(id: 7) { availablePlans { name price { amount } pricePerDocument differenceToCurrent { amount } } } }';
    const { data, errors } = await ask(query, { ports });
    expect(data).toEqual({
      group: { availablePlans: [{ name: 'Plan B', price: null, pricePerDocument: null, differenceToCurrent: null }] },
    });
    expect(errors).toMatchObject([
      { path: ['group', 'availablePlans', 0, 'price'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
    ]);
  });

  it('is null with an error where there is no catalogue, and the rest of the response stands', async () => {
    const { data, errors } = await ask('{ group(id: 7) { name availablePlans { id } availablePacks { id } } }', {
      ports: notConfigured(),
    });
    expect(data).toEqual({ group: { name: 'Root', availablePlans: null, availablePacks: null } });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['NOT_CONFIGURED', 'NOT_CONFIGURED']);
  });

  it('hides what resellers pay from a reader without the scope, who may see all the rest', async () => {
    const caller = callerWith(['billing:read']);
    const refused = await ask('{ group(id: 7) { availablePacks { id wholesalePrice { amount } } } }', { caller });
    expect([refused.status, refused.codes, refused.data]).toEqual([403, ['FORBIDDEN'], undefined]);
    expect(refused.errors[0]?.message).toContain('billing:wholesale');
    const allowed = await ask('{ group(id: 7) { availablePacks { id price { amount } } } }', { caller });
    expect(allowed.codes).toEqual([]);
  });
});

describe('the plan or pack of a write, in the catalogue', () => {
  const CHANGE = `mutation { changePlan(input: { idempotencyKey: "change-0001", planId: "112", groupId: "9" }) {
    plan { name } catalogue { id name pricePerDocument differenceToCurrent { amount currency } } userErrors { code } } }`;
  const ORDER = `mutation { orderBoosterPack(input: { idempotencyKey: "order-0001", packId: "01223" }) {
    pack { name } catalogue { id name pricePerDocument } userErrors { code } } }`;

  it('is what was asked for, whatever zeros it is written with, for the group that the write was about', async () => {
    const ports = inMemoryPorts();
    const changed = await ask(CHANGE, { ports });
    expect(changed.data).toEqual({
      changePlan: {
        plan: { name: 'Plan A' },
        catalogue: {
          id: '0112',
          name: 'Plan B',
          pricePerDocument: '0.5',
          differenceToCurrent: { amount: '400.50', currency: 'NZD' },
        },
        userErrors: [],
      },
    });
    expect(ports.calls).toContainEqual({
      port: 'catalogue',
      input: { groupId: OPERATION.groupId, field: 'catalogue' },
    });
    const ordered = await ask(ORDER);
    expect(ordered.data).toMatchObject({
      orderBoosterPack: { catalogue: { id: '1223', pricePerDocument: '0.142857' } },
    });
  });

  it('is null where the catalogue has no such item', async () => {
    const ports = inMemoryPorts({ reads: { catalogue: async () => ({ plans: [], packs: [] }) } });
    for (const query of [CHANGE, ORDER]) {
      const { data, errors } = await ask(query, { ports });
      expect([Object.values(data ?? {}), errors]).toMatchObject([[{ catalogue: null, userErrors: [] }], []]);
    }
  });

  it('that cannot be read leaves a successful write what it is', async () => {
    for (const [field, query] of [
      ['changePlan', CHANGE],
      ['orderBoosterPack', ORDER],
    ] as const) {
      const { status, data, errors } = await ask(query, { ports: notConfigured() });
      expect(status).toBe(200);
      expect(data).toMatchObject({ [field]: { catalogue: null, userErrors: [] } });
      expect(data).toHaveProperty([field, field === 'changePlan' ? 'plan' : 'pack', 'name']);
      expect(errors).toMatchObject([{ path: [field, 'catalogue'], extensions: { code: 'NOT_CONFIGURED' } }]);
    }
  });

  it('is not looked for when nobody asks, nor when the write did not succeed', async () => {
    const refused = {
      value: null,
      operation: OPERATION,
      warnings: [],
      userErrors: [
        {
          code: 'UPSTREAM_REJECTED' as const,
          message: 'No.',
          field: null,
          upstreamStatus: '402',
          upstreamMessage: null,
          retryable: false,
        },
      ],
    };
    const failing = inMemoryPorts({
      writes: { changePlan: async () => refused, orderBoosterPack: async () => refused },
    });
    for (const query of [CHANGE, ORDER]) {
      const { data, errors } = await ask(query, { ports: failing });
      expect([Object.values(data ?? {}), errors]).toMatchObject([[{ catalogue: null }], []]);
    }
    const silent = inMemoryPorts();
    await ask(CHANGE.replace(/catalogue \{[^}]*\}[^}]*\}/, ''), { ports: silent });
    expect([...failing.calls, ...silent.calls].map(({ port }) => port)).not.toContain('catalogue');
  });

  it('shows the remaining documents of a plan that the upstream counts by itself', async () => {
    const remainingDocuments = new UnreadableValue('xtracta', 'getUsage', 'available_documents');
    const plan = async () => ({ ...PLAN, planId: '7', remainingDocuments });
    const response = await ask('{ group(id: 1) { plan { planId remainingDocuments } } }', {
      ports: inMemoryPorts({ reads: { plan } }),
    });
    expect(response.data).toEqual({ group: { plan: { planId: '7', remainingDocuments: null } } });
    expect(response.codes).toEqual(['UPSTREAM_INVALID_RESPONSE']);
  });
});
