import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BillingClient, BillingResponse, ResponseError } from '../src/index.ts';
import {
  createBillingWrite,
  createIntentStore,
  expectedPrice,
  memoryStorage,
  stateOfResponse,
  type WriteFacts,
} from '../src/index.ts';

const AT_ONCE = { most: 3, wait: () => Promise.resolve() };
const INPUT = { packId: '1223', groupId: '100001' };

type Status = WriteFacts['status'];
type Told = BillingResponse<{ orderBoosterPack: never }>;

const facts = (idempotencyKey: string, status: Status): WriteFacts => ({
  idempotencyKey,
  kind: 'ORDER_BOOSTER_PACK',
  status,
  replayed: false,
  group: { id: '100001' },
  createdAt: '2026-01-01T00:00:00Z',
  sentAt: null,
  completedAt: null,
  documentsMayHaveBeenDeleted: false,
  packId: '1223',
  quantity: 1,
  planId: null,
  purchaseId: null,
});

/** The payload of an order, or its user error. */
function told(operation: WriteFacts | null, code?: string, retryable = false): Told {
  const userErrors =
    code === undefined
      ? []
      : [{ code, message: code, field: null, upstreamStatus: null, upstreamMessage: null, retryable }];
  const payload = { pack: code === undefined ? {} : null, summary: null, operation, warnings: [], userErrors };
  return { kind: 'response', data: { orderBoosterPack: payload as never }, errors: [] };
}

const failed = (code: string | null, retryable = false): Told => ({
  kind: 'response',
  data: null,
  errors: [{ code, message: 'm', path: [], retryable, requestId: 'r' } satisfies ResponseError],
});
const LOST: Told = { kind: 'noResponse', cause: new TypeError('lost') };

describe('what a response means', () => {
  const mine = (status: Status) => facts('mine-0001', status);
  const other = (status: Status) => facts('other-001', status);
  for (const [name, response, kind] of [
    ['a success', told(mine('SUCCEEDED')), 'done'],
    ['a success that came before', told({ ...mine('SUCCEEDED'), replayed: true }), 'replayed'],
    ['a refusal', told(mine('REJECTED'), 'UPSTREAM_REJECTED'), 'refused'],
    ['a price that has changed', told(null, 'PRECONDITION_FAILED'), 'refused'],
    ['a limit of spending', told(null, 'SPENDING_LIMIT_REACHED'), 'refused'],
    ['an equal one before', told(other('SUCCEEDED'), 'POSSIBLE_DUPLICATE'), 'duplicate'],
    ['an earlier unknown one', told(other('OUTCOME_UNKNOWN'), 'PRIOR_OUTCOME_UNKNOWN'), 'blocked'],
    ['another one under way', told(other('IN_PROGRESS'), 'OPERATION_IN_PROGRESS', true), 'blocked'],
    ['this one under way', told(mine('IN_PROGRESS'), 'OPERATION_IN_PROGRESS', true), 'inProgress'],
    ['an unknown outcome', told(mine('OUTCOME_UNKNOWN'), 'OUTCOME_UNKNOWN'), 'unknown'],
    ['an upstream that is away', told(mine('NOT_SENT'), 'UPSTREAM_UNAVAILABLE', true), 'later'],
    ['a ledger that is away', told(null, 'LEDGER_UNAVAILABLE', true), 'later'],
    ['a key of another input', told(mine('SUCCEEDED'), 'IDEMPOTENCY_KEY_REUSED'), 'keyReused'],
    ['too many requests', failed('RATE_LIMITED', true), 'later'],
    ['a bad token', failed('UNAUTHENTICATED'), 'refused'],
    ['a bad input', failed('BAD_USER_INPUT'), 'refused'],
    ['a fault of the gateway', failed('INTERNAL_SERVER_ERROR'), 'unknown'],
    ['a router without its subgraph', failed('SUBREQUEST_HTTP_ERROR'), 'unknown'],
    ['an error without a code', failed(null), 'unknown'],
    ['a page of a proxy', { kind: 'unreadable', cause: 502 } as const, 'unknown'],
    ['no response', LOST, 'unknown'],
  ] as const) {
    it(`${name}: ${kind}`, () => {
      assert.equal(stateOfResponse(response, 'orderBoosterPack', 'mine-0001', null).kind, kind);
    });
  }
});

