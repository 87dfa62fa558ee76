import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import type { BillingClient, BillingResponse, ResponseError } from '../src/index.ts';
import {
  createBillingWrite,
  createIntentStore,
  expectedPrice,
  type Intent,
  memoryStorage,
  stateOfResponse,
  type WriteFacts,
} from '../src/index.ts';
import { deferred } from './kits.harness.ts';

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

function open(gateway: { readonly client: BillingClient }, intents = createIntentStore('alice', memoryStorage())) {
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
    const { flow } = open(before, createIntentStore('alice', storage));
    assert.deepEqual(await flow.send(INPUT).then(({ kind }) => kind), 'unknown');
    flow.leave();
    const key = before.sent[0]?.key ?? '';
    const after = scripted([succeed], () => facts(key, 'SUCCEEDED'));
    const reopened = open(after, createIntentStore('alice', storage));
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
    const { flow, intents } = open(gateway, createIntentStore('alice', storage));
    await flow.send(INPUT);
    assert.equal(intents.pending().length, 1);
    await flow.send(INPUT);
    assert.equal(new Set(gateway.sent.map(({ key }) => key)).size, 1);
  });
});

const own =
  (status: Status, code: string, retryable = false) =>
  (key: string) =>
    told(facts(key, status), code, retryable);
const equal = () => told(facts('other-001', 'SUCCEEDED'), 'POSSIBLE_DUPLICATE');
const lost = () => LOST;
const limited = () => failed('RATE_LIMITED', true);
const signedOut = () => failed('UNAUTHENTICATED');
const running = own('IN_PROGRESS', 'OPERATION_IN_PROGRESS', true);
const unsent = own('NOT_SENT', 'UPSTREAM_UNAVAILABLE', true);
const repriced = () => told(null, 'PRECONDITION_FAILED');
const blockedBy = () => told(facts('other-001', 'OUTCOME_UNKNOWN'), 'PRIOR_OUTCOME_UNKNOWN');

