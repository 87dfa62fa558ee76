// The upstream of the benchmark: answers at once, from bodies made at the start, and counts what it is asked.
// Environment: PORT, BENCH_ANCHOR_MS (the moment around which the answers' dates lie).
import { createServer, type ServerResponse } from 'node:http';
import { BillingBodies } from '#bench/upstream/billing.bodies';

const { PORT, BENCH_ANCHOR_MS } = process.env;
const bodies = new BillingBodies(Number(BENCH_ANCHOR_MS));
let calls: Record<string, number> = {};

function count(endpoint: string): void {
  calls[endpoint] = (calls[endpoint] ?? 0) + 1;
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function answer(path: string, form: URLSearchParams, response: ServerResponse): void {
  const group = form.get('group_id') ?? '';
  const recursive = form.get('recursive') === '1';
  switch (path) {
    case '/v1/billings/history':
      count(recursive ? 'history (recursive)' : 'history');
      send(response, 200, 'text/xml; charset=UTF-8', bodies.history(group, recursive));
      return;
    case '/v1/billings/booster':
      count('booster');
      send(response, 200, 'text/xml; charset=UTF-8', bodies.pack(group));
      return;
    case '/bench/calls':
      send(response, 200, 'application/json', JSON.stringify(calls));
      calls = {};
      return;
    default:
      count('unexpected');
      send(response, 404, 'text/plain', 'unknown');
  }
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    answer(request.url ?? '', new URLSearchParams(body), response);
  });
});
// Longer than any pause of a run: a connection that dies while idle would be measured as a retry.
server.keepAliveTimeout = 600_000;
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