/** A gateway with prepared responses. It keeps what is sent to it. */
function scripted(
  responses: readonly ((key: string) => Told)[],
  found: (key: string) => WriteFacts | null | 'lost' = () => null,
) {
  const sent: { key: string; input: Record<string, unknown> }[] = [];
  let looked = 0;
  const client = {
    async query(_document: unknown, { idempotencyKey }: { idempotencyKey: string }) {
      looked += 1;
      const known = found(idempotencyKey);
      return known === 'lost' ? LOST : { kind: 'response', data: { billingOperation: known }, errors: [] };
    },
    async mutate(_document: unknown, variables: { input?: { idempotencyKey: string }; idempotencyKey?: string }) {
      if (variables.input === undefined) {
        const operation = found(variables.idempotencyKey ?? '');
        return { kind: 'response', data: { reconcileBillingOperation: { operation, userErrors: [] } }, errors: [] };
      }
      const { idempotencyKey, ...input } = variables.input;
      const response = responses[Math.min(sent.length, responses.length - 1)];
      sent.push({ key: idempotencyKey, input });
      return response?.(idempotencyKey);
    },
    watch: () => ({ refresh: () => undefined, stop: () => undefined }),
  } as unknown as BillingClient;
  return { client, sent, looked: () => looked };
}

function open(gateway: ReturnType<typeof scripted>, intents = createIntentStore(memoryStorage())) {
  const flow = createBillingWrite({
    write: 'orderBoosterPack',
    client: gateway.client,
    intents,
    intent: 'order',
    attempts: AT_ONCE,
  });
  flow.enter();
  return { flow, intents };
}

const succeed = (key: string) => told(facts(key, 'SUCCEEDED'));