describe('a refusal says nothing about an earlier request that may still arrive', () => {
  afterEach(() => mock.timers.reset());

  for (const [name, first, then, kind, row] of [
    ['lost, then signed out', lost, signedOut, 'unknown', null],
    ['lost, then too many', lost, limited, 'unknown', null],
    ['lost, then another price', lost, repriced, 'unknown', null],
    ['lost, then not sent', lost, unsent, 'unknown', 'NOT_SENT'],
    ['lost, then equal to another', lost, equal, 'duplicate', null],
    ['lost, then blocked', lost, blockedBy, 'blocked', null],
    ['under way, then signed out', running, signedOut, 'unknown', null],
    ['under way, then too many', running, limited, 'unknown', null],
    ['under way, then not sent', running, unsent, 'unknown', 'NOT_SENT'],
  ] as const) {
    it(`${name}: the key stays, also for a changed form`, async () => {
      const rowOf = (key: string) => (row === null || key === 'other-001' ? null : facts(key, row));
      const gateway = scripted([first, then, then, succeed], rowOf);
      const { flow, intents } = open(gateway);
      const state = await flow.send(INPUT);
      assert.equal(state.kind, kind);
      if (state.kind === 'unknown') {
        assert.equal(state.cause, row ?? 'NO_RESPONSE');
        assert.notEqual(state.problem, null);
      }
      const key = intents.pending()[0]?.key;
      await flow.check();
      flow.leave();
      flow.startAnew();
      await flow.send({ ...INPUT, quantity: 2 });
      assert.deepEqual([...new Set(gateway.sent.map((each) => each.key))], [key]);
    });
  }

  it('is settled by a row that has ended', async () => {
    const gateway = scripted([lost, own('REJECTED', 'UPSTREAM_REJECTED')]);
    const { flow, intents } = open(gateway);
    assert.equal((await flow.send(INPUT)).kind, 'refused');
    assert.deepEqual(intents.pending(), []);
  });

  it('is a plain refusal, where a response came to every request', async () => {
    for (const [refusal, kind] of [
      [signedOut, 'refused'],
      [repriced, 'refused'],
      [limited, 'later'],
    ] as const) {
      const { flow, intents } = open(scripted([limited, refusal]));
      assert.equal((await flow.send(INPUT)).kind, kind);
      assert.deepEqual(intents.pending(), []);
    }
  });

  it('keeps what another tab has sent meanwhile with the same key', async () => {
    const intents = createIntentStore('alice', memoryStorage());
    const { promise: response, resolve: respond } = deferred<Told>();
    const slow = { ...scripted([]).client, mutate: () => response } as unknown as BillingClient;
    const { flow: one } = open({ client: slow }, intents);
    const sending = one.send(INPUT);
    const { flow: other } = open(scripted([lost]), intents);
    await other.send(INPUT);
    respond(signedOut());
    assert.equal((await sending).kind, 'unknown');
    assert.equal(intents.pending().length, 1);
  });

  it('asks for its own write when the one that blocked it has ended', async () => {
    const gateway = scripted([lost, blockedBy], (key) => (key === 'other-001' ? facts(key, 'REJECTED') : null));
    const { flow, intents } = open(gateway);
    assert.equal((await flow.send(INPUT)).kind, 'blocked');
    const state = await flow.check();
    assert.equal(state.kind === 'unknown' && state.cause, 'NOT_RECEIVED');
    assert.equal(intents.pending().length, 1);
  });

  it('keeps a key of which the gateway says only that it is used, until the first version is known', async () => {
    const gateway = scripted([() => told(null, 'IDEMPOTENCY_KEY_REUSED')], (key) => facts(key, 'SUCCEEDED'));
    const { flow, intents } = open(gateway);
    assert.equal((await flow.send(INPUT)).kind, 'keyReused');
    assert.equal(intents.pending().length, 1);
    const state = await flow.check();
    assert.equal(state.kind === 'keyReused' && state.first?.status, 'SUCCEEDED');
    assert.deepEqual(intents.pending(), []);
  });

  for (const row of [null, 'NOT_SENT'] as const) {
    const reason = row ?? 'NOT_RECEIVED';
    it(`${reason}: half an hour after the last request it has never been carried out`, async () => {
      mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-01-01T00:00:00Z') });
      const gateway = scripted([lost, lost, lost, succeed], (key) => (row === null ? null : facts(key, row)));
      const { flow, intents } = open(gateway);
      await flow.send(INPUT);
      mock.timers.tick(29 * 60_000);
      const before = await flow.check();
      assert.equal(before.kind === 'unknown' && before.cause, reason);
      mock.timers.tick(2 * 60_000);
      const state = await flow.check();
      assert.equal(state.kind === 'later' && state.reason, reason);
      assert.deepEqual(intents.pending(), []);
      assert.equal((await flow.send({ ...INPUT, quantity: 2 })).kind, 'done');
      assert.equal(new Set(gateway.sent.map((each) => each.key)).size, 2);
    });
  }

  it('sends nothing more with a key that was given up in another tab while this one slept', async () => {
    const intents = createIntentStore('alice', memoryStorage());
    const gateway = scripted([lost, succeed]);
    const { promise: waking, resolve: wake } = deferred<void>();
    const flow = createBillingWrite({
      write: 'orderBoosterPack',
      client: gateway.client,
      intents,
      intent: 'order',
      attempts: { most: 2, wait: () => waking },
    });
    flow.enter();
    const sending = flow.send(INPUT);
    const [given] = intents.pending();
    intents.end('order', given?.key ?? '');
    intents.begin('order');
    wake();
    assert.equal((await sending).kind, 'unknown');
    assert.equal(gateway.sent.length, 1);
  });
});

describe('the intents of a browser', () => {
  it('are those of one user: another one neither sees nor ends them', async () => {
    const storage = memoryStorage();
    const gateway = scripted([lost]);
    const { flow, intents } = open(gateway, createIntentStore('acme:alice', storage));
    await flow.send(INPUT);
    flow.leave();
    for (const owner of ['acme', 'acme:alice:order', 'acme:bob', '"acme:alice"']) {
      const other = open(scripted([succeed]), createIntentStore(owner, storage));
      assert.equal(other.flow.state.kind, 'editing');
      assert.deepEqual(other.intents.pending(), []);
      await other.flow.send(INPUT);
      other.flow.leave();
    }
    assert.equal(intents.pending().length, 1);
    const again = open(gateway, createIntentStore('acme:alice', storage));
    assert.equal(again.flow.state.kind, 'unknown');
    await again.flow.send(INPUT);
    assert.equal(new Set(gateway.sent.map(({ key }) => key)).size, 1);
  });

  it('have an owner', () => {
    assert.throws(() => createIntentStore('', memoryStorage()), TypeError);
  });

  it('are kept and ended by their key, so that another one of the form stays', () => {
    const intents = createIntentStore('alice', memoryStorage());
    const first = intents.begin('order');
    intents.end('order', first.key);
    const second: Intent = { ...intents.begin('order'), state: 'sent' };
    intents.put(second);
    intents.put({ ...first, state: 'sent' });
    intents.end('order', first.key);
    assert.deepEqual(intents.pending(), [second]);
  });
});

