import 'reflect-metadata';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { removeGatewayFolders, startGateway } from '../test/support/start-gateway.js';

/**
 * Prints what one hanging upstream does to the other's reads and to `/health`, as ratios of p99 in one run, before, during and after:
 * `node --import @swc-node/register/esm-register bench/isolation.bench.ts`. Nothing is asserted.
 */
const ROUNDS = 7;
const REQUESTS = 400;
const HANGING = 30;
const ACTIVITY = `<?xml version="1.0"?><billings_response><status>200</status><message>ok</message><plans><activity><id>1</id><plan>P</plan><plan_type>Monthly</plan_type><price>1</price><credit_amount>0</credit_amount><price_currency>NZD</price_currency><allowed_documents>1</allowed_documents><used_documents>0</used_documents><plan_activity>signup</plan_activity><start_date>2026-01-01T00:00:00+00:00</start_date><expiry_date>2036-01-01T00:00:00+00:00</expiry_date><group_name>G</group_name><group_id>7</group_id></activity></plans></billings_response>`;

const xtracta = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/xml' }).end(ACTIVITY));
});
// Takes the request and never answers.
let received = 0;
const credits = createServer((request) => {
  received += 1;
  request.resume();
});
for (const server of [xtracta, credits]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const urlOf = (address: AddressInfo | string | null): string =>
  `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

const gateway = await startGateway({
  xtractaUrl: urlOf(xtracta.address()),
  creditsUrl: urlOf(credits.address()),
  env: {
    AUTH: 'passthrough',
    XTRACTA_API_KEY: undefined,
    CREDITS_TOKEN: undefined,
    LOG_LEVEL: 'info',
    RATE_LIMIT_WRITES_PER_MINUTE: '0',
    WRITE_TIMEOUT_MS: '120000',
  },
});

async function p99(ask: () => Promise<unknown>): Promise<number> {
  const durations: number[] = [];
  for (let index = 0; index < REQUESTS; index += 1) {
    const start = performance.now();
    await ask();
    durations.push(performance.now() - start);
  }
  return durations.sort((a, b) => a - b)[Math.floor(REQUESTS * 0.99)] ?? 0;
}

const read = (): Promise<unknown> =>
  gateway.execute('{ group(id: "7") { plan { name } } }', {}, { 'x-xtracta-api-key': 'reader' });
const health = async (): Promise<unknown> => (await fetch(`${gateway.url}/health`)).text();
const PURCHASE =
  'mutation ($key: ID!) { purchaseCredits(input: { idempotencyKey: $key, purchaseId: "9beb5f68-6493-4cc4-b55e-187541a9d22b" }) { userErrors { code } } }';

interface Sample {
  readonly read: number;
  readonly health: number;
}

async function rounds(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < ROUNDS; round += 1) samples.push({ read: await p99(read), health: await p99(health) });
  return samples;
}

await rounds();
const before = await rounds();
// Thirty purchases of thirty tenants are under way while the second half is measured; then their upstream cuts them off.
const hanging = Array.from({ length: HANGING }, (_, index) =>
  gateway.execute(
    PURCHASE,
    { key: `isolation-${index}` },
    { 'x-xtracta-api-key': `tenant-${index}`, 'x-credits-authorization': 'Bearer x' },
  ),
);
// Only what hangs is measured, not the work of getting it under way.
while (received < HANGING) await new Promise((resolve) => setTimeout(resolve, 5));
const during = await rounds();
credits.closeAllConnections();
await Promise.all(hanging);
const after = await rounds();

function median(values: readonly number[]): number {
  return [...values].sort((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
}

for (const name of ['read', 'health'] as const) {
  const of = (samples: readonly Sample[]): number => median(samples.map((sample) => sample[name]));
  const calm = (of(before) + of(after)) / 2;
  console.log(
    `p99 of ${name} beside a hanging upstream: ${(of(during) / calm).toFixed(2)} of that without (before to after: ${(of(after) / of(before)).toFixed(2)})`,
  );
}
await gateway.close();
await removeGatewayFolders();
for (const server of [xtracta, credits]) {
  server.closeAllConnections();
  server.close();
}
