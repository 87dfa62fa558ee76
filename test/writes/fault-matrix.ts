import { openLedger } from '../../src/idempotency/open-ledger.js';
import { startGateway, type TestGateway } from '../support/start-gateway.js';
import { startConnectionStands } from './connection-faults.js';
import { type Cell, type CellReport, CIRCUMSTANCES, duplicatesOf } from './fault-cells.js';
import type { Said } from './fault-points.js';
import { GatewayProcess } from './gateway-processes.js';
import { type HeldStep, interceptLedger, LedgerFaults } from './intercepted-ledger.js';
import { ask, statusOf, type Told } from './write-client.js';
import { afterGate, SUCCEEDS, type WriteUpstream } from './write-upstream.js';

/**
 * No healthy response takes that long, even on a busy machine. For silence, which only the deadline ends, it is the
 * least allowed value.
 */
const PATIENT_MS = 20_000;
const HASTY_MS = 1_000;
/** Fewer than the failures in a row that open the circuit, after which nothing is sent at all. */
const WORKERS = 4;

/** Runs every cell against real gateways on one ledger. Mutable: gateways, upstream and the first responses. */
export class FaultMatrix {
  readonly #ledgerUrl: string;
  readonly #cells: readonly Cell[];
  readonly #faults = new LedgerFaults();
  readonly #firsts = new Map<Cell, { first: Told; duplicates: readonly Told[] }>();
  readonly upstream: WriteUpstream;

  constructor(ledgerUrl: string, cells: readonly Cell[], upstream: WriteUpstream) {
    this.#ledgerUrl = ledgerUrl;
    this.#cells = cells;
    this.upstream = upstream;
  }

