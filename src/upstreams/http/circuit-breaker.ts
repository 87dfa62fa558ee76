import { LRUCache } from 'lru-cache';
import type { EndpointKind } from '../../domain/upstream-call.js';
import type { TransportResult } from './transport.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface UpstreamBreakerOptions {
  /** Failures in a row that open a circuit; default 5. */
  readonly failures?: number;
  /** Milliseconds until the upstream is tried again; default 10,000. */
  readonly halfOpenAfterMs?: number;
  /**
   * Whether a write may be the trial call. False where the upstream has reads, because a write to a failing upstream
   * risks an unknown outcome and a read risks nothing. An upstream with only writes could otherwise never recover.
   */
  readonly writesMayProbe?: boolean;
}

export type Health = 'healthy' | 'sick' | 'unclear';

/**
 * Health of the upstream by one attempt. A refusal is healthy. A response that the gateway refuses to read proves at
 * least that the upstream is up. An attempt that the gateway aborted proves nothing.
 */
export function healthOf(result: TransportResult): Health {
  if (result.kind === 'response') return result.status >= 500 ? 'sick' : 'healthy';
  if (result.reason === 'aborted') return 'unclear';
  return result.reason === 'too-large' || result.reason === 'encoded' ? 'healthy' : 'sick';
}

interface OpenCircuit {
  readonly kind: 'open';
  readonly sinceMs: number;
  /** Trial calls that have failed since then, each with another credential. */
  readonly failedProbes: number;
}

/** State of a circuit. `half-open`: a trial call is under way; `before` is the state when it began. */
export type Circuit =
  | { readonly kind: 'closed'; readonly failures: number; readonly failedCredentials: readonly string[] }
  | OpenCircuit
  | { readonly kind: 'half-open'; readonly before: OpenCircuit };

export interface CircuitRule {
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  /**
   * Number of different credentials in those failures, and of failed trial calls before the next wait. It is 1 for the
   * circuit of one credential.
   */
  readonly credentials: number;
  readonly halfOpenAfterMs: number;
  readonly writesMayProbe: boolean;
}

export interface AttemptHealth {
  readonly health: Health;
  readonly credentialId: string;
  readonly isProbe: boolean;
}

export const CLOSED: Circuit = { kind: 'closed', failures: 0, failedCredentials: [] };

/** Decision on a call: send it, send it as the trial call, wait for the trial call under way, or refuse it. */
export function admissionTo(
  circuit: Circuit,
  kind: EndpointKind,
  rule: CircuitRule,
  nowMs: number,
): 'pass' | 'probe' | 'wait' | 'refuse' {
  if (circuit.kind === 'closed') return 'pass';
  if (circuit.kind === 'half-open') return 'wait';
  const mayProbe = kind === 'read' || rule.writesMayProbe;
  return mayProbe && nowMs - circuit.sinceMs >= rule.halfOpenAfterMs ? 'probe' : 'refuse';
}

/**
 * The circuit after an attempt. On a circuit that is not closed, only the trial call counts, because other attempts
 * began before it opened. After an unclear trial call the next one decides.
 */
export function afterAttempt(circuit: Circuit, attempt: AttemptHealth, rule: CircuitRule, nowMs: number): Circuit {
  if (circuit.kind === 'open') return circuit;
  if (circuit.kind === 'half-open') {
    if (!attempt.isProbe) return circuit;
    if (attempt.health === 'healthy') return CLOSED;
    return attempt.health === 'unclear' ? circuit.before : afterFailedProbe(circuit.before, rule, nowMs);
  }
  if (attempt.health !== 'sick') return attempt.health === 'healthy' ? CLOSED : circuit;
  const failures = circuit.failures + 1;
  const failedCredentials = withCredential(circuit.failedCredentials, attempt.credentialId, rule.credentials);
  return failures >= rule.failures && failedCredentials.length >= rule.credentials
    ? { kind: 'open', sinceMs: nowMs, failedProbes: 0 }
    : { kind: 'closed', failures, failedCredentials };
}

/** Keeps no more credentials than the rule needs. */
function withCredential(known: readonly string[], credentialId: string, enough: number): readonly string[] {
  return known.length >= enough || known.includes(credentialId) ? known : [...known, credentialId];
}

