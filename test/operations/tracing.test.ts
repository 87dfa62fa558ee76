import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTracing, tracingProblems, wantsTraces } from '../../src/observability/tracing-start.js';
import { httpResponse, type RawRequest, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { execute } from '../support/start-gateway.js';
import { type GatewayProcess, startGatewayProcess } from '../support/start-gateway-process.js';
import { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from './trace-receiver.js';

/** A process of its own starts in seconds, and in more of them on a busy machine. */
const START_LIMIT_MS = 60_000;
const KEY = 'CANARY-key-0123456789';
const CANARY = 'CANARY';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const HISTORY = readFileSync('test/fixtures/xtracta/billing-history.xml', 'utf8');
const BILLING_UI = `<?xml version="1.0"?><billings_response><status>200</status><message>Ok</message>
  <url>https://billing.example.test/index.html?t=${CANARY}-session</url></billings_response>`;

const folder = mkdtempSync(join(tmpdir(), 'tracing-'));
let collector: TraceReceiver;
let upstream: RawUpstream;
let gateway: GatewayProcess;
let ended: { readonly code: number | null };

beforeAll(async () => {
  collector = await startTraceReceiver();
  upstream = await startRawUpstream((exchange) => {
    const isFirst = exchange.number === 1;
    const isSession = exchange.request.path.endsWith('/billing_ui');
    httpResponse(isFirst ? 503 : 200, isSession ? BILLING_UI : HISTORY)(exchange);
  });
  gateway = await startGatewayProcess({
    AUTH: 'none',
    XTRACTA_URL: upstream.url,
    XTRACTA_API_KEY: KEY,
    LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${CANARY}-collector`,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  });
  const headers = {
    traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`,
    tracestate: 'vendor=state',
    baggage: `user=${CANARY}-baggage`,
    'x-request-id': 'request-1',
    authorization: `Bearer ${CANARY}-token`,
  };
  const plan = 'query PlanOfGroup($id: ID!) { group(id: $id) { billingHistory { totalCount } } }';
  await execute(gateway.url, plan, { id: '42' }, headers);
  await execute(
    gateway.url,
    'mutation Open { openBillingUi { url userErrors { code } } }',
    {},
    { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, 'x-request-id': 'request-2' },
  );
  await fetch(`${gateway.url}/graphql?query=${encodeURIComponent('{ __typename }')}&note=${CANARY}-address`, {
    headers: { 'apollo-require-preflight': '1', 'x-request-id': 'request-3' },
  });
  await fetch(`${gateway.url}/ready`);
  // The test does not wait, because the SDK sends its remaining spans when the gateway stops.
  ended = await gateway.end('SIGTERM');
}, START_LIMIT_MS);

afterAll(async () => {
  await upstream.close();
  await collector.close();
  rmSync(folder, { recursive: true });
});

function spansOf(requestId: string): ReceivedSpan[] {
  return collector.spans.filter(({ attributes }) => attributes['billing.request_id'] === requestId);
}

function named(requestId: string, name: string): ReceivedSpan[] {
  return spansOf(requestId).filter((span) => span.name === name);
}

function traceparentOf(request: RawRequest | undefined): string | undefined {
  return request?.headers['traceparent'];
}

describe('a trace', () => {
  it('leads from the incoming context over the request and its operation to each upstream attempt', () => {
    const [server] = named('request-1', 'POST /graphql');
    const [operation] = named('request-1', 'query');
    const attempts = named('request-1', 'xtracta getBillingHistory');
    expect(spansOf('request-1')).toHaveLength(4);
    expect(new Set(spansOf('request-1').map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
    expect(server).toMatchObject({ parentSpanId: PARENT_ID, kind: 2, service: 'billing-gateway' });
    expect(server?.attributes).toMatchObject({ 'http.route': '/graphql', 'http.response.status_code': 200 });
    expect(operation).toMatchObject({ parentSpanId: server?.spanId });
    expect(operation?.attributes).toMatchObject({
      'graphql.operation.type': 'query',
      'graphql.operation.name': 'PlanOfGroup',
    });
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([operation?.spanId, operation?.spanId]);
    expect(attempts.map(({ attributes }) => attributes)).toMatchObject([
      {
        'billing.upstream': 'xtracta',
        'billing.upstream.attempt': 1,
        'billing.upstream.outcome': 'failed',
        'http.response.status_code': 503,
        'error.type': 'failed',
      },
      {
        'billing.upstream.attempt': 2,
        'billing.upstream.outcome': 'ok',
        'http.response.status_code': 200,
        'http.response.body.size': Buffer.byteLength(HISTORY),
      },
    ]);
    expect(attempts.map(({ status }) => status.code)).toEqual([2, 0]);
  });

  it('gives the upstream the context of its own attempt, and nothing else of the trace', () => {
    const attempts = named('request-1', 'xtracta getBillingHistory');
    const sent = upstream.requests().slice(0, 2);
    expect(sent.map(traceparentOf)).toEqual(attempts.map(({ spanId }) => `00-${TRACE_ID}-${spanId}-01`));
    for (const { headers } of upstream.requests()) {
      expect(headers).not.toHaveProperty('baggage');
      expect(headers).not.toHaveProperty('tracestate');
    }
  });

  it('shows a write like a read', () => {
    expect(spansOf('request-2').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['POST /graphql', 'mutation', 'xtracta openBillingUi']),
    );
    expect(traceparentOf(upstream.requests().at(-1))).toMatch(new RegExp(`^00-${TRACE_ID}-`));
  });

  it('begins at the gateway where no context comes in', () => {
    const [server] = named('request-3', 'GET /graphql');
    expect(server?.parentSpanId ?? '').toBe('');
    expect(server?.traceId).not.toBe(TRACE_ID);
  });

  it('is sent before the gateway ends', () => {
    expect(ended.code).toBe(0);
    expect(collector.spans.length).toBeGreaterThanOrEqual(9);
  });

  it('holds no probe, no key, no session, no header, no query string', () => {
    expect(collector.spans.filter(({ name }) => name.includes('/ready'))).toEqual([]);
    expect(collector.text()).not.toContain(CANARY);
    expect(collector.text()).not.toContain('totalCount');
    expect(gateway.output()).not.toContain(CANARY);
  });
});

describe('traces', () => {
  it.each([
    [{}, false],
    [{ OTEL_SERVICE_NAME: 'billing' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
    [{ OTEL_TRACES_EXPORTER: 'console' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    [{ OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    [{ OTEL_CONFIG_FILE: '/etc/otel.yaml' }, true],
  ])('of %j are wanted: %s', (env, wanted) => {
    expect(wantsTraces(env)).toBe(wanted);
  });

  it('that nobody wants load nothing', async () => {
    expect(await startTracing({})).toBeNull();
  });

  it.each([
    [{ OTEL_TRACES_EXPORTER: 'jaeger' }, ['OTEL_TRACES_EXPORTER']],
    [{ OTEL_TRACES_EXPORTER: 'otlp, jaeger' }, ['OTEL_TRACES_EXPORTER']],
    [{ OTEL_TRACES_EXPORTER: 'OTLP' }, ['OTEL_TRACES_EXPORTER']],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'http' }, ['OTEL_EXPORTER_OTLP_PROTOCOL']],
    [{ OTEL_TRACES_EXPORTER: 'otlp,console', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, []],
    [{ OTEL_TRACES_EXPORTER: 'none' }, []],
    [{ OTEL_TRACES_EXPORTER: 'jaeger', OTEL_SDK_DISABLED: 'true' }, []],
    [{}, []],
  ])('asked for as %j are doubted in %j', (env, settings) => {
    expect(tracingProblems(env).map(({ setting }) => setting)).toEqual(settings);
  });
});
