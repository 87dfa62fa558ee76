import type { FastifyInstance, FastifyRequest } from 'fastify';
import { newNonce, sendPage } from '../pages/page-security.js';
import { type DebugPageView, renderDebugPage } from './debug.page.js';
import type { OperationLog } from './operation.log.js';

/** `/debug` and the JSON that its page asks for every second. */
export function debugRoutes(app: FastifyInstance, log: OperationLog, view: DebugPageView): void {
  app.get('/debug', (_request, reply) => {
    const nonce = newNonce();
    return sendPage(reply, renderDebugPage(view, nonce), [
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      "connect-src 'self'",
      'img-src data:',
    ]);
  });

  app.get('/debug/operations', (request, reply) =>
    reply.header('cache-control', 'no-store').send(log.since(revisionOf(request, log.run))),
  );
}

/** 0, which is everything, unless the page knows a state of this very process. */
function revisionOf({ query }: FastifyRequest, run: string): number {
  if (typeof query !== 'object' || query === null) return 0;
  if (!('run' in query) || query.run !== run || !('since' in query)) return 0;
  const since = Number(query.since);
  return Number.isSafeInteger(since) && since > 0 ? since : 0;
}
