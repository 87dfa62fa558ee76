import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { type FaultMoment, FaultyLedger } from '../ledger/faulty-ledger.js';
import { present } from '../ledger/ledger.harness.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { Place, SECOND } from './place.js';

const RESOLVE = `mutation Resolve($input: ResolveBillingOperationInput!) { resolveBillingOperation(input: $input) {
  operation { status } userErrors { code } } }`;
const NOTE = 'Not on the invoice, ticket 99';
const CONTRADICTED = 'A write that an operator settled as not carried out shows in the history.';
const CAME_LATE = 'The outcome of a write came after another one was settled.';

describe('a person’s decision about a write', () => {
  let simulator: TestSimulator;
  let world: TestWorld;
  let gateway: TestGateway;
  let ledger: FaultyLedger | undefined;

  beforeAll(async () => {
    simulator = await startTestSimulator();
    world = simulator.freshWorld('corrections');
    gateway = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: world.apiKey, RATE_LIMIT_WRITES_PER_MINUTE: '0' },
      parts: {
        reconcileIntervalMs: 20,
        openLedger: async (url, options) => {
          ledger = new FaultyLedger(await openLedger(url, options));
          return ledger;
        },
      },
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await gateway.close();
    await simulator.close();
    await removeGatewayFolders();
  });

  const resolve = async ({ key }: Place, outcome: 'SUCCEEDED' | 'REJECTED') =>
    (await gateway.execute(RESOLVE, { input: { idempotencyKey: key, outcome, note: NOTE } })).data?.[
      'resolveBillingOperation'
    ];

  it('corrects what the reconciler settled, once, with who and why', async () => {
    const at = new Place(world.world, gateway);
    at.fault('booster', 'commit_then_drop', { first: 1 });
    await at.order('1223');
    expect((await at.reconcile()).status).toBe('SUCCEEDED');
    expect(await resolve(at, 'REJECTED')).toEqual({ operation: { status: 'REJECTED' }, userErrors: [] });
    expect(await at.order('1223')).toMatchObject({
      value: null,
      operation: { status: 'REJECTED', replayed: true },
      userErrors: [{ code: 'UPSTREAM_REJECTED' }],
    });
    const db = new DatabaseSync(gateway.ledgerPath, { readOnly: true });
    const audit = db.prepare('SELECT actor, from_state, to_state, note FROM ledger_audit WHERE idempotency_key = ?');
    const entries = audit.all(at.key).slice(-2);
    db.close();
    expect(entries).toMatchObject([
      { actor: 'reconciler', from_state: 'unknown', to_state: 'succeeded' },
      { actor: 'operator', from_state: 'succeeded', to_state: 'rejected', note: NOTE },
    ]);
    expect(gateway.logs()).toContain('billing operation corrected');
    // The decision stands.
    expect(await resolve(at, 'SUCCEEDED')).toMatchObject({
      operation: { status: 'REJECTED' },
      userErrors: [{ code: 'NOT_FOUND' }],
    });
    expect((await at.order('1223', 1, `${at.key}-again`)).operation.status).toBe('SUCCEEDED');
  });

  it('never corrects what the response of the upstream settled', async () => {
    const at = new Place(world.world, gateway);
    await at.order('1223');
    expect(await resolve(at, 'REJECTED')).toMatchObject({
      operation: { status: 'SUCCEEDED' },
      userErrors: [{ code: 'NOT_FOUND' }],
    });
    expect((await at.order('1223')).operation).toEqual({ status: 'SUCCEEDED', replayed: true });
  });

  it('is watched: a row that shows late after a rejection is logged and counted, and changes nothing', async () => {
    const at = new Place(world.world, gateway);
    at.fault('booster', 'commit_then_drop');
    await at.order('1223');
    const show = at.hideOrders();
    expect(await resolve(at, 'REJECTED')).toMatchObject({ operation: { status: 'REJECTED' } });
    expect(gateway.logs()).not.toContain(CONTRADICTED);
    show();
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 11 * SECOND);
    // A request in between lets the server work.
    while (!gateway.logs().includes(CONTRADICTED)) await gateway.execute('{ __typename }');
    jest.restoreAllMocks();
    expect(gateway.logs().split(CONTRADICTED)).toHaveLength(2);
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('billing_contradicted_rejections_total 1');
    expect((await at.reconcile()).status).toBe('REJECTED');
  });

  it('is contradicted by a response that is recorded late: that is logged and counted, and changes nothing', async () => {
    const at = new Place(world.world, gateway);
    const faulty = present(ledger);
    faulty.fail('outcome', ...Array<FaultMoment>(1_000).fill('before'));
    expect((await at.order('1223')).operation.status).toBe('SUCCEEDED');
    // As another process does that takes this one for dead.
    const db = new DatabaseSync(gateway.ledgerPath);
    db.prepare("UPDATE ledger_operations SET state = 'unknown' WHERE idempotency_key = ?").run(at.key);
    db.close();
    expect(await resolve(at, 'REJECTED')).toMatchObject({ operation: { status: 'REJECTED' } });
    expect(gateway.logs()).not.toContain(CAME_LATE);
    faulty.heal();
    while (!gateway.logs().includes(CAME_LATE)) await gateway.execute('{ __typename }');
    expect(gateway.logs()).toContain(at.key);
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('billing_contradicted_rejections_total 2');
    expect((await at.reconcile()).status).toBe('REJECTED');
  });

  it.each([
    ['the same pack', '1223'],
    ['another pack', '1224'],
  ])('is watched also where the client ordered %s afterwards', async (_title, packId) => {
    const at = new Place(world.world, gateway);
    at.fault('booster', 'commit_then_drop', { first: 1 });
    await at.order('1223');
    const show = at.hideOrders();
    await resolve(at, 'REJECTED');
    const now = Date.now.bind(Date);
    let passedMs = 5 * 60 * SECOND;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + passedMs);
    world.world.advance({ seconds: 5 * 60 });
    expect((await at.order(packId, 1, `${at.key}-again`)).operation.status).toBe('SUCCEEDED');
    show();
    const known = gateway.logs().split(CONTRADICTED).length;
    // A look may have begun before the row showed, and plan the next one only now.
    while (gateway.logs().split(CONTRADICTED).length === known) {
      passedMs += 11 * SECOND;
      await gateway.execute('{ __typename }');
    }
  });
});
