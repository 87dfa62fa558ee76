import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

import { Place, SECOND, type Written } from './place.js';

describe('what proves a write whose response was lost', () => {
  let simulator: TestSimulator;
  let world: TestWorld;
  let gateway: TestGateway;

  beforeAll(async () => {
    simulator = await startTestSimulator();
    world = simulator.freshWorld('proof');
    // Otherwise a period that a test lets end would be renewed at once.
    world.world.setToggles({ autoRenew: 'no' });
    gateway = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: world.apiKey, RATE_LIMIT_WRITES_PER_MINUTE: '0', DUPLICATE_WINDOW_SECONDS: '0' },
      parts: { reconcileIntervalMs: 20 },
    });
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await gateway.close();
    await simulator.close();
    await removeGatewayFolders();
  });

  const unproved: string[] = [];
  const place = () => new Place(world.world, gateway);

  interface Row {
    readonly what: string;
    /** Before the write. */
    readonly given?: (at: Place) => void;
    readonly send: (at: Place) => Promise<Written['write']>;
    /** After it, though it did nothing. */
    readonly meanwhile: (at: Place) => void;
    /** Of the one new row; null: the row names another group, so it is not shown. */
    readonly doesNotFit: readonly string[] | null;
  }

  const someHistory = (at: Place, kind: string, params: Readonly<Record<string, unknown>>) =>
    at.fault('history', kind, { params });
  const order =
    (packId: string, quantity = 1) =>
    (at: Place) =>
      at.order(packId, quantity);
  const change = (planId: string) => (at: Place) => at.change(planId);
  const notDone: readonly Row[] = [
    {
      what: 'another pack',
      send: order('1223'),
      meanwhile: (at) => at.buy('1224', 3),
      doesNotFit: ['NAME', 'PRICE', 'QUANTITY'],
    },
    {
      what: 'more packs than were asked for',
      send: order('1223'),
      meanwhile: (at) => at.buy('1223', 50),
      doesNotFit: ['QUANTITY'],
    },
    {
      what: 'fewer packs than were asked for',
      send: order('1223', 5),
      meanwhile: (at) => at.buy('1223', 1),
      doesNotFit: ['QUANTITY'],
    },
    {
      what: 'a change of plan beside an order',
      send: order('1223'),
      meanwhile: (at) => at.startPlan('113', 'upgrade'),
      doesNotFit: ['ACTIVITY', 'NAME', 'PRICE', 'QUANTITY'],
    },
    {
      what: 'another plan than the one that is renewed',
      send: change('112'),
      meanwhile: (at) => at.startPlan('113', 'upgrade'),
      doesNotFit: ['NAME', 'ALLOWED_DOCUMENTS', 'PRICE', 'DIRECTION'],
    },
    {
      what: 'a downgrade in place of an upgrade',
      send: change('113'),
      meanwhile: (at) => at.startPlan('111', 'downgrade'),
      doesNotFit: ['NAME', 'ALLOWED_DOCUMENTS', 'PRICE', 'DIRECTION'],
    },
    {
      what: 'the asked plan under the word of the other direction',
      send: change('113'),
      meanwhile: (at) => at.startPlan('113', 'downgrade'),
      doesNotFit: ['DIRECTION'],
    },
    {
      what: 'a plan of the same name and documents in another currency',
      send: change('114'),
      meanwhile: (at) => at.startPlan('112', 'upgrade'),
      doesNotFit: ['NAME', 'PRICE'],
    },
    ...[1, 3, 5 * 60].flatMap((secondsAfter): Row[] =>
      (['renew', 'signup'] as const).map((word) => ({
        what: `an automatic renewal ${secondsAfter} s after the end of the period, called ${word}`,
        given: (at: Place) => at.expireAt(at.now() - secondsAfter * SECOND),
        send: change('112'),
        meanwhile: (at: Place) => at.startPlan('112', word),
        doesNotFit: word === 'renew' ? ['NOT_A_RENEWAL'] : ['DIRECTION', 'NOT_A_RENEWAL'],
      })),
    ),
    {
      what: 'an automatic change at the very end of the period',
      given: (at) => at.expireAt(at.now()),
      send: change('113'),
      meanwhile: (at) => at.startPlan('113', 'upgrade'),
      doesNotFit: ['NOT_A_RENEWAL'],
    },
    {
      what: 'a row without an id whose figures change, so that it looks new',
      given: (at) => someHistory(at, 'omit', { name: 'id' }),
      send: change('112'),
      meanwhile: (at) => {
        at.useDocument();
        at.startPlan('112', 'renew');
      },
      doesNotFit: ['NEW', 'ID', 'DIRECTION', 'NOT_A_RENEWAL'],
    },
    {
      what: 'a row that was there before, though the document was without its list',
      given: (at) => {
        at.fault('history', 'omit', { params: { name: 'plans' }, first: 1 });
        at.buy('1223');
      },
      send: order('1223'),
      meanwhile: () => undefined,
      doesNotFit: ['NEW'],
    },
    {
      what: 'a row that names no group',
      given: (at) => someHistory(at, 'toggle', { name: 'activityGroupId', value: 'no' }),
      send: order('1223'),
      meanwhile: (at) => at.buy('1223'),
      doesNotFit: ['GROUP'],
    },
    {
      what: 'a row that names no group, and another group’s name',
      given: (at) => {
        someHistory(at, 'omit', { name: 'group_id' });
        someHistory(at, 'element', { name: 'group_name', value: 'Branch 40' });
      },
      send: order('1223'),
      meanwhile: (at) => at.buy('1223'),
      doesNotFit: ['GROUP'],
    },
    {
      what: 'a row of another group',
      given: (at) => someHistory(at, 'element', { name: 'group_id', value: '100040' }),
      send: order('1223'),
      meanwhile: (at) => at.buy('1223'),
      doesNotFit: null,
    },
    {
      what: 'what fits, where the catalogue cannot be read',
      given: (at) => at.fault('plans', 'status', { params: { code: 503 } }),
      send: order('1223'),
      meanwhile: (at) => at.buy('1223'),
      doesNotFit: [],
    },
    {
      what: 'two that fit',
      send: order('1223'),
      meanwhile: (at) => {
        at.buy('1223');
        at.buy('1223');
      },
      doesNotFit: ['ONLY_ROW'],
    },
  ];

  it.each(notDone)('is not $what', async ({ given, send, meanwhile, doesNotFit }) => {
    const at = place();
    given?.(at);
    for (const endpoint of ['booster', 'update']) at.fault(endpoint, 'reset');
    expect((await send(at)).operation.status).toBe('OUTCOME_UNKNOWN');
    meanwhile(at);
    const { status, evidence, evidenceFit } = await at.reconcile();
    expect(status).toBe('OUTCOME_UNKNOWN');
    expect(evidence).toHaveLength(evidenceFit.length);
    if (doesNotFit === null) expect(evidence).toEqual([]);
    else expect(evidenceFit.map((fit) => fit.doesNotFit)).toContainEqual(doesNotFit);
    // The same key again: nothing is sent, and nothing stands beside the asked id.
    expect(await send(at)).toMatchObject({ value: null, operation: { status: 'OUTCOME_UNKNOWN' } });
    unproved.push(at.key);
  });

  it('is not the row of an earlier order that shows late', async () => {
    const at = place();
    const first = `${at.key}-first`;
    expect((await at.order('1223', 1, first)).operation.status).toBe('SUCCEEDED');
    const show = at.hideOrders();
    at.fault('booster', 'reset');
    expect((await at.order('1223', 1, at.key, first)).operation.status).toBe('OUTCOME_UNKNOWN');
    show();
    const { status, evidenceFit } = await at.reconcile();
    expect([status, evidenceFit]).toMatchObject(['OUTCOME_UNKNOWN', [{ doesNotFit: ['ONLY_WRITE'] }]]);
    unproved.push(at.key);
  });

  const done: readonly { what: string; given?: Row['given']; send: Row['send']; value: Record<string, unknown> }[] = [
    {
      what: 'an order',
      send: order('1223'),
      value: { id: '1223', name: 'Booster 100', allowedDocuments: 100, price: { amount: '99' }, quantity: 1 },
    },
    {
      what: 'an order of several packs, with the figures of one',
      send: order('1224', 3),
      value: { id: '1224', name: 'Booster 500', allowedDocuments: 500, price: { amount: '450.50' }, quantity: 3 },
    },
    {
      what: 'an upgrade',
      send: change('113'),
      value: { planId: '113', name: 'Enterprise 10000', allowedDocuments: 10_000, price: { amount: '2500.50' } },
    },
    {
      what: 'a downgrade',
      send: change('111'),
      value: { planId: '111', name: 'Starter 100', allowedDocuments: 100, price: { amount: '49.90' } },
    },
    {
      what: 'a renewal by hand, long before the automatic one',
      send: change('112'),
      value: { planId: '112', name: 'Business 1000', allowedDocuments: 1000, price: { amount: '500' } },
    },
    {
      what: 'a change to a plan of another period',
      send: change('121'),
      value: { planId: '121', name: 'Business Annual 12000', allowedDocuments: 12_000, price: { amount: '5000.00' } },
    },
    {
      what: 'an order beside a row that names no group in its name',
      given: (at) => at.fault('history', 'omit', { params: { name: 'group_name' } }),
      send: order('1225', 2),
      value: { id: '1225', name: '007', allowedDocuments: 1, price: { amount: '0.10' }, quantity: 2 },
    },
  ];

  it.each(done)('is the row of $what', async ({ given, send, value }) => {
    const at = place();
    given?.(at);
    for (const endpoint of ['booster', 'update']) at.fault(endpoint, 'commit_then_drop');
    expect(await send(at)).toMatchObject({ value: null, operation: { status: 'OUTCOME_UNKNOWN' } });
    expect(await at.reconcile()).toEqual({ status: 'SUCCEEDED', evidence: [], evidenceFit: [] });
    expect(await send(at)).toMatchObject({ value, operation: { status: 'SUCCEEDED', replayed: true } });
  });

  it('is for the background what it is for a call', async () => {
    const at = place();
    at.fault('booster', 'commit_then_drop');
    await at.order('1223');
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 11 * SECOND);
    const db = new DatabaseSync(gateway.ledgerPath, { readOnly: true });
    const rows = db.prepare('SELECT idempotency_key AS key, state, reconcile_attempts AS looks FROM ledger_operations');
    const hasLooked = () =>
      rows
        .all()
        .every(({ key, state, looks }) =>
          key === at.key ? state === 'succeeded' : state !== 'unknown' || looks !== 0,
        );
    // A request in between lets the server work.
    while (!hasLooked()) await gateway.execute('{ __typename }');
    const unknown = rows.all().filter(({ state }) => state === 'unknown');
    db.close();
    expect(unknown.map(({ key }) => key).sort()).toEqual(unproved.toSorted());
  });

  it('has sent each write once', () => {
    const { booster, update } = world.world.journal.counts();
    expect((booster?.received ?? 0) + (update?.received ?? 0)).toBe(notDone.length + done.length + 3);
  });
});
