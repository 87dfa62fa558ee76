import { describe, expect, it } from '@jest/globals';
import type { UpstreamAttempt } from '../../../src/domain/upstream-call.js';
import { ERROR_CATALOGUE, PROTOCOL_CATALOGUE } from '../../../src/graphql/error-catalogue.js';
import { createLogger } from '../../../src/observability/logger.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { createUpstreamObserver } from '../../../src/observability/upstream-observer.js';

const ATTEMPT: UpstreamAttempt = {
  service: 'xtracta',
  operation: 'getBillingHistory',
  kind: 'read',
  attempt: 1,
  startedAtMs: 0,
  durationMs: 120,
  httpStatus: 200,
  bytesReceived: 10,
  outcome: 'ok',
};

async function textOf(use: (metrics: Metrics) => void): Promise<string> {
  const metrics = new Metrics({ processMetrics: false });
  use(metrics);
  return (await metrics.expose()).text;
}

describe('the metrics', () => {
  it('have the names that dashboards use', async () => {
    const text = await textOf((metrics) => {
      metrics.httpRequest('POST', '/graphql', 200, 0.01);
      metrics.upstreamAttempt('xtracta', 'changePlan', 'failed', 1);
      metrics.graphqlError('FORBIDDEN');
      metrics.write('CHANGE_PLAN', 'OUTCOME_UNKNOWN');
      metrics.drift('getBillingHistory', 'plan_type');
      metrics.callsSaved(49);
      metrics.observeHealth(() => ({
        breakers: { credits: 'half-open' },
        ledger: { readable: true, writable: false },
        unknownOutcomes: 3,
        cacheUp: true,
        tenantsFileRefused: true,
        limitUses: [],
        logLinesLost: 7,
      }));
    });
    for (const line of [
      'http_server_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 1',
      'http_client_request_duration_seconds_count{upstream="xtracta",operation="changePlan",outcome="failed"} 1',
      'graphql_errors_total{code="FORBIDDEN"} 1',
      'billing_writes_total{kind="CHANGE_PLAN",status="OUTCOME_UNKNOWN"} 1',
      'billing_upstream_drift_total{endpoint="getBillingHistory",field="plan_type"} 1',
      'billing_upstream_calls_saved_total 49',
      'billing_breaker_state{upstream="credits"} 1',
      'billing_ledger_up 0',
      'billing_ledger_readable 1',
      'billing_ledger_writable 0',
      'billing_unknown_outcomes 3',
      'billing_cache_up 1',
      'billing_log_lines_lost_total 7',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('show the 100 limits that are nearest to their end, and none that is gone', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const uses = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        tenant: `t${index}`,
        limit: 'writesPerDay',
        ratio: index / 1000,
      }));
    let limitUses = uses(300);
    metrics.observeHealth(() => ({
      breakers: {},
      ledger: { readable: true, writable: true },
      unknownOutcomes: 0,
      cacheUp: true,
      tenantsFileRefused: false,
      limitUses,
      logLinesLost: 0,
    }));
    const shown = async () =>
      [...(await metrics.expose()).text.matchAll(/^billing_spending_limit_used_ratio\{tenant="t(\d+)"/gm)].map(
        ([, n]) => Number(n),
      );
    expect((await shown()).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => 200 + index));
    limitUses = uses(2);
    expect((await shown()).toSorted()).toEqual([0, 1]);
  });

  it('show health as it is at each scrape, and keep the last number of unknown outcomes while the ledger is away', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const health = { state: 'closed' as 'closed' | 'open', unknown: 2 as number | null };
    metrics.observeHealth(() => ({
      breakers: { xtracta: health.state },
      ledger: { readable: health.unknown !== null, writable: health.unknown !== null },
      unknownOutcomes: health.unknown,
      cacheUp: false,
      tenantsFileRefused: false,
      limitUses: [],
      logLinesLost: 0,
    }));
    const before = (await metrics.expose()).text;
    expect(before).toContain('billing_breaker_state{upstream="xtracta"} 0\n');
    Object.assign(health, { state: 'open', unknown: null });
    const after = (await metrics.expose()).text;
    for (const line of [
      'billing_breaker_state{upstream="xtracta"} 2',
      'billing_unknown_outcomes 2',
      'billing_ledger_up 0',
      'billing_cache_up 0',
    ]) {
      expect(after).toContain(`${line}\n`);
    }
  });

  it('begin at zero, so that the first event shows as an increase', async () => {
    const text = await textOf(() => undefined);
    for (const line of [
      'billing_writes_total{kind="PURCHASE_CREDITS",status="OUTCOME_UNKNOWN"} 0',
      'graphql_errors_total{code="LEDGER_UNAVAILABLE"} 0',
      'billing_upstream_calls_saved_total 0',
      'http_server_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 0',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('count every documented error code under its own name', async () => {
    const codes = [...Object.keys(ERROR_CATALOGUE), ...Object.keys(PROTOCOL_CATALOGUE)];
    const text = await textOf((metrics) => {
      for (const code of codes) metrics.graphqlError(code);
    });
    const counted = [...text.matchAll(/^graphql_errors_total\{code="(\w+)"\} 1$/gm)].map(([, code]) => code);
    expect(counted.sort()).toEqual(codes.sort());
    expect(text).toContain('graphql_errors_total{code="other"} 0');
  });

  it('have bounded labels, whatever the upstream makes up', async () => {
    const text = await textOf((metrics) => {
      for (let field = 0; field < 5_000; field += 1) metrics.drift('getBillingHistory', `made-up-${field}`);
      for (let code = 0; code < 100; code += 1) metrics.graphqlError(`CODE_${code}`);
    });
    expect(text.match(/^billing_upstream_drift_total\{/gm)).toHaveLength(201);
    expect(text).toContain('graphql_errors_total{code="other"} 100');
  });
});

describe('the observer of upstream attempts', () => {
  it('feeds metrics, log and others alike', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const lines: string[] = [];
    const seen: string[] = [];
    const logger = await createLogger({
      level: 'info',
      format: 'json',
      destination: { write: (line) => lines.push(line) },
    });
    const observer = createUpstreamObserver({
      metrics,
      logger,
      requestId: 'r-1',
      others: [{ attempt: () => seen.push('attempt'), drift: () => seen.push('drift') }],
    });
    observer.attempt(ATTEMPT);
    observer.attempt({ ...ATTEMPT, outcome: 'timeout', httpStatus: null });
    observer.drift({ endpoint: 'getBillingHistory', field: 'plans' });
    expect(seen).toEqual(['attempt', 'attempt', 'drift']);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'warn',
        requestId: 'r-1',
        upstream: 'xtracta',
        outcome: 'timeout',
        durationMs: 120,
      }),
    ]);
    const { text } = await metrics.expose();
    expect(text).toContain('operation="getBillingHistory",outcome="ok"} 1');
    expect(text).toContain('billing_upstream_drift_total{endpoint="getBillingHistory",field="plans"} 1');
  });
});
