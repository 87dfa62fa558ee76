import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';
import type { EndpointKind } from '../../domain/upstream-call.js';
import type { TransportResult } from '../upstream.transport.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface UpstreamBreakerOptions {
  /** Failures in a row that open it; default 5. */
  readonly failures?: number;
  /** Milliseconds until the upstream is tried again; default 10,000. */
  readonly halfOpenAfterMs?: number;
  /**
   * Whether a write may be the trial call. False where the upstream has reads: a write into a sick upstream risks an unknown
   * outcome, a read risks nothing. An upstream that has writes alone could otherwise never recover.
   */
  readonly writesMayProbe?: boolean;
}

/**
 * How an attempt speaks for the upstream's health. An answer that says no is healthy; an answer that the gateway refuses to read
 * shows at least that somebody is there; an attempt that we aborted says nothing.
 */
export function healthOf(result: TransportResult): 'healthy' | 'sick' | 'unclear' {
  if (result.kind === 'answer') return result.status >= 500 ? 'sick' : 'healthy';
  if (result.reason === 'aborted') return 'unclear';
  return result.reason === 'too-large' || result.reason === 'encoded' ? 'healthy' : 'sick';
}

/** Thrown through cockatiel to leave its counters alone. */
class Unclear extends Error {
  constructor(readonly result: TransportResult) {
    super('unclear');
  }
}

/** The circuit breaker of one upstream, over cockatiel. Mutable: the state of the circuit. */
export class UpstreamBreaker {
  private readonly policy: CircuitBreakerPolicy;
  private readonly halfOpenAfterMs: number;
  private readonly writesMayProbe: boolean;
  private openedAtMs = 0;

  constructor(options: UpstreamBreakerOptions = {}) {
    this.halfOpenAfterMs = options.halfOpenAfterMs ?? 10_000;
    this.writesMayProbe = options.writesMayProbe ?? false;
    this.policy = circuitBreaker(
      handleWhenResult((result) => isTransportResult(result) && healthOf(result) !== 'healthy'),
      { breaker: new ConsecutiveBreaker(options.failures ?? 5), halfOpenAfter: this.halfOpenAfterMs },
    );
    this.policy.onBreak(() => {
      this.openedAtMs = Date.now();
    });
  }

  state(): BreakerState {
    if (this.policy.state === CircuitState.Closed) return 'closed';
    return this.policy.state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /** Whether a call of this kind would be let through now. While a trial call is under way nobody else is. */
  admits(kind: EndpointKind): boolean {
    const state = this.state();
    if (state !== 'open') return state === 'closed';
    const mayProbe = kind === 'read' || this.writesMayProbe;
    return mayProbe && Date.now() - this.openedAtMs >= this.halfOpenAfterMs;
  }

  /** Runs the attempt and takes note of its health; null when the circuit is open, and then nothing has been sent. */
  async run(kind: EndpointKind, attempt: () => Promise<TransportResult>): Promise<TransportResult | null> {
    if (!this.admits(kind)) return null;
    // A trial call that says nothing must not close the circuit: it counts as a failure, and the next trial decides.
    const probing = this.state() !== 'closed';
    const progress = { begun: false };
    try {
      return await this.policy.execute(async () => {
        progress.begun = true;
        const result = await attempt();
        if (!probing && healthOf(result) === 'unclear') throw new Unclear(result);
        return result;
      });
    } catch (error) {
      if (error instanceof Unclear) return error.result;
      // A transport does not throw; should one, "it may have been sent" is the only safe reading.
      return progress.begun ? { kind: 'failure', reason: 'reset', sent: true, status: null, bytes: 0 } : null;
    }
  }
}

function isTransportResult(result: unknown): result is TransportResult {
  return typeof result === 'object' && result !== null && 'kind' in result;
}