/** The tried account may be the only one that still fails, so others may try before the circuit waits again. */
function afterFailedProbe(before: OpenCircuit, rule: CircuitRule, nowMs: number): Circuit {
  const failedProbes = before.failedProbes + 1;
  return failedProbes >= rule.credentials
    ? { kind: 'open', sinceMs: nowMs, failedProbes: 0 }
    : { ...before, failedProbes };
}

/** Permission for one attempt. It ends exactly once; a call after `end` or `cancel` has no effect. */
export interface BreakerPass {
  /** Whether the attempt may still be sent. Call it after any wait, right before sending. */
  isStillValid(): boolean;
  /** Records the result of the attempt. */
  end(result: TransportResult): void;
  /** Call when nothing was sent. */
  cancel(): void;
}

/** All but `admitted` prove that the call has not begun. */
export type BreakerAdmission =
  | { readonly kind: 'admitted'; readonly pass: BreakerPass }
  | { readonly kind: 'refused' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'aborted' };

/** Number of credentials whose circuits are kept. The least recently used one is dropped first. */
const MAX_CREDENTIALS = 1_000;
/** Failing accounts that make a failure the upstream's own. */
const COMMON_CREDENTIALS = 3;
/** Calls that may wait for a trial call: in total, and for one credential. The pool has the same limits. */
const MAX_WAITING = 2_048;
const MAX_WAITING_PER_CREDENTIAL = 512;
/** A credential last used longer before the latest call does not count for the present state. */
const RECENT_MS = 60_000;

/** Mutable: the state of one circuit, and its trial call. */
class Gate {
  readonly #rule: CircuitRule;
  #circuit: Circuit = CLOSED;
  /** Counts the changes of state. An attempt of an earlier period does not count for the present one. */
  #period = 0;
  #probe: PromiseWithResolvers<void> | null = null;
  waiting = 0;
  lastUsedMs = 0;

  constructor(rule: CircuitRule) {
    this.#rule = rule;
  }

  get state(): BreakerState {
    return this.#circuit.kind;
  }

