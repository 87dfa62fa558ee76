import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { NodeSDK, startNodeSdk } from '@opentelemetry/sdk-node';
import type { AttemptSpan, AttemptStart, UpstreamAttempt } from '../domain/upstream-call.js';
import type { RequestTrace, TracedRequest, Tracing } from './tracing.js';

const TRACER = 'billing-gateway';
const MAX_NAME = 100;
const LONGEST_FLUSH_MS = 3_000;
/** An attribute must not take any method that a client invents. These are the methods of the semantic conventions. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);
/** Outcomes that do not mark the attempt's span as failed. */
const HEALTHY: ReadonlySet<string> = new Set(['ok', 'aborted']);

/**
 * Spans made by hand. Reason: the SDK's instrumentations would need a loader hook and would name whole URLs. They would
 * see each wire call, but not which attempt of which read it is. Every attribute is chosen here; none comes from a
 * body, a header or a URL.
 */
export function startSdkTracing(env: Readonly<Record<string, string | undefined>>): Tracing {
  const sdk = startSdk(env);
  const tracer = trace.getTracer(TRACER);
  return {
    beginRequest: (request) => new SpansOfRequest(tracer, request),
    beginLoneAttempt: (requestId, start) => beginAttempt(tracer, ROOT_CONTEXT, requestId, start),
    async shutdown() {
      // A missing collector must neither fail a stop nor delay it until the orchestrator kills the process.
      await Promise.race([sdk.shutdown().catch(() => undefined), sleep(LONGEST_FLUSH_MS, undefined, { ref: false })]);
    },
  };
}

/** Starts traces only. The gateway exports metrics and logs by itself, so the SDK's empty exporters are not started. */
function startSdk(env: Readonly<Record<string, string | undefined>>): { shutdown(): Promise<void> } {
  if ((env['OTEL_CONFIG_FILE']?.trim() ?? '') !== '') return startNodeSdk();
  const isNamed =
    (env['OTEL_SERVICE_NAME']?.trim() ?? '') !== '' ||
    /(^|,)\s*service\.name\s*=/.test(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '');
  const sdk = new NodeSDK({
    metricReaders: [],
    logRecordProcessors: [],
    ...(isNamed ? {} : { serviceName: TRACER }),
  });
  sdk.start();
  return sdk;
}

class SpansOfRequest implements RequestTrace {
  readonly #tracer: Tracer;
  readonly #requestId: string;
  readonly #span: Span;
  readonly #context: Context;
  #operation: Span | null = null;

  constructor(tracer: Tracer, request: TracedRequest) {
    this.#tracer = tracer;
    this.#requestId = request.requestId;
    const parent = propagation.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter);
    const method = METHODS.has(request.method) ? request.method : '_OTHER';
    this.#span = tracer.startSpan(
      `${method === '_OTHER' ? 'HTTP' : method} ${request.route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          'http.route': request.route,
          'billing.request_id': request.requestId,
        },
      },
      parent,
    );
    this.#context = trace.setSpan(parent, this.#span);
  }

  beginOperation(): void {
    this.#operation ??= this.#tracer.startSpan(
      'GraphQL operation',
      { attributes: { 'billing.request_id': this.#requestId } },
      this.#context,
    );
  }

  describeOperation(type: string, name: string | null): void {
    this.#operation?.updateName(type).setAttributes({
      'graphql.operation.type': type,
      ...(name === null ? {} : { 'graphql.operation.name': name.slice(0, MAX_NAME) }),
    });
  }

  endOperation(errorCodes: readonly string[]): void {
    const [first] = errorCodes;
    if (first !== undefined) {
      this.#operation?.setAttribute('error.type', first).setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#operation?.end();
  }

  beginAttempt(start: AttemptStart): AttemptSpan {
    const parent = this.#operation === null ? this.#context : trace.setSpan(this.#context, this.#operation);
    return beginAttempt(this.#tracer, parent, this.#requestId, start);
  }

  end(response: { readonly status: number; readonly clientLeft: boolean }): void {
    if (this.#operation?.isRecording() === true) this.#operation.end();
    this.#span.setAttributes({
      'http.response.status_code': response.status,
      ...(response.clientLeft ? { 'billing.client_left': true } : {}),
    });
    if (response.status >= 500) {
      this.#span.setAttribute('error.type', String(response.status)).setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

function beginAttempt(tracer: Tracer, parent: Context, requestId: string, start: AttemptStart): AttemptSpan {
  const span = tracer.startSpan(
    `${start.service} ${start.operation}`,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        'http.request.method': 'POST',
        'billing.upstream': start.service,
        'billing.upstream.operation': start.operation,
        'billing.upstream.kind': start.kind,
        'billing.upstream.attempt': start.attempt,
        'billing.request_id': requestId,
        ...(start.attempt > 1 ? { 'http.request.resend_count': start.attempt - 1 } : {}),
      },
    },
    parent,
  );
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    // The propagator is not used. Reason: it would send baggage and vendor state to a third party.
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    end: (attempt) => endAttempt(span, attempt),
  };
}

function endAttempt(span: Span, attempt: UpstreamAttempt): void {
  const attributes: Attributes = {
    'billing.upstream.outcome': attempt.outcome,
    'http.response.body.size': attempt.bytesReceived,
    ...(attempt.httpStatus === null ? {} : { 'http.response.status_code': attempt.httpStatus }),
  };
  span.setAttributes(attributes);
  if (!HEALTHY.has(attempt.outcome)) {
    span.setAttribute('error.type', attempt.outcome).setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
