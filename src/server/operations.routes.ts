import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../observability/metrics.js';
import type { ReadinessPart } from './http-server.options.js';

/** `leaving`: a stop has begun and everything is still served, until load balancers have seen `/ready` say 503. */
export type ServerPhase = 'starting' | 'serving' | 'leaving' | 'draining';

export interface OperationsRouteOptions {
  readonly phase: () => ServerPhase;
  readonly readiness: () => readonly ReadinessPart[];
  readonly metrics: Metrics;
}

/** What orchestrators and Prometheus ask for: `/health`, `/ready`, `/metrics`. */
export function operationsRoutes(app: FastifyInstance, options: OperationsRouteOptions): void {
  app.get('/health', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'alive' }));

  app.get('/ready', (_request, reply) => {
    const phase = options.phase() === 'leaving' ? 'draining' : options.phase();
    // An upstream that is down does not make this process unready: taking all replicas out would turn one failing
    // upstream into no answer at all.
    return reply
      .code(phase === 'serving' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: phase === 'serving' ? 'ready' : phase, parts: options.readiness() });
  });

  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await options.metrics.expose();
    return reply.header('cache-control', 'no-store').header('content-type', contentType).send(text);
  });
}
