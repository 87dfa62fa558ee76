import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { property } from './http-probe.js';
import { openTenantStand, type TenantName, type TenantStand } from './tenant.harness.js';

let tenants: TenantStand;

beforeAll(async () => {
  tenants = await openTenantStand();
});

afterAll(() => tenants.close());

beforeEach(() => tenants.forgetCalls());

const ORDER = `mutation ($key: ID!, $group: ID, $pack: ID! = "1223") {
  orderBoosterPack(input: { idempotencyKey: $key, packId: $pack, groupId: $group }) {
    pack { id group { id } }
    operation { idempotencyKey status replayed group { id } }
    userErrors { code message }
  }
}`;

const HISTORY = `query ($id: ID!, $after: String) {
  group(id: $id) { name plan { name } billingHistory(first: 1, after: $after, includeSubgroups: true) {
    totalCount pageInfo { endCursor } nodes { planName groupName group { id } } } subgroups { id name } availablePacks { name } }
}`;

describe('what one upstream account answers', () => {
  it('reaches the callers of that account only, though all ask the same at the same time', async () => {
    const names: TenantName[] = ['alpha', 'beta', 'alpha', 'beta'];
    const asked = Array.from({ length: 60 }, (_, index) => names[index % names.length] ?? 'alpha');
    const responses = await Promise.all(asked.map((tenant) => tenants.ask(tenant, HISTORY, { id: '100001' })));
    for (const [index, response] of responses.entries()) {
      const tenant = asked[index] ?? 'alpha';
      expect(response.codes).toEqual([]);
      expect(response.text).toContain(tenants.canaryOf(tenant));
      expect(response.text).toContain(`"availablePacks":[{"name":"${tenants.canaryOf(tenant)}"`);
      expect(response.text).not.toContain(tenants.canaryOf(tenant === 'beta' ? 'alpha' : 'beta'));
    }
  });

  it('is not reached with a cursor of another tenant, be it of another account or of the same', async () => {
    const page = await tenants.ask('alpha', HISTORY, { id: '100001' });
    const cursor = String(
      property(property(property(property(page.data, 'group'), 'billingHistory'), 'pageInfo'), 'endCursor'),
    );
    expect(cursor.length).toBeGreaterThan(8);
    const other = await tenants.ask('beta', HISTORY, { id: '100001', after: cursor });
    expect(other.text).not.toContain(tenants.canaryOf('alpha'));
    const fenced = await tenants.ask('gamma', HISTORY, { id: '100001', after: cursor });
    expect(fenced.text).not.toContain(tenants.canaryOf('alpha'));
    expect(new Set(fenced.codes)).toEqual(new Set(['FORBIDDEN']));
  });
});