describe('whatever the network does, in two tabs of one form', () => {
  type Fate = 'arrives' | 'responseLost' | 'late' | 'never' | 'hangs' | 'signedOut' | 'limited' | 'repriced' | 'unsent';
  const fate = fc.constantFrom<Fate>(
    'arrives',
    'responseLost',
    'late',
    'never',
    'hangs',
    'signedOut',
    'limited',
    'repriced',
    'unsent',
  );
  const step = fc.record({
    tab: fc.nat({ max: 1 }),
    action: fc.constantFrom('send', 'send', 'send', 'check', 'reopen', 'reload', 'anew', 'arrive', 'release'),
    quantity: fc.integer({ min: 1, max: 2 }),
  });

  /** A gateway that charges a key once, behind a network with prepared fates. */
  function unreliable(fates: readonly Fate[]) {
    const rows = new Map<string, { readonly quantity: unknown; readonly status: Status }>();
    const late: (() => void)[] = [];
    const hanging: (() => void)[] = [];
    let turn = 0;
    const charge = (key: string, quantity: unknown, isUnsent = false): Told => {
      const known = rows.get(key);
      if (known !== undefined && known.quantity !== quantity) {
        return told(facts(key, known.status), 'IDEMPOTENCY_KEY_REUSED');
      }
      if (known?.status === 'SUCCEEDED') return told({ ...facts(key, 'SUCCEEDED'), replayed: true });
      rows.set(key, { quantity, status: isUnsent ? 'NOT_SENT' : 'SUCCEEDED' });
      return isUnsent ? unsent(key) : succeed(key);
    };
    const client = {
      async query(_document: unknown, { idempotencyKey }: { idempotencyKey: string }) {
        const row = rows.get(idempotencyKey);
        const billingOperation = row === undefined ? null : facts(idempotencyKey, row.status);
        return { kind: 'response', data: { billingOperation }, errors: [] };
      },
      async mutate(_document: unknown, { input }: { input: { idempotencyKey: string; quantity: number } }) {
        const { idempotencyKey, quantity } = input;
        turn += 1;
        switch (fates[turn % fates.length]) {
          case 'responseLost':
            charge(idempotencyKey, quantity);
            return LOST;
          case 'late':
            late.push(() => charge(idempotencyKey, quantity));
            return LOST;
          case 'never':
            return LOST;
          case 'hangs':
            return new Promise((resolve) => hanging.push(() => resolve(charge(idempotencyKey, quantity))));
          case 'signedOut':
            return signedOut();
          case 'limited':
            return limited();
          case 'repriced':
            return repriced();
          case 'unsent':
            return charge(idempotencyKey, quantity, true);
          default:
            return charge(idempotencyKey, quantity);
        }
      },
    } as unknown as BillingClient;
    const empty = (queue: (() => void)[]) => {
      for (const work of queue.splice(0)) work();
    };
    const charged = () => [...rows].filter(([, { status }]) => status === 'SUCCEEDED').map(([key]) => key);
    return { client, charged, arrive: () => empty(late), release: () => empty(hanging) };
  }

  it('the user has been shown every charge but the last one', async () => {
    const run = fc.asyncProperty(
      fc.array(fate, { minLength: 1, maxLength: 12 }),
      fc.array(step, { minLength: 1, maxLength: 14 }),
      async (fates, steps) => {
        const storage = memoryStorage();
        const gateway = unreliable(fates);
        const shown = new Set<string>();
        const openTab = () => {
          const { flow } = open(gateway, createIntentStore('alice', storage));
          flow.subscribe(() => {
            const { state } = flow;
            const operation = state.kind === 'keyReused' ? state.first : 'operation' in state ? state.operation : null;
            if (operation?.status === 'SUCCEEDED') shown.add(operation.idempotencyKey);
          });
          return flow;
        };
        const tabs = [openTab(), openTab()];
        const turn = () => new Promise((resolve) => setImmediate(resolve));
        for (const { tab, action, quantity } of steps) {
          const flow = tabs[tab] ?? openTab();
          if (action === 'send') void flow.send({ ...INPUT, quantity });
          else if (action === 'check') void flow.check();
          else if (action === 'reload') tabs[tab] = openTab();
          else if (action === 'anew') flow.startAnew();
          else if (action === 'reopen') {
            flow.leave();
            flow.enter();
          } else gateway[action]();
          await turn();
        }
        do {
          gateway.arrive();
          gateway.release();
          await turn();
        } while (tabs.some(({ state }) => state.kind === 'sending'));
        const unseen = gateway.charged().filter((key) => !shown.has(key));
        assert.ok(unseen.length <= 1, `${unseen.length} charges that nobody was shown`);
      },
    );
    await fc.assert(run, { numRuns: 2_000 });
  });
});