  admission(kind: EndpointKind, nowMs: number): ReturnType<typeof admissionTo> {
    return admissionTo(this.#circuit, kind, this.#rule, nowMs);
  }

  /** Fulfilled when the trial call under way has ended. */
  probeEnded(): Promise<void> {
    return this.#probe?.promise ?? Promise.resolve();
  }

  /** Call only where the admission is `pass` or `probe`. */
  take(credentialId: string): GatePass {
    const isProbe = this.#circuit.kind === 'open';
    if (this.#circuit.kind === 'open') {
      this.#probe = Promise.withResolvers();
      this.#become({ kind: 'half-open', before: this.#circuit });
    }
    let period = this.#period;
    return {
      isProbe,
      isStillValid: () => {
        if (isProbe) return true;
        period = this.#period;
        return this.#circuit.kind === 'closed';
      },
      end: (health, nowMs) => {
        if (period !== this.#period) return;
        this.#become(afterAttempt(this.#circuit, { health, credentialId, isProbe }, this.#rule, nowMs));
      },
    };
  }

  open(nowMs: number): void {
    if (this.#circuit.kind === 'closed') this.#become({ kind: 'open', sinceMs: nowMs, failedProbes: 0 });
  }

  #become(circuit: Circuit): void {
    if (circuit.kind !== this.#circuit.kind) this.#period += 1;
    this.#circuit = circuit;
    if (circuit.kind === 'half-open') return;
    this.#probe?.resolve();
    this.#probe = null;
  }
}

interface GatePass {
  readonly isProbe: boolean;
  isStillValid(): boolean;
  end(health: Health, nowMs: number): void;
}

/**
 * The circuit breakers of one upstream. Each credential has its own, so that the failing account of one tenant does not
 * affect others. A common one opens when several accounts fail. While one call tries an open circuit, the others wait
 * for its result. Mutable: the circuits.
 */
export class UpstreamBreaker {
  readonly #nowMs: () => number;
  readonly #ownRule: CircuitRule;
  readonly #common: Gate;
  readonly #own = new LRUCache<string, Gate>({ max: MAX_CREDENTIALS });
  #waiting = 0;

  /** @param nowMs a clock that never goes back */
  constructor(options: UpstreamBreakerOptions = {}, nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#ownRule = {
      failures: options.failures ?? 5,
      credentials: 1,
      halfOpenAfterMs: options.halfOpenAfterMs ?? 10_000,
      writesMayProbe: options.writesMayProbe ?? false,
    };
    this.#common = new Gate({ ...this.#ownRule, credentials: COMMON_CREDENTIALS });
  }

  /**
   * State of the upstream as a whole. With one or two accounts their own circuits decide. The state is then closed if
   * any circuit used within a minute of the last call is closed.
   */
  state(): BreakerState {
    if (this.#common.state !== 'closed') return this.#common.state;
    const gates = [...this.#own.values()];
    const lastUsedMs = Math.max(...gates.map((gate) => gate.lastUsedMs));
    const states = gates.filter((gate) => lastUsedMs - gate.lastUsedMs <= RECENT_MS).map(({ state }) => state);
    if (states.length === 0 || states.includes('closed')) return 'closed';
    return states.includes('half-open') ? 'half-open' : 'open';
  }

  /** Whether a call would be admitted now, possibly after a wait. */
  admits(kind: EndpointKind, credentialId: string): boolean {
    const nowMs = this.#nowMs();
    const own = this.#own.peek(credentialId);
    return this.#common.admission(kind, nowMs) !== 'refuse' && own?.admission(kind, nowMs) !== 'refuse';
  }

  /** Whether a read of the credential would wait for a trial call under way. */
  isTried(credentialId: string): boolean {
    return [this.#common, this.#own.peek(credentialId)].some((gate) => gate?.state === 'half-open');
  }

  /** Asks for permission for one attempt. Waits for a trial call under way for at most `waitMs` milliseconds. */
  async enter(
    kind: EndpointKind,
    credentialId: string,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<BreakerAdmission> {
    const deadlineMs = performance.now() + waitMs;
    const own = this.#ownOf(credentialId);
    const gates = [this.#common, own];
    for (;;) {
      if (signal?.aborted === true) return { kind: 'aborted' };
      const nowMs = this.#nowMs();
      own.lastUsedMs = nowMs;
      const admissions = gates.map((gate) => gate.admission(kind, nowMs));
      if (admissions.includes('refuse')) return { kind: 'refused' };
      const tried = gates[admissions.indexOf('wait')];
      if (tried === undefined) return { kind: 'admitted', pass: this.#pass(credentialId, own) };
      const ended = await this.#wait(own, tried.probeEnded(), deadlineMs - performance.now(), signal);
      if (ended !== 'ended') return { kind: ended };
    }
  }

  #ownOf(credentialId: string): Gate {
    const known = this.#own.get(credentialId);
    if (known !== undefined) return known;
    const gate = new Gate(this.#ownRule);
    this.#own.set(credentialId, gate);
    return gate;
  }

  #pass(credentialId: string, own: Gate): BreakerPass {
    const common = this.#common.take(credentialId);
    const passes = [common, own.take(credentialId)];
    let isOver = false;
    const end = (health: Health): void => {
      if (isOver) return;
      isOver = true;
      const nowMs = this.#nowMs();
      for (const pass of passes) pass.end(health, nowMs);
      // Another account must make the next trial for all, and this one tries for itself first.
      if (common.isProbe && health === 'sick') own.open(nowMs);
    };
    return {
      isStillValid: () => passes.every((pass) => pass.isStillValid()),
      end: (result) => end(healthOf(result)),
      cancel: () => end('unclear'),
    };
  }

  async #wait(
    own: Gate,
    probeEnded: Promise<void>,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<'ended' | 'refused' | 'timeout' | 'aborted'> {
    if (this.#waiting >= MAX_WAITING || own.waiting >= MAX_WAITING_PER_CREDENTIAL) return 'refused';
    this.#waiting += 1;
    own.waiting += 1;
    try {
      return await firstOf(probeEnded, waitMs, signal);
    } finally {
      this.#waiting -= 1;
      own.waiting -= 1;
    }
  }
}

function firstOf(
  probeEnded: Promise<void>,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<'ended' | 'timeout' | 'aborted'> {
  return new Promise((resolve) => {
    const settle = (how: 'ended' | 'timeout' | 'aborted'): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(how);
    };
    const onAbort = (): void => settle('aborted');
    const timer = setTimeout(() => settle('timeout'), waitMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    void probeEnded.then(() => settle('ended'));
  });
}