describe('the ledger', () => {
  it('takes the same idempotency key of two tenants for two keys', async () => {
    const variables = { key: 'same-key-of-two', group: '100001' };
    const first = await tenants.ask('alpha', ORDER, variables);
    const second = await tenants.ask('beta', ORDER, variables);
    for (const response of [first, second]) {
      expect(response.data).toMatchObject({
        orderBoosterPack: { operation: { status: 'SUCCEEDED', replayed: false }, userErrors: [] },
      });
    }
    const again = await tenants.ask('alpha', ORDER, variables);
    expect(again.data).toMatchObject({ orderBoosterPack: { operation: { replayed: true } } });
    // Two tenants with one upstream key are still two tenants.
    const sharer = await tenants.ask('gamma', ORDER, { ...variables, group: '100002' });
    expect(sharer.data).toMatchObject({ orderBoosterPack: { operation: { replayed: false }, userErrors: [] } });
    expect([tenants.calls('alpha', 'booster'), tenants.calls('beta', 'booster')]).toEqual([2, 1]);
  });

  it('shows, reconciles and resolves the operations of one tenant to that tenant alone', async () => {
    await tenants.ask('alpha', ORDER, { key: 'only-of-alpha', group: '100001' });
    tenants.forgetCalls();
    for (const tenant of ['beta', 'gamma'] as const) {
      const list = await tenants.ask(tenant, '{ billingOperations { totalCount nodes { idempotencyKey } } }');
      expect(list.text).not.toContain('only-of-alpha');
      const response = await tenants.ask(tenant, '{ billingOperation(idempotencyKey: "only-of-alpha") { status } }');
      expect(response.body).toEqual({ data: { billingOperation: null } });
      for (const mutation of [
        'reconcileBillingOperation(idempotencyKey: "only-of-alpha")',
        'resolveBillingOperation(input: { idempotencyKey: "only-of-alpha", outcome: REJECTED, note: "mine" })',
      ]) {
        const { data } = await tenants.ask(
          tenant,
          `mutation { r: ${mutation} { operation { status } userErrors { code } } }`,
        );
        expect(data).toEqual({ r: { operation: null, userErrors: [{ code: 'NOT_FOUND' }] } });
      }
    }
    const own = await tenants.ask('alpha', '{ billingOperations { nodes { idempotencyKey } } }');
    expect(own.text).toContain('only-of-alpha');
    expect(tenants.calls('alpha') + tenants.calls('beta')).toBe(0);
  });

  it('takes no cursor of another tenant for more than a place in the own list', async () => {
    const list = '{ billingOperations(first: 1) { pageInfo { endCursor } } }';
    const { data } = await tenants.ask('alpha', list);
    const after = property(property(property(data, 'billingOperations'), 'pageInfo'), 'endCursor');
    const response = await tenants.ask(
      'beta',
      'query ($after: String) { billingOperations(after: $after) { nodes { idempotencyKey } } }',
      { after },
    );
    expect(response.text).not.toContain('of-alpha');
  });

  it('does not show the operation of a group outside of the list to who reuses its key', async () => {
    await tenants.ask('alpha', ORDER, { key: 'key-of-northern', group: '100001' });
    const fenced = { groups: ['100002'] };
    const reused = await tenants.ask('alpha', ORDER, { key: 'key-of-northern', group: '100002' }, fenced);
    expect(reused.data).toMatchObject({
      orderBoosterPack: { operation: null, userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] },
    });
    const list = await tenants.ask('alpha', '{ billingOperations { nodes { group { id } } } }', {}, fenced);
    expect(list.text).not.toContain('100001');
    const whole = await tenants.ask('alpha', ORDER, { key: 'key-of-northern', group: '100002' });
    expect(whole.data).toMatchObject({ orderBoosterPack: { operation: { group: { id: '100001' } } } });
  });
});

