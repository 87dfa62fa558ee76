import type { LedgerMonitor } from './idempotency/ledger.monitor.js';
import type { ObservedHealth } from './observability/metrics.js';
import type { ReadinessPart } from './server/http-server.options.js';
import type { CreditsClient } from './upstreams/credits/credits.client.js';
import type { XtractaClient } from './upstreams/xtracta/xtracta.client.js';

/** What the gateway depends on, as it stands in memory. */
export interface WatchedParts {
  readonly xtracta: Pick<XtractaClient, 'breakerState'>;
  readonly credits: Pick<CreditsClient, 'breakerState'> | null;
  readonly ledger: Pick<LedgerMonitor, 'condition' | 'unknownOutcomes'>;
  /** Whether a newer tenants file was refused. */
  readonly tenantsFileRefused: () => boolean;
  /** Null where replicas share no cache. */
  readonly redis: { isUp(): boolean } | null;
  readonly logLinesLost: () => number;
}

/** The parts as `/ready` and the landing page list them. */
export function readinessOf({
  xtracta,
  credits,
  ledger,
  redis,
  tenantsFileRefused,
}: Omit<WatchedParts, 'logLinesLost'>): readonly ReadinessPart[] {
  const upstreams = [
    { name: 'xtracta', client: xtracta },
    ...(credits === null ? [] : [{ name: 'credits', client: credits }]),
  ];
  const condition = ledger.condition();
  return [
    // Without it writes are refused and reads go on.
    { name: 'ledger', ok: condition === 'ready', detail: condition },
    ...upstreams.map(({ name, client }) => {
      const state = client.breakerState();
      return { name, ok: state !== 'open', detail: `breaker ${state}` };
    }),
    // Without it each replica counts and remembers by itself.
    ...(redis === null ? [] : [{ name: 'redis', ok: redis.isUp(), detail: redis.isUp() ? 'connected' : 'away' }]),
    ...(tenantsFileRefused() ? [{ name: 'tenants', ok: false, detail: 'a newer TENANTS_FILE was refused' }] : []),
  ];
}

/** The same for the metrics' gauges. */
export function healthOf(parts: WatchedParts): ObservedHealth {
  const { xtracta, credits, ledger, redis, tenantsFileRefused, logLinesLost } = parts;
  const condition = ledger.condition();
  return {
    breakers: {
      xtracta: xtracta.breakerState(),
      ...(credits === null ? {} : { credits: credits.breakerState() }),
    },
    ledger: { up: condition !== 'unavailable', writable: condition === 'ready' },
    unknownOutcomes: ledger.unknownOutcomes(),
    tenantsFileRefused: tenantsFileRefused(),
    cacheUp: redis?.isUp() ?? true,
    logLinesLost: logLinesLost(),
  };
}
