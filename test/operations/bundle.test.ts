import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { execute } from '../support/start-gateway.js';
import { type GatewayProcess, startGatewayProcess } from '../support/start-gateway-process.js';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { findRedis, startRedis, type TestRedis } from '../support/start-redis.js';

// The bundle as the image has it: no node_modules in any folder above it.

const BUILD_LIMIT_MS = 180_000;
/** The bundler is a program in Go. It then collects its garbage earlier, and takes 450 MB in place of 530 MB. */
const BUILD_ENVIRONMENT = { ...process.env, GOGC: '50' };
/** Processes start in about a second, and in more on a busy machine. */
const START_LIMIT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
const program = { args: ['--enable-source-maps', 'dist/main.js'], cwd: folder };
const announcement = z.object({ simulator: z.string(), fixtures: z.record(z.string(), z.string()) });
const billOfMaterials = z.object({ components: z.array(z.object({ name: z.string(), version: z.string() })).min(50) });
const started: GatewayProcess[] = [];
let simulator: ReturnType<typeof spawn>;
let upstream: z.infer<typeof announcement>;
let redis: TestRedis | null = null;
let postgres: TestPostgres | null = null;

jest.setTimeout(START_LIMIT_MS);

beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['tools/build.mjs', '--unchecked', '--out', join(folder, 'dist')], {
    env: BUILD_ENVIRONMENT,
  });
  for (const name of ['package.json', 'operations']) cpSync(name, join(folder, name), { recursive: true });
  const [redisServer, postgresBinaries] = [findRedis(), findPostgres()];
  if (redisServer === null || postgresBinaries === null) {
    process.stderr.write('Left out: the bundle with Redis and PostgreSQL (one of them is not installed).\n');
  } else {
    redis = await startRedis(redisServer);
    postgres = await startPostgres(postgresBinaries);
  }
  const child = spawn(process.execPath, ['dist/simulator/main.js', '--port', '0'], { cwd: folder });
  simulator = child;
  const [line] = await once(createInterface(child.stdout), 'line');
  upstream = announcement.parse(JSON.parse(String(line)));
}, BUILD_LIMIT_MS);

afterAll(async () => {
  for (const gateway of started) await gateway.end('SIGTERM');
  simulator.kill();
  await redis?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});

const settings = (): Record<string, string> => ({
  AUTH: 'none',
  XTRACTA_URL: upstream.simulator,
  XTRACTA_API_KEY: upstream.fixtures['apiKey'] ?? '',
  LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
});

async function start(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess({ ...settings(), ...env }, program);
  started.push(gateway);
  return gateway;
}

let usual: Promise<GatewayProcess> | null = null;
/** The gateway of the tests that need no settings of their own. */
const startUsual = (): Promise<GatewayProcess> => {
  usual ??= start({ XTRACTA_ROOT_GROUP_ID: upstream.fixtures['rootGroupId'] ?? '' });
  return usual;
};

const order = (gateway: GatewayProcess, key: string) =>
  execute(
    gateway.url,
    `mutation ($input: OrderBoosterPackInput!) {
      orderBoosterPack(input: $input) { operation { status replayed } userErrors { code } }
    }`,
    { input: { idempotencyKey: key, packId: upstream.fixtures['packId'], groupId: upstream.fixtures['rootGroupId'] } },
  );
const ordered = (replayed: boolean) => ({
  errors: [],
  data: { orderBoosterPack: { operation: { status: 'SUCCEEDED', replayed }, userErrors: [] } },
});

/** Acts as a collector of either protocol; resolves to the first request that it gets. */
async function collect(protocol: 'grpc' | 'http/protobuf') {
  const { promise, resolve } = Promise.withResolvers<{ readonly path: string; readonly type: string }>();
  const server =
    protocol === 'grpc'
      ? createHttp2Server().on('stream', (stream, headers) => {
          resolve({ path: String(headers[':path']), type: String(headers['content-type']) });
          stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.resume().on('end', () => stream.end(Buffer.alloc(5)));
        })
      : createServer((request, response) => {
          resolve({ path: String(request.url), type: String(request.headers['content-type']) });
          request.resume().on('end', () => response.end());
        });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return { url: `http://127.0.0.1:${address.port}`, request: promise };
}