describe('a group that a caller may not name', () => {
  const QUESTIONS = [
    'query ($id: ID!) { group(id: $id) { id } }',
    'query ($id: ID!) { group(id: $id) { name plan { name } billingHistory { totalCount } subgroups { id } } }',
    'query ($id: ID!) { group(id: $id) { availablePlans { id } availablePacks { id } } }',
    'query ($id: ID!) { groups(ids: [$id]) { id name } }',
    'query ($id: ID!) { _entities(representations: [{ __typename: "Group", id: $id }]) { ... on Group { id name } } }',
    `mutation ($id: ID!) { orderBoosterPack(input: { idempotencyKey: "forbidden-1", packId: "1223", groupId: $id }) {
      operation { status } userErrors { code } } }`,
    `mutation ($id: ID!) { changePlan(input: { idempotencyKey: "forbidden-2", planId: "111", groupId: $id }) {
      operation { status } userErrors { code } } }`,
  ];
  // A group of another tenant of the same account, one outside of the account's tree, and one that does not exist.
  const GROUPS = ['100003', '900001', '987654321'];

  it.each(QUESTIONS)('costs no upstream call, and the response does not tell whether it exists: %s', async (query) => {
    const responses = await Promise.all(GROUPS.map((id) => tenants.ask('gamma', query, { id })));
    for (const { codes, text } of responses) {
      expect(new Set(codes)).toEqual(new Set(['FORBIDDEN']));
      for (const id of GROUPS) expect(text).not.toContain(id);
    }
    const bodies = responses.map(({ text }) => text.replaceAll(/"requestId":"[^"]*"/g, ''));
    expect(new Set(bodies).size).toBe(1);
    expect(tenants.calls('gamma')).toBe(0);
  });
});

describe('a list of groups', () => {
  const NAMES = 'query ($ids: [ID!]!) { groups(ids: $ids) { id } }';
  const idsOf = (data: unknown): unknown => property(data, 'groups');

  it('is the intersection of the claim and the file', async () => {
    const ids = ['100000', '100001', '100002', '100041'];
    const both = await tenants.ask('beta', NAMES, { ids }, { groups: ['100001', '100002'] });
    expect(idsOf(both.data)).toEqual([null, { id: '100001' }, null, null]);
    const file = await tenants.ask('beta', NAMES, { ids });
    expect(idsOf(file.data)).toEqual([{ id: '100000' }, { id: '100001' }, null, { id: '100041' }]);
    const claim = await tenants.ask('alpha', NAMES, { ids }, { groups: ['0100002'] });
    expect(idsOf(claim.data)).toEqual([null, null, { id: '100002' }, null]);
    const none = await tenants.ask('alpha', NAMES, { ids }, { groups: [] });
    expect(idsOf(none.data)).toEqual([null, null, null, null]);
    expect(tenants.calls('alpha') + tenants.calls('beta')).toBe(0);
  });

  it('drops every other group from recursive responses', async () => {
    const response = await tenants.ask('beta', HISTORY.replace('first: 1,', 'first: 500,'), { id: '100001' });
    expect(response.codes).toEqual([]);
    const group = property(response.data, 'group');
    expect(property(group, 'subgroups')).toEqual([
      { id: '100041', name: tenants.canaryOf('beta') },
      { id: '100047', name: tenants.canaryOf('beta') },
    ]);
    const nodes = property(property(group, 'billingHistory'), 'nodes');
    const seen = Array.isArray(nodes) ? nodes.map((node) => property(property(node, 'group'), 'id')) : [];
    expect(new Set(seen)).toEqual(new Set(['100001', '100041', '100047']));
  });

  it('must hold the root for the billing UI and for a write without a group', async () => {
    const ui = 'mutation { openBillingUi { url userErrors { code } } }';
    const without = await tenants.ask('beta', ui, {}, { groups: ['100001'] });
    expect([without.data, without.codes]).toEqual([null, ['FORBIDDEN']]);
    const order = await tenants.ask('beta', ORDER, { key: 'without-group-1' }, { groups: ['100001'] });
    expect([order.data, order.codes]).toEqual([null, ['FORBIDDEN']]);
    const plan =
      'mutation { changePlan(input: { idempotencyKey: "without-2", planId: "111" }) { userErrors { code } } }';
    expect((await tenants.ask('beta', plan, {}, { groups: ['100001'] })).codes).toEqual(['FORBIDDEN']);
    expect(tenants.calls('beta')).toBe(0);
    const listed = await tenants.ask('beta', ui);
    expect(listed.data).toMatchObject({ openBillingUi: { url: expect.any(String), userErrors: [] } });
    const ordered = await tenants.ask('beta', ORDER, { key: 'without-group-2' });
    expect(ordered.data).toMatchObject({
      orderBoosterPack: { operation: { group: { id: '100000' } }, userErrors: [] },
    });
  });
});

describe('a caller', () => {
  it('of no tenant is answered alike, whatever tenant it names', async () => {
    for (const tenant of ['omega', '__proto__', '', ['alpha'], { alpha: 1 }, null]) {
      const response = await tenants.ask('alpha', '{ group(id: "100000") { name } }', {}, { tenant });
      expect([response.status, response.codes]).toEqual([403, ['FORBIDDEN']]);
    }
    expect(tenants.calls('alpha')).toBe(0);
  });
});
