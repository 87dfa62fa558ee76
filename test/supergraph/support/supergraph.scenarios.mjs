// The requirements behind every router, in one place: each router's test file runs these scenarios against its own URL.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { execute } from './services.mjs';

/**
 * Declares the scenarios in the enclosing `describe`.
 *
 * @param {() => { url: string, world: object, bearer: (options?: object) => Record<string, string> }} supergraph
 *   the started router, the simulator's world behind it, and a maker of tokens
 * @param {{ tellsWhere?: boolean }} [options] `tellsWhere: false` for a router whose error paths name the wrong item of
 *   a list
 */
export function itServesTheSupergraph(supergraph, { tellsWhere = true } = {}) {
  const ask = (query, variables, headers) => {
    const { url, bearer } = supergraph();
    return execute(url, query, variables, headers ?? bearer());
  };

  it('answers 50 entities under the known root group with one upstream call, two when it asks the first time', async () => {
    const { world } = supergraph();
    const query = '{ accounts(first: 50) { id group { id plan { name } } } }';
    await world.forgetCalls();
    const first = await ask(query);
    assert.deepEqual(first.errors, []);
    assert.equal(first.data.accounts.length, 50);
    const callsAtFirst = (await world.calls('history')).length;
    assert.ok(callsAtFirst <= 2, `${callsAtFirst} calls at first`);

    await world.forgetCalls();
    const again = await ask(query);
    assert.deepEqual(again.data, first.data);
    assert.equal((await world.calls('history')).length, 1);
    // The plan of 100014 has lapsed: null, without an error.
    const withoutPlan = again.data.accounts.filter(({ group }) => group.plan === null);
    assert.deepEqual(
      withoutPlan.map(({ group }) => group.id),
      ['100014'],
    );
  });

  it('answers a query from the accounts to the billing subgraph', async () => {
    const response = await ask(
      '{ accounts(first: 2) { name creditLimit { amount currency } group { id name plan { name price { amount currency } } } } }',
    );
    assert.deepEqual(response.errors, []);
    assert.deepEqual(response.data.accounts[0], {
      name: 'Customer 1',
      creditLimit: { amount: '100.50', currency: 'NZD' },
      group: {
        id: '100001',
        name: 'Northern Region',
        plan: { name: 'Starter 100', price: { amount: '49.90', currency: 'NZD' } },
      },
    });
  });

  it('answers a query from the billing subgraph to the accounts and back', async () => {
    const response = await ask(
      'query Rows($id: ID!) { group(id: $id) { billingHistory(first: 1) { nodes { kind group { id account { name group { name } } } } } } }',
      { id: '100002' },
    );
    assert.deepEqual(response.errors, []);
    const [row] = response.data.group.billingHistory.nodes;
    assert.deepEqual(row.group, { id: '100002', account: { name: 'Customer 2', group: { name: 'Southern Region' } } });
  });

  it('leaves the other entities whole when some fail, each with its own code', async () => {
    const response = await ask('{ accounts(first: 53) { id group { id plan { name } } } }');
    const errors = response.errors.map(({ path, extensions }) => ({ path: path.join('.'), code: extensions.code }));
    assert.deepEqual(errors.map(({ code }) => code).sort(), ['BAD_USER_INPUT', 'FORBIDDEN']);
    if (tellsWhere) {
      assert.deepEqual(errors.map(({ path }) => path.split('.').slice(0, 2).join('.')).sort(), [
        'accounts.50',
        'accounts.51',
      ]);
    }
    const plans = response.data.accounts.map(({ group }) => group.plan?.name ?? null);
    assert.equal(plans.length, 53);
    assert.deepEqual(plans.slice(50), [null, null, null]);
    assert.equal(plans.slice(0, 50).filter((name) => name === null).length, 1);
  });

  it('sends a mutation once, and answers its key again from the ledger', async () => {
    const { world } = supergraph();
    const order = `mutation Order($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) {
      pack { name quantity group { id account { name } } } operation { status replayed } userErrors { code } } }`;
    const input = { idempotencyKey: `order-${world.apiKey}`, packId: '1223', groupId: '100003', quantity: 2 };
    await world.forgetCalls();
    const expected = {
      pack: { name: 'Booster 100', quantity: 2, group: { id: '100003', account: { name: 'Customer 3' } } },
      operation: { status: 'SUCCEEDED', replayed: false },
      userErrors: [],
    };
    const first = await ask(order, { input });
    assert.deepEqual(first.errors, []);
    assert.deepEqual(first.data.orderBoosterPack, expected);
    const again = await ask(order, { input });
    assert.deepEqual(again.data.orderBoosterPack, { ...expected, operation: { status: 'SUCCEEDED', replayed: true } });
    assert.equal((await world.calls('booster')).length, 1);
  });

  it('answers an expired token with UNAUTHENTICATED and asks no upstream', async () => {
    const { world, bearer } = supergraph();
    await world.forgetCalls();
    const response = await ask('{ group(id: "100001") { plan { name } } }', {}, bearer({ expiresInSeconds: -60 }));
    assert.deepEqual([...new Set(response.errors.map(({ extensions }) => extensions.code))], ['UNAUTHENTICATED']);
    assert.equal((await world.calls('history')).length, 0);
  });

  it('answers a missing scope with FORBIDDEN, whatever the router enforces', async () => {
    const { world, bearer } = supergraph();
    await world.forgetCalls();
    const response = await ask(
      'mutation { orderBoosterPack(input: { idempotencyKey: "never-sent-01", packId: "1223" }) { userErrors { code } } }',
      {},
      bearer({ scopes: ['billing:read'] }),
    );
    assert.deepEqual([...new Set(response.errors.map(({ extensions }) => extensions.code))], ['FORBIDDEN']);
    assert.equal((await world.calls('booster')).length, 0);
  });

  it('passes the client’s request id on, so that one id finds the logs of both', async () => {
    const { bearer, billing } = supergraph();
    await ask('{ group(id: "100001") { plan { name } } }', {}, { ...bearer(), 'x-request-id': 'trace-me-0001' });
    // The line is written when the response is out, and comes through a pipe.
    await billing.untilLogged('trace-me-0001');
  });
}