describe('the write of a form', () => {
  it('sends once for two clicks, while under way and after it has ended', async () => {
    const gateway = scripted([succeed]);
    const { flow, intents } = open(gateway);
    const [first, second] = await Promise.all([flow.send(INPUT), flow.send(INPUT)]);
    assert.equal(first.kind, 'done');
    assert.equal(second, first);
    assert.equal((await flow.send(INPUT)).kind, 'done');
    assert.equal(gateway.sent.length, 1);
    assert.equal(intents.find('order'), null);
  });

  it('asks the same again with the same key while no response comes', async () => {
    const gateway = scripted([() => LOST, () => LOST, succeed]);
    const { flow } = open(gateway);
    assert.equal((await flow.send(INPUT)).kind, 'done');
    assert.equal(gateway.sent.length, 3);
    assert.equal(new Set(gateway.sent.map(({ key }) => key)).size, 1);
  });

  it('keeps the key over a reload, and begins by looking how it ended', async () => {
    const storage = memoryStorage();
    const before = scripted([() => LOST]);
    const { flow } = open(before, createIntentStore(storage));
    assert.deepEqual(await flow.send(INPUT).then(({ kind }) => kind), 'unknown');
    flow.leave();
    const key = before.sent[0]?.key ?? '';
    const after = scripted([succeed], () => facts(key, 'SUCCEEDED'));
    const reopened = open(after, createIntentStore(storage));
    assert.equal(reopened.flow.state.kind, 'unknown');
    assert.equal(reopened.intents.pending()[0]?.key, key);
    assert.equal((await reopened.flow.check()).kind, 'done');
    assert.equal(after.sent.length, 0);
    assert.equal(reopened.intents.pending().length, 0);
  });

  it('looks how the first ended when the form was changed after a lost response, and sends nothing if it was carried out', async () => {
    const lost = scripted([() => LOST], (key) => facts(key, 'SUCCEEDED'));
    const { flow } = open(lost);
    await flow.send(INPUT);
    const state = await flow.send({ ...INPUT, quantity: 2 });
    assert.equal(state.kind, 'keyReused');
    assert.equal(state.kind === 'keyReused' && state.first?.status, 'SUCCEEDED');
    assert.equal(
      lost.sent.every(({ input }) => input['quantity'] === undefined),
      true,
    );
  });

  it('keeps the key for the changed form when the gateway has no record of the first, should that still arrive', async () => {
    const gateway = scripted([() => LOST, () => LOST, () => LOST, succeed]);
    const { flow } = open(gateway);
    await flow.send(INPUT);
    assert.equal((await flow.send({ ...INPUT, quantity: 2 })).kind, 'done');
    assert.equal(new Set(gateway.sent.map(({ key }) => key)).size, 1);
  });

  it('sends nothing for a changed form while the first cannot be looked up', async () => {
    const gateway = scripted([() => LOST], () => 'lost');
    const { flow } = open(gateway);
    await flow.send(INPUT);
    assert.equal((await flow.send({ ...INPUT, quantity: 2 })).kind, 'unknown');
    assert.equal(gateway.sent.length, 3);
  });

  it('makes a new key for a changed form after a refusal', async () => {
    const gateway = scripted([(key) => told(facts(key, 'REJECTED'), 'UPSTREAM_REJECTED'), succeed]);
    const { flow } = open(gateway);
    assert.equal((await flow.send(INPUT)).kind, 'refused');
    assert.equal((await flow.send({ ...INPUT, packId: '1224' })).kind, 'done');
    assert.equal(new Set(gateway.sent.map(({ key }) => key)).size, 2);
  });

  it('does not believe a limit or a bad token about an earlier request whose response was lost', async () => {
    for (const later of [failed('RATE_LIMITED', true), failed('UNAUTHENTICATED')]) {
      const gateway = scripted([() => LOST, () => later], (key) => facts(key, 'SUCCEEDED'));
      const { flow, intents } = open(gateway);
      assert.equal((await flow.send(INPUT)).kind, 'unknown');
      assert.equal(intents.pending().length, 1);
      assert.equal((await flow.check()).kind, 'done');
    }
  });

  it('asks nobody again after a response that only this program cannot read', async () => {
    const gateway = scripted([
      () => {
        throw new Error('the cache cannot take it');
      },
    ]);
    const { flow, intents } = open(gateway);
    await assert.rejects(flow.send(INPUT), /the cache cannot take it/);
    assert.equal(gateway.sent.length, 1);
    assert.equal(flow.state.kind, 'unknown');
    assert.equal(intents.pending().length, 1);
  });

  it('repeats an equal write knowingly, with the key of the one before', async () => {
    const gateway = scripted([() => told(facts('other-001', 'SUCCEEDED'), 'POSSIBLE_DUPLICATE'), succeed]);
    const { flow } = open(gateway);
    assert.equal((await flow.send(INPUT)).kind, 'duplicate');
    assert.equal((await flow.repeat()).kind, 'done');
    assert.deepEqual(gateway.sent[1]?.input, { ...INPUT, repeats: 'other-001' });
  });

  it('takes a price that has changed meanwhile for no other wish', async () => {
    const lose = () => LOST;
    const gateway = scripted([lose, lose, lose, succeed]);
    const { flow } = open(gateway);
    const priced = (amount: string) => ({ ...INPUT, ...expectedPrice({ amount, currency: null }) });
    assert.equal((await flow.send(priced('99'))).kind, 'unknown');
    assert.equal((await flow.send(priced('120.50'))).kind, 'done');
    assert.equal(new Set(gateway.sent.map((each) => each.key)).size, 1);
    assert.deepEqual(gateway.sent[3]?.input, { ...INPUT, expected: { amount: '120.50' } });
  });

  it('sends no price that was not shown', () => {
    assert.deepEqual(expectedPrice(null), {});
    assert.deepEqual(expectedPrice({ amount: 'n/a', currency: 'NZD' }), {});
    assert.deepEqual(expectedPrice({ amount: '0', currency: 'NZD' }), { expected: { amount: '0', currency: 'NZD' } });
  });

  it('tells how the write in the way ended, before anything else is sent', async () => {
    let status: Status = 'OUTCOME_UNKNOWN';
    const gateway = scripted(
      [() => told(facts('other-001', 'OUTCOME_UNKNOWN'), 'PRIOR_OUTCOME_UNKNOWN'), succeed],
      (key) => facts(key, status),
    );
    const { flow } = open(gateway);
    assert.equal((await flow.send(INPUT)).kind, 'blocked');
    assert.equal((await flow.check()).kind, 'blocked');
    status = 'SUCCEEDED';
    const state = await flow.check();
    assert.equal(state.kind === 'later' && state.earlier?.status, 'SUCCEEDED');
    assert.equal(gateway.sent.length, 1);
    assert.equal((await flow.retry()).kind, 'done');
  });

  it('forgets an intent whose form is left before anything was sent, and begins another after the outcome', async () => {
    const gateway = scripted([succeed]);
    const { flow, intents } = open(gateway);
    const key = intents.find('order')?.key;
    flow.leave();
    assert.equal(intents.find('order'), null);
    flow.enter();
    assert.notEqual(intents.find('order')?.key, key);
    await flow.send(INPUT);
    flow.startAnew();
    assert.equal(flow.state.kind, 'editing');
    assert.equal((await flow.send(INPUT)).kind, 'done');
    assert.equal(new Set(gateway.sent.map((each) => each.key)).size, 2);
  });

  it('works where the storage is full or forbidden', async () => {
    const storage = {
      ...memoryStorage(),
      length: 0,
      setItem: () => {
        throw new Error('QuotaExceededError');
      },
    };
    const gateway = scripted([() => LOST, () => LOST, () => LOST, succeed], () => null);
    const { flow, intents } = open(gateway, createIntentStore(storage));
    await flow.send(INPUT);
    assert.equal(intents.pending().length, 1);
    await flow.send(INPUT);
    assert.equal(new Set(gateway.sent.map(({ key }) => key)).size, 1);
  });
});