/** A file of the bundle and all files that load before its first line runs. */
function loadedWith(file: string, seen: Set<string>): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/(?:^|;)(?:import|export)\b(?:[^"';()]*\bfrom)?"(\.[^"]+)";/gm);
  for (const [, path = ''] of imports) loadedWith(join(dirname(file), path), seen);
  return seen;
}

const megabytes = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;

describe('the bundle, with no node_modules', () => {
  // Bytes and files, because a time would depend on the machine. A commit that goes over a limit raises it and gives
  // the reason.
  it('is small, and loads a quarter of itself at a start', () => {
    const dist = join(folder, 'dist');
    const atStart = ['main.js', 'cli.js', 'gateway.js'].reduce(
      (seen, name) => loadedWith(join(dist, name), seen),
      new Set<string>(),
    );
    expect(atStart.size).toBeGreaterThan(10);
    expect(atStart.size).toBeLessThan(30);
    expect(megabytes(atStart)).toBeLessThan(4);
    const all = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(megabytes(all.map(({ parentPath, name }) => join(parentPath, name)))).toBeLessThan(24);
  });

  it('has a bill of materials with each package that it holds a file of, and no other', async () => {
    const dist = join(folder, 'dist');
    const bill = billOfMaterials.parse(JSON.parse(readFileSync(join(dist, 'sbom.cdx.json'), 'utf8')));
    // The bundler writes the path of each module above its code, where it writes comments.
    const readable = join(folder, 'readable');
    await promisify(execFile)(process.execPath, ['tools/build.mjs', '--readable', '--out', readable], {
      env: BUILD_ENVIRONMENT,
    });
    const code = readdirSync(readable, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(readable, name), 'utf8'))
      .join('');
    const held = [...code.matchAll(/^\/\/ .*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\/.*$/gm)].map(([, name]) => name);
    expect(held.length).toBeGreaterThan(1_000);
    expect([...new Set(bill.components.map(({ name }) => name))].sort()).toEqual([...new Set(held)].sort());
    expect(bill.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['fastify', 'pg', 'undici']));
  });

  it('serves the schema, reads and writes, and replays', async () => {
    const gateway = await startUsual();
    const { data } = await execute(gateway.url, '{ _service { sdl } }');
    expect(data).toEqual({ _service: { sdl: readFileSync('schema.graphql', 'utf8') } });
    const plan = 'query ($id: ID!) { group(id: $id) { plan { name type } billingHistory { totalCount } } }';
    const read = await execute(gateway.url, plan, { id: upstream.fixtures['rootGroupId'] });
    expect(read).toMatchObject({ errors: [], data: { group: { plan: { type: 'MONTHLY' } } } });
    expect(await order(gateway, 'bundle-order-1')).toMatchObject(ordered(false));
    expect(await order(gateway, 'bundle-order-1')).toMatchObject(ordered(true));
  });

  it('has the pages, their operations, and the metrics', async () => {
    const gateway = await startUsual();
    const text = async (path: string) =>
      (await fetch(`${gateway.url}${path}`, { headers: { accept: 'text/html' } })).text();
    const operation = /(?:query|mutation) \w+/.exec(
      readFileSync('operations/08-order-booster-pack.graphql', 'utf8'),
    )?.[0];
    expect(await text('/graphiql')).toContain(operation);
    expect(await text('/debug')).toContain('<script');
    expect(await text('/metrics')).toContain('process_cpu_seconds_total');
  });

  it('reads a tenants file, and prints its version and settings', async () => {
    const file = join(folder, 'tenants.yaml');
    writeFileSync(file, 'tenants:\n  acme:\n    xtractaApiKey: key-of-acme-0123456789\n');
    const jwt = { AUTH: 'jwt', JWT_JWKS_URL: 'https://id.example.test/keys', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' };
    const run = async (option: string) => {
      const env = { ...jwt, TENANTS_FILE: file };
      return (await promisify(execFile)(process.execPath, [...program.args, option], { cwd: folder, env })).stdout;
    };
    expect(await run('--check-config')).toContain('The configuration is valid.');
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
    expect(await run('--version')).toBe(`${version}\n`);
    expect(await run('--help')).toContain('LEDGER_URL');
  });

  it('writes logs for people', async () => {
    const gateway = await start({ LOG_FORMAT: 'pretty' });
    expect(gateway.output()).toMatch(/INFO.*listening on/);
  });

  it.each(['grpc', 'http/protobuf'] as const)('sends traces by %s', async (protocol) => {
    const collector = await collect(protocol);
    const gateway = await start({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    await execute(gateway.url, '{ __typename }');
    await gateway.end('SIGTERM');
    expect(await collector.request).toEqual(
      protocol === 'grpc'
        ? { path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export', type: 'application/grpc' }
        : { path: '/v1/traces', type: 'application/x-protobuf' },
    );
  });

  it('tells in which line of the source an error was thrown', async () => {
    const failing = start({ LEDGER_URL: `sqlite:${folder}`, LOG_LEVEL: 'debug' });
    await expect(failing).rejects.toThrow(/src\/idempotency\/[\w./-]+\.ts:\d+:\d+/);
  });

  it('shares persisted queries by Redis and the ledger by PostgreSQL', async () => {
    if (redis === null || postgres === null) {
      expect([findRedis(), findPostgres()]).toContain(null);
      return;
    }
    const gateway = await start({ CACHE_URL: redis.url, LEDGER_URL: await postgres.createLedgerSpace() });
    expect(await order(gateway, 'bundle-order-2')).toMatchObject(ordered(false));
    expect(await order(gateway, 'bundle-order-2')).toMatchObject(ordered(true));
    expect(await (await fetch(`${gateway.url}/ready`)).json()).toMatchObject({ status: 'ready' });
  });
});
