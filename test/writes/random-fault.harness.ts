import { ORDER_BOOSTER_PACK } from '../../src/billing/order-booster-pack.js';
import type { BoosterPackOrder } from '../../src/domain/purchases.js';
import { type Ledger, LedgerUnavailable } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { type OnceRequest, type OnceResult, type OnceSteps, RunOnce } from '../../src/idempotency/run-once.js';
import { UpstreamChannel } from '../../src/upstreams/http/channel.js';
import { createUndiciTransport } from '../../src/upstreams/http/undici.transport.js';
import { XtractaClient } from '../../src/upstreams/xtracta/xtracta.client.js';
import type { FaultMoment, LedgerStep } from '../ledger/faulty-ledger.js';
import { REFUSING_URL } from '../support/raw-upstream.js';
import { recordedCall } from '../support/upstream-call.js';
import { FAULT_POINTS } from './fault-points.js';
import { interceptLedger } from './intercepted-ledger.js';
import { SUCCEEDS, type WriteBehaviour, WriteUpstream } from './write-upstream.js';

export type RandomFault =
  | { readonly at: 'wire'; readonly index: number }
  | { readonly at: 'refused' }
  | {
      readonly at: 'ledger';
      readonly step: LedgerStep;
      readonly moment: FaultMoment;
      readonly ends: 'fails' | 'dies';
    };

export interface FaultPair {
  readonly faults: readonly [RandomFault, RandomFault];
  /** Requests of the client, one after the other, before the process is gone. */
  readonly attempts: number;
  /** Requests at the same time as each attempt. */
  readonly duplicates: number;
}

/**
 * Short, because silence must be cheap. A healthy response that takes longer on a busy machine is unknown, which is
 * true as well.
 */
const WRITE_TIMEOUT_MS = 150;
/** Of a process that dies, in milliseconds: a little more than three attempts take that meet silence. */
const LIFE_MS = 4 * WRITE_TIMEOUT_MS;
const FIRST_INTENT = 100_000;
const TENANT = 'acme';

const BEHAVIOURS: readonly WriteBehaviour[] = FAULT_POINTS.map(({ place }) =>
  place.at === 'wire' || place.at === 'silence' ? place.behaviour : SUCCEEDS,
);

/** One write of a batch. Mutable: the ledger faults still to come. */
interface Case {
  readonly pair: FaultPair;
  readonly intent: number;
  readonly key: string;
  readonly pending: Extract<RandomFault, { at: 'ledger' }>[];
  refusals: number;
}

/**
 * RunOnce, a real ledger and the real client over the wire. Each batch has one process life and a restart: what is held
 * when it ends never goes on. Mutable: the counts.
 */
export class RandomFaultStand {
  readonly #url: string;
  readonly #upstream: WriteUpstream;
  readonly #client: XtractaClient;
  readonly #refused: XtractaClient;
  readonly #cases = new Map<string, Case>();
  pairs = 0;
  responses = 0;

  private constructor(url: string, upstream: WriteUpstream) {
    this.#url = url;
    this.#upstream = upstream;
    this.#client = clientOf(upstream.url);
    this.#refused = clientOf(REFUSING_URL);
  }

  static async start(ledgerUrl: string): Promise<RandomFaultStand> {
    return new RandomFaultStand(ledgerUrl, await WriteUpstream.start());
  }

  get most(): number {
    return this.#upstream.most();
  }

  async close(): Promise<void> {
    this.#client.close();
    this.#refused.close();
    await this.#upstream.close();
  }

