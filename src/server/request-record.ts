import type { GatewayContext } from '../graphql/context.js';
import type { RequestTrace } from '../observability/tracing.js';

/** What is gathered of one HTTP request for its log line and metrics. Filled in as the request goes on. */
export interface RequestRecord {
  readonly startedAtMs: number;
  operationName: string | null;
  operationType: string | null;
  readonly errorCodes: string[];
  /** The operation's plugins have seen the answer, so its errors carry the request id. */
  answered: boolean;
  /** The client left before it had its answer. */
  left: boolean;
  /** The client took nothing of its response for so long that its connection was closed. */
  stalled: boolean;
  abort: AbortController | null;
  context: GatewayContext | null;
  /** Null where nothing is traced. */
  trace: RequestTrace | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    record: RequestRecord;
  }
}

export function newRecord(): RequestRecord {
  return {
    startedAtMs: performance.now(),
    operationName: null,
    operationType: null,
    errorCodes: [],
    answered: false,
    left: false,
    stalled: false,
    abort: null,
    context: null,
    trace: null,
  };
}

/** The resolvers' context and the record of the request that it belongs to. */
export type ServerContext = GatewayContext & { readonly record: RequestRecord };
