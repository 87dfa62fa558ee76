import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { httpResponse, reset } from '../support/raw-upstream.js';
import { removeGatewayFolders } from '../support/start-gateway.js';
import { codesOf, WriteStand } from './write.harness.js';
import { ORDER, PLAN_CHANGE, PURCHASE, WRITES } from './write-cases.js';
import { afterGate, REFUSES, SUCCEEDS, type WriteBehaviour } from './write-upstream.js';

const RESET_AFTER_CHARGE: WriteBehaviour = { carriesOut: true, respond: reset };

describe('a write over HTTP', () => {
  let stand: WriteStand;

  beforeAll(async () => {
    stand = await WriteStand.start();
  });
  beforeEach(() => {
    stand.next();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await stand.close();
    await removeGatewayFolders();
  });

  it.each(WRITES)('answers the same key with the first response again: $name', async (write) => {
    const first = await stand.send(write);
    expect(first).toMatchObject({ operation: { status: 'SUCCEEDED', replayed: false }, userErrors: [], errors: [] });
    const again = await stand.send(write);
    expect(again).toMatchObject({ operation: { status: 'SUCCEEDED', replayed: true }, userErrors: [], errors: [] });
    // Who bought is personal data, so it is not kept.
    expect(again.value).toEqual(write === PURCHASE ? { ...first.value, userId: null } : first.value);
    expect(stand.upstream.count(stand.intent).received).toBe(1);
  });

  it.each(WRITES)('answers from what was asked for when the figures were not kept: $name', async (write) => {
    const own = await stand.open();
    await stand.send(write, {}, {}, own);
    const db = new DatabaseSync(own.ledgerPath);
    db.exec('UPDATE ledger_operations SET answer = NULL');
    db.close();
    const again = await stand.send(write, {}, {}, own);
    expect(again).toMatchObject({ operation: { status: 'SUCCEEDED', replayed: true }, userErrors: [], errors: [] });
    expect(again.value).not.toBeNull();
    expect(stand.upstream.count(stand.intent).received).toBe(1);
  });

  it('replays a refusal, with the words of the upstream', async () => {
    stand.upstream.behave(stand.intent, REFUSES);
    const first = await stand.send(ORDER);
    expect(first.userErrors).toMatchObject([
      { code: 'UPSTREAM_REJECTED', upstreamMessage: 'Nobody sells this', retryable: false },
    ]);
    const again = await stand.send(ORDER);
    expect(again.userErrors).toEqual(first.userErrors);
    expect(again.operation).toMatchObject({ status: 'REJECTED', replayed: true });
    expect(stand.upstream.count(stand.intent).received).toBe(1);
  });

  it('refuses a key for another input, another group and another kind, and shows the row that holds it', async () => {
    await stand.send(ORDER);
    const planInput = { planId: '9', packId: undefined };
    for (const reuse of [
      await stand.send(ORDER, { quantity: 2 }),
      await stand.send(ORDER, { groupId: '495' }),
      await stand.send(PLAN_CHANGE, planInput),
    ]) {
      expect(codesOf(reuse)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
      expect(reuse.operation).toMatchObject({
        idempotencyKey: stand.key,
        kind: 'ORDER_BOOSTER_PACK',
        status: 'SUCCEEDED',
      });
    }
    expect(stand.upstream.count(stand.intent).received).toBe(1);
  });

  it('takes the root group named and left out for one group, and leading zeros for none', async () => {
    await stand.send(ORDER);
    for (const groupId of [null, undefined, '000494']) {
      expect(await stand.send(ORDER, { groupId })).toMatchObject({ operation: { replayed: true }, userErrors: [] });
    }
    expect(stand.upstream.count(stand.intent).received).toBe(1);
  });

  it('refuses every other write on a group while the outcome of one is unknown, and on no other group', async () => {
    const own = await stand.open();
    stand.upstream.behave(stand.intent, RESET_AFTER_CHARGE);
    const group = { groupId: '700' };
    expect(codesOf(await stand.send(ORDER, group, {}, own))).toEqual(['OUTCOME_UNKNOWN']);
    for (const write of [ORDER, PLAN_CHANGE]) {
      const other = await stand.send(write, { ...group, idempotencyKey: `${stand.key}.${write.name}` }, {}, own);
      expect(codesOf(other)).toEqual(['PRIOR_OUTCOME_UNKNOWN']);
      expect(other.operation).toMatchObject({ idempotencyKey: stand.key, status: 'OUTCOME_UNKNOWN' });
      const elsewhere = { groupId: '701', idempotencyKey: `${stand.key}.${write.name}.701` };
      stand.intent += 1_000_000;
      expect(codesOf(await stand.send(write, elsewhere, {}, own))).toEqual([]);
      stand.intent -= 1_000_000;
    }
    stand.intent += 2_000_000;
    const purchase = await stand.send(PURCHASE, { idempotencyKey: `${stand.key}.credits` }, {}, own);
    stand.intent -= 2_000_000;
    expect(codesOf(purchase)).toEqual([]);
  });

  it('lets one tenant order while the outcome of another’s order on the same group is unknown', async () => {
    const own = await stand.open({
      env: {
        AUTH: 'passthrough',
        XTRACTA_API_KEY: undefined,
        CREDITS_TOKEN: undefined,
        XTRACTA_ROOT_GROUP_ID: undefined,
      },
    });
    stand.upstream.behave(stand.intent, RESET_AFTER_CHARGE);
    expect(codesOf(await stand.send(ORDER, {}, { 'x-xtracta-api-key': 'first-tenant' }, own))).toEqual([
      'OUTCOME_UNKNOWN',
    ]);
    stand.upstream.behave(stand.intent, SUCCEEDS);
    expect(codesOf(await stand.send(ORDER, {}, { 'x-xtracta-api-key': 'second-tenant' }, own))).toEqual([]);
  });

  it.each(['claim', 'sending'] as const)(
    'sends nothing when the ledger cannot write the %s, and says so',
    async (step) => {
      const held = stand.faults.hold(stand.key, step, 'before');
      const asked = stand.send(ORDER);
      await held.reached;
      held.fail();
      const refused = await asked;
      expect(refused).toMatchObject({ value: null, operation: null, errors: [] });
      expect(refused.userErrors).toMatchObject([{ code: 'LEDGER_UNAVAILABLE', retryable: true }]);
      expect(stand.upstream.count(stand.intent).received).toBe(0);
      expect(await stand.send(ORDER)).toMatchObject({ operation: { status: 'SUCCEEDED', replayed: false } });
    },
  );

  it.each([-3_600_000, 3_600_000])(
    'keeps one write one when the clock jumps by %d ms while it is sent',
    async (jump) => {
      const gate = Promise.withResolvers<undefined>();
      stand.upstream.behave(stand.intent, afterGate(gate.promise, SUCCEEDS));
      const first = stand.send(ORDER);
      await stand.upstream.arrival(stand.intent);
      const now = Date.now.bind(Date);
      jest.spyOn(Date, 'now').mockImplementation(() => now() + jump);
      const duplicate = stand.send(ORDER);
      gate.resolve(undefined);
      expect(await first).toMatchObject({ operation: { status: 'SUCCEEDED', replayed: false } });
      expect(await duplicate).toMatchObject({ operation: { status: 'SUCCEEDED', replayed: true } });
      expect(await stand.send(ORDER)).toMatchObject({ operation: { status: 'SUCCEEDED', replayed: true } });
      expect(stand.upstream.count(stand.intent).received).toBe(1);
    },
  );

  it('deletes held documents only when that is confirmed, and says that they may be gone', async () => {
    const unconfirmed = await stand.send(ORDER, { heldDocuments: 'DELETE' });
    expect(unconfirmed.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(stand.upstream.count(stand.intent).received).toBe(0);
    const confirmed = { heldDocuments: 'DELETE', confirmDocumentDeletion: true };
    expect(await stand.send(ORDER, confirmed)).toMatchObject({ operation: { documentsMayHaveBeenDeleted: true } });
    stand.intent += 1;
    stand.upstream.behave(stand.intent, REFUSES);
    const refused = await stand.send(ORDER, { ...confirmed, idempotencyKey: `${stand.key}.refused` });
    expect(refused.operation).toMatchObject({ status: 'REJECTED', documentsMayHaveBeenDeleted: false });
  });

  it.each([
    [
      'two fields',
      'mutation M($i: OrderBoosterPackInput!) { a: orderBoosterPack(input: $i) { operation { status } } b: orderBoosterPack(input: $i) { operation { status } } }',
    ],
    [
      'a fragment',
      'mutation M($i: OrderBoosterPackInput!) { a: orderBoosterPack(input: $i) { operation { status } } ...F } fragment F on Mutation { b: orderBoosterPack(input: $i) { operation { status } } }',
    ],
    [
      'two kinds',
      'mutation M($i: OrderBoosterPackInput!) { orderBoosterPack(input: $i) { operation { status } } openBillingUi { expiresAt } }',
    ],
  ])('runs no operation with more than one write: %s', async (_name, query) => {
    const { errors, data } = await stand.gateway.execute(query, { i: ORDER.input(stand.intent, stand.key) });
    expect(data ?? null).toBeNull();
    expect(errors).not.toEqual([]);
    expect(stand.upstream.count(stand.intent).received).toBe(0);
  });

  it('keeps no personal data and no secret, in the ledger or in the log', async () => {
    const own = await stand.open();
    const billing = {
      address: '1 Secret Lane',
      company: 'Hidden Ltd',
      email: 'jane@example.test',
      mobile: '0215550',
      phone: '095550',
    };
    await stand.send(PURCHASE, { billing, purchaseOrder: 'PO-private' }, {}, own);
    stand.upstream.behave(stand.intent + 1, {
      carriesOut: false,
      respond: () =>
        httpResponse(
          400,
          '<billings_response><status>400</status><message>No: jane@example.test</message></billings_response>',
        ),
    });
    stand.intent += 1;
    await stand.send(ORDER, { idempotencyKey: `${stand.key}.refused` }, {}, own);
    const db = new DatabaseSync(own.ledgerPath);
    const stored = JSON.stringify([
      db.prepare('SELECT * FROM ledger_operations').all(),
      db.prepare('SELECT * FROM ledger_audit').all(),
    ]);
    db.close();
    expect(stored).toContain(stand.key);
    for (const secret of [
      ...Object.values(billing),
      'PO-private',
      'sample string 1',
      'test-xtracta-key',
      'test-credits-token',
    ]) {
      // The sample response gives the buyer and the currency the same text.
      if (secret !== 'sample string 1') expect(stored).not.toContain(secret);
      expect(own.logs()).not.toContain(secret);
    }
  });
});