  async run(): Promise<readonly CellReport[]> {
    const first = await this.#open(PATIENT_MS, undefined, this.#faults);
    const hasty = await this.#open(HASTY_MS);
    const hastyReplica = await this.#open(HASTY_MS);
    const replica = await this.#open();
    const stands = await startConnectionStands(CIRCUMSTANCES, (fault, urls) =>
      this.#open(fault === 'handshake' ? HASTY_MS : PATIENT_MS, urls),
    );
    const urlOf = (cell: Cell): string => {
      const { place } = cell.point;
      if (place.at === 'connection') return stands.of(place.fault, cell.circumstance, cell.write.name).url;
      return place.at === 'silence' ? hasty.url : first.url;
    };
    const at = (...places: readonly string[]) => this.#cells.filter(({ point }) => places.includes(point.place.at));
    await Promise.all([
      inTurns(at('wire', 'ledger', 'client', 'crowd'), (cell) => this.#meet(cell, first.url, replica.url)),
      inTurns(at('silence'), (cell) => this.#meet(cell, hasty.url, hastyReplica.url)),
      ...at('connection').map((cell) => this.#meet(cell, urlOf(cell), urlOf(cell))),
    ]);
    await this.#crash(at('crash'), replica.url);
    await this.#drain(at('drain'));
    const stays = this.#cells.filter(({ circumstance }) => circumstance !== 'a restart afterwards');
    const reports = [...(await inTurns(stays, (cell) => this.#after(cell, urlOf(cell), replica.url)))];
    await Promise.all([first.close(), hasty.close(), hastyReplica.close(), replica.close(), stands.close()]);
    const restarted = await this.#open();
    const rest = this.#cells.filter(({ circumstance }) => circumstance === 'a restart afterwards');
    reports.push(...(await inTurns(rest, (cell) => this.#after(cell, restarted.url, restarted.url))));
    await restarted.close();
    return reports;
  }

  #open(
    writeTimeoutMs = PATIENT_MS,
    urls = { xtractaUrl: this.upstream.url, creditsUrl: this.upstream.url },
    faults: LedgerFaults | null = null,
  ): Promise<TestGateway> {
    return startGateway({
      ...urls,
      env: { ...this.#settings(), WRITE_TIMEOUT_MS: String(writeTimeoutMs), CREDITS_TOKEN: undefined },
      parts:
        faults === null
          ? {}
          : { openLedger: async (url, options) => interceptLedger(await openLedger(url, options), faults.intercept) },
    });
  }

  #settings(): Record<string, string> {
    return {
      AUTH: 'passthrough',
      LEDGER_URL: this.#ledgerUrl,
      RATE_LIMIT_WRITES_PER_MINUTE: '0',
      LOG_LEVEL: 'fatal',
    };
  }

  /** The request that meets the fault, and its duplicates at this gateway and at a replica. */
  async #meet(cell: Cell, url: string, replicaUrl: string): Promise<void> {
    const { place } = cell.point;
    // Orders and plan changes read the history first, which shows the circuit breaker that the upstream is well.
    // Purchases do not, and a duplicate can be the one that is sent: each gateway buys something else first.
    if (cell.write.name === 'purchaseCredits') {
      const gateways = [...new Set([url, replicaUrl])];
      await Promise.all(
        gateways.map((gateway, number) =>
          ask(gateway, this.upstream, { ...cell, intent: (number + 1) * 900_000 + cell.intent }),
        ),
      );
    }
    const hangUp = new AbortController();
    const held = this.#hold(cell);
    const first = ask(url, this.upstream, cell, place.at === 'client' ? { signal: hangUp.signal } : {});
    await held?.reached;
    const duplicates = Array.from({ length: duplicatesOf(cell) }, (_, index) =>
      ask(index % 2 === 0 ? url : replicaUrl, this.upstream, cell),
    );
    if (place.at === 'ledger') held?.fail();
    if (place.at === 'client') {
      hangUp.abort();
      await first;
      held?.goOn();
    }
    this.#firsts.set(cell, { first: await first, duplicates: await Promise.all(duplicates) });
  }

  /** Prepares the fault; what it answers waits until the duplicates are under way. */
  #hold({ point: { place }, key, intent }: Cell): HeldStep | null {
    switch (place.at) {
      case 'wire':
      case 'silence':
        this.upstream.behave(intent, place.behaviour);
        return null;
      case 'ledger':
        return this.#faults.hold(key, place.step, place.moment);
      case 'client': {
        if (place.step !== 'upstream') return this.#faults.hold(key, place.step, place.moment);
        const gate = Promise.withResolvers<undefined>();
        this.upstream.behave(intent, afterGate(gate.promise, SUCCEEDS));
        const goOn = (): void => gate.resolve(undefined);
        return { reached: this.upstream.arrival(intent), goOn, fail: goOn };
      }
      case 'connection':
      case 'crash':
      case 'drain':
      case 'crowd':
        return null;
    }
  }

  /** All writes are held at their points in one process, which then is killed at once. */
  async #crash(cells: readonly Cell[], replicaUrl: string): Promise<void> {
    const gate = Promise.withResolvers<undefined>();
    const killed = await GatewayProcess.start({
      ...this.#settings(),
      XTRACTA_URL: this.upstream.url,
      CREDITS_URL: this.upstream.url,
    });
    const atUpstream = cells.filter(({ point: { place } }) => place.at === 'crash' && place.step === 'upstream');
    for (const { intent } of atUpstream) this.upstream.behave(intent, afterGate(gate.promise, SUCCEEDS));
    const firsts = cells.map((cell) => ask(killed.url, this.upstream, cell));
    await killed.holds(cells.filter((cell) => !atUpstream.includes(cell)).map(({ key }) => key));
    await Promise.all(atUpstream.map(({ intent }) => this.upstream.arrival(intent)));
    const duplicates = cells.map((cell) =>
      cell.circumstance === 'a duplicate in flight' ? [ask(replicaUrl, this.upstream, cell)] : [],
    );
    await killed.kill();
    for (const [index, cell] of cells.entries()) {
      const first = await firsts[index];
      if (first !== undefined) {
        this.#firsts.set(cell, { first, duplicates: await Promise.all(duplicates[index] ?? []) });
      }
    }
    gate.resolve(undefined);
  }

  /** A gateway drains while all these writes are at the upstream. */
  async #drain(cells: readonly Cell[]): Promise<void> {
    const draining = await this.#open();
    const gate = Promise.withResolvers<undefined>();
    for (const { intent } of cells) this.upstream.behave(intent, afterGate(gate.promise, SUCCEEDS));
    const asked = cells.map((cell) => {
      return Array.from({ length: 1 + duplicatesOf(cell) }, () => ask(draining.url, this.upstream, cell));
    });
    await Promise.all(cells.map(({ intent }) => this.upstream.arrival(intent)));
    const closed = draining.close();
    gate.resolve(undefined);
    for (const [index, cell] of cells.entries()) {
      const [first, ...duplicates] = await Promise.all(asked[index] ?? []);
      if (first !== undefined) this.#firsts.set(cell, { first, duplicates });
    }
    await closed;
  }

  /** What the same key, another input and another key are told once the first response was given. */
  async #after(cell: Cell, url: string, clearUrl: string): Promise<CellReport> {
    const { upstream } = this;
    const met = this.#firsts.get(cell);
    if (met === undefined) throw new Error(`${cell.key} was never run.`);
    const again = [await ask(url, upstream, cell)];
    const isUnsent = (said: Said | undefined): boolean => said === 'UPSTREAM_UNAVAILABLE';
    if (isUnsent(again.at(-1)?.said)) again.push(await ask(clearUrl, upstream, cell));
    const reused = await ask(clearUrl, upstream, cell, { otherInput: true });
    const otherKey =
      again.at(-1)?.said === 'OUTCOME_UNKNOWN'
        ? await ask(clearUrl, upstream, cell, { key: `${cell.key}.other-key` })
        : null;
    return {
      cell,
      ...met,
      again,
      reused,
      otherKey,
      finalStatus: await statusOf(clearUrl, cell),
      count: upstream.count(cell.intent),
    };
  }
}

/** At most so many at once. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return results;
}
