// The upstream of the benchmark, both APIs in one: responds at once, with bodies made at the start, and counts its
// requests. Requests for a held group or purchase wait until /bench/release: for the gateway this is an upstream that
// hangs. Environment: PORT, BENCH_ANCHOR_MS (the moment around which the dates of responses lie).
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { GROUPS, PURCHASE_IDS } from '#bench/billing.ids';
import { BillingBodies } from '#bench/upstream/billing.bodies';

const { PORT, BENCH_ANCHOR_MS } = process.env;
const XML = 'text/xml; charset=UTF-8';
const JSON_TYPE = 'application/json';
const bodies = new BillingBodies(Number(BENCH_ANCHOR_MS));
let calls: Record<string, number> = {};
let held: (() => void)[] = [];

function count(endpoint: string): void {
  calls[endpoint] = (calls[endpoint] ?? 0) + 1;
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function sendOrHold(isHeld: boolean, respond: () => void): void {
  if (isHeld) held.push(respond);
  else respond();
}

function sendHistory(form: URLSearchParams, response: ServerResponse): void {
  const group = form.get('group_id') ?? '';
  const recursive = form.get('recursive') === '1';
  count(recursive ? 'history (recursive)' : 'history');
  sendOrHold(group.startsWith(GROUPS.held), () => send(response, 200, XML, bodies.history(group, recursive)));
}

function serve(path: string, body: string, response: ServerResponse): void {
  switch (path) {
    case '/v1/billings/history':
      sendHistory(new URLSearchParams(body), response);
      return;
    case '/v1/billings/booster':
      count('booster');
      send(response, 200, XML, bodies.pack(new URLSearchParams(body).get('group_id') ?? ''));
      return;
    case '/api/v1/AccountAdminAPI/PurchaseCredits':
      count('purchase');
      sendOrHold(body.includes(PURCHASE_IDS.held), () => send(response, 200, JSON_TYPE, bodies.purchase()));
      return;
    case '/bench/calls':
      send(response, 200, JSON_TYPE, JSON.stringify(calls));
      calls = {};
      return;
    case '/bench/held':
      send(response, 200, JSON_TYPE, JSON.stringify(held.length));
      return;
    case '/bench/release':
      for (const respond of held) respond();
      held = [];
      send(response, 200, JSON_TYPE, 'true');
      return;
    default:
      count('unexpected');
      send(response, 404, 'text/plain', 'unknown');
  }
}

const server = createServer((request: IncomingMessage, response) => {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    serve(request.url ?? '', body, response);
  });
});
// Longer than any pause of a run: a connection that dies while idle would be measured as a retry.
server.keepAliveTimeout = 600_000;
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