  /** Runs all pairs at once, then restarts and asks again. Resolves to everything that was not true, in words. */
  async run(pairs: readonly FaultPair[]): Promise<readonly string[]> {
    const cases = pairs.map((pair) => this.#prepare(pair));
    const first = await openLedger(this.#url, { sweepIntervalMs: 0 });
    const faulty = interceptLedger(first, (step, moment, key) => this.#intercept(step, moment, key));
    const once = runOnceOn(faulty);
    const lies: string[] = [];
    const lives = Promise.all(cases.map((each) => this.#live(once, each, lies)));
    // The process dies when all have been answered, or with those unanswered that are held for ever: its lock is gone
    // then.
    await Promise.race([lives, this.#death(cases)]);
    await first.close();
    const second = await openLedger(this.#url, { sweepIntervalMs: 0 });
    const restarted = runOnceOn(second);
    const after = await Promise.all(cases.map((each) => this.#classify(restarted, second, each)));
    await restarted.drain();
    await second.close();
    for (const { key } of cases) this.#cases.delete(key);
    return [...lies, ...after.flat()];
  }

  /** Never, unless one of the faults is to die of. */
  #death(cases: readonly Case[]): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const dies = cases.some(({ pending }) => pending.some(({ ends }) => ends === 'dies'));
    if (dies) setTimeout(() => resolve(undefined), LIFE_MS);
    return promise;
  }

  #prepare(pair: FaultPair): Case {
    this.pairs += 1;
    const intent = FIRST_INTENT + this.pairs;
    const key = `random.${intent}`;
    const pending = pair.faults.filter((fault) => fault.at === 'ledger');
    const refusals = pair.faults.filter((fault) => fault.at === 'refused').length;
    const wire = pair.faults.find((fault) => fault.at === 'wire');
    if (wire !== undefined) this.#upstream.behave(intent, BEHAVIOURS[wire.index] ?? SUCCEEDS);
    const made: Case = { pair, intent, key, pending: [...pending], refusals };
    this.#cases.set(key, made);
    return made;
  }

  #intercept(step: LedgerStep, moment: FaultMoment, key: string): Promise<void> | undefined {
    const pending = this.#cases.get(key)?.pending ?? [];
    const index = pending.findIndex((fault) => fault.step === step && fault.moment === moment);
    if (index < 0) return undefined;
    const [fault] = pending.splice(index, 1);
    if (fault?.ends === 'dies') return Promise.withResolvers<never>().promise;
    throw new LedgerUnavailable('A fault of the test.');
  }

  async #live(once: RunOnce, each: Case, lies: string[]): Promise<void> {
    for (let attempt = 0; attempt < each.pair.attempts; attempt += 1) {
      const asked = Array.from({ length: 1 + each.pair.duplicates }, () => this.#ask(once, each));
      for (const found of await Promise.all(asked)) lies.push(...found);
    }
  }

  async #ask(once: RunOnce, each: Case): Promise<readonly string[]> {
    const result = await once.run(orderOf(each), this.#stepsOf(each));
    this.responses += 1;
    return this.#liesOf(each, result);
  }

  /** After the restart: the same key again, another key if it is unknown, and the row itself. */
  async #classify(once: RunOnce, ledger: Ledger, each: Case): Promise<readonly string[]> {
    each.pending.length = 0;
    each.refusals = 0;
    const lies = [...(await this.#ask(once, each))];
    const row = await ledger.find(TENANT, each.key);
    const { received, carriedOut } = this.#upstream.count(each.intent);
    if (received > 1) lies.push(`${each.key} was sent ${received} times`);
    if (row === null) return [...lies, `${each.key} has no row`];
    if (row.state === 'succeeded' && carriedOut === 0) lies.push(`${each.key} is recorded as done, and is not`);
    if (row.state === 'rejected' && carriedOut > 0) lies.push(`${each.key} is recorded as refused, and is done`);
    if (row.state === 'not_sent' && received > 0) lies.push(`${each.key} is recorded as not sent, and was`);
    if (row.state === 'claimed' || row.state === 'sending') lies.push(`${each.key} is still under way`);
    if (row.state === 'unknown') {
      const other = await once.run({ ...orderOf(each), idempotencyKey: `${each.key}.other` }, this.#stepsOf(each));
      if (other.kind !== 'priorUnknown') lies.push(`${each.key} is unknown and its target is free`);
    }
    return lies;
  }

  #liesOf({ intent, key }: Case, result: OnceResult<BoosterPackOrder>): readonly string[] {
    const { received, carriedOut } = this.#upstream.count(intent);
    if (result.kind !== 'completed') {
      return result.kind === 'keyReused' || result.kind === 'draining' ? [`${key} was answered ${result.kind}`] : [];
    }
    const { kind } = result.outcome;
    return [
      ...(kind === 'succeeded' && carriedOut === 0 ? [`${key}: false success`] : []),
      ...((kind === 'rejected' || kind === 'notSent') && carriedOut > 0 ? [`${key}: false failure (${kind})`] : []),
      ...(kind === 'notSent' && received > 0 ? [`${key}: sent after all`] : []),
    ];
  }

  #stepsOf(each: Case): OnceSteps<BoosterPackOrder> {
    const request = { packId: String(each.intent), groupId: null, quantity: 1, heldDocuments: 'PROCESS' } as const;
    return {
      baseline: async () => null,
      toStored: (order) => ORDER_BOOSTER_PACK.toStored(order),
      fromStored: (stored) => ORDER_BOOSTER_PACK.fromStored(stored, request, null),
      send: () => {
        const client = each.refusals > 0 ? this.#refused : this.#client;
        each.refusals -= 1;
        return client.orderBoosterPack(
          { id: 'credential', apiKey: 'test-key', rootGroupId: null },
          request,
          recordedCall().call,
        );
      },
    };
  }
}

function clientOf(baseUrl: string): XtractaClient {
  // Neither an open circuit nor a queue keeps a fault from being met.
  const channel = new UpstreamChannel({
    service: 'xtracta',
    transport: createUndiciTransport(),
    breaker: { failures: 1e9 },
    pool: { size: 256 },
  });
  return new XtractaClient({ baseUrl, readTimeoutMs: 1_000, writeTimeoutMs: WRITE_TIMEOUT_MS, channel });
}

function runOnceOn(ledger: Ledger): RunOnce {
  return new RunOnce({ ledger, pollIntervalMs: 5, duplicateWaitMs: 500, recordRetryMs: 5 });
}

function orderOf({ intent, key }: Case): OnceRequest {
  return {
    tenantId: TENANT,
    credentialId: 'credential',
    idempotencyKey: key,
    kind: 'ORDER_BOOSTER_PACK',
    target: `group:${intent}`,
    groupId: null,
    input: { packId: String(intent) },
    stored: { packId: String(intent), quantity: 1 },
    deletesDocuments: false,
  };
}
