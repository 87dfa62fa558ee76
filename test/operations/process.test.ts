import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LedgerUnavailable } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { TYPESCRIPT } from '../support/start-gateway-process.js';
import { unprivilegedUser } from '../support/start-postgres.js';

type GatewayChild = ChildProcessByStdio<null, Readable, Readable>;

// The gateway as a process: an unread log, a failing start, and signals.

const ROOT = new URL('../..', import.meta.url);
const SETTINGS = { AUTH: 'none', XTRACTA_API_KEY: 'k', XTRACTA_URL: 'http://127.0.0.1:9' };

let directory: string;
const running = new Set<GatewayChild>();

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-process-'));
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

describe('a gateway whose log nobody reads', () => {
  let child: GatewayChild;
  let url: string;

  beforeAll(async () => {
    child = run([], { ...SETTINGS, LEDGER_URL: `sqlite:${join(directory, 'unread.sqlite')}` });
    url = await listening(child);
  }, 60_000);

  it('stops no request, and counts the lost lines', async () => {
    // More than the pipe (64 KiB), the buffer of this test's end (64 KiB) and the gateway's own (256 KiB) hold
    // together.
    const headers = { 'content-type': 'application/json', 'x-request-id': 'x'.repeat(128) };
    const operation = { method: 'POST', headers, body: '{"query":"{__typename}"}' };
    let answered = 0;
    for (let round = 0; round < 70; round += 1) {
      const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/graphql`, operation)));
      for (const response of responses) if ((await response.text()).includes('Query')) answered += 1;
    }
    expect(answered).toBe(1_400);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(Number(/^billing_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  }, 60_000);

  it('opens no inspector at a signal, through which anybody on the machine could run any code', async () => {
    const faults = text(child.stderr);
    child.kill('SIGUSR1');
    for (let asked = 0; asked < 20; asked += 1) expect((await fetch(`${url}/health`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await faults).not.toContain('Debugger listening');
  }, 60_000);
});

describe('a ledger that cannot be opened', () => {
  let tlsPort: number;
  let closeTls: () => void;

  beforeAll(async () => {
    const server = createServer(offerPrivateTls).listen(0, '127.0.0.1');
    await once(server, 'listening');
    tlsPort = portOf(server);
    closeTls = () => server.close();
    mkdirSync(join(directory, 'folder'));
    writeFileSync(join(directory, 'garbage'), 'no database, '.repeat(1000));
    writeFileSync(join(directory, 'read-only'), '', { mode: 0o444 });
    // Another user than root needs access to this folder.
    chmodSync(directory, 0o755);
  });

  afterAll(() => closeTls());

  it('ends the start with one line that says where, as whom, why and what to do', async () => {
    const ledger = { LEDGER_URL: `sqlite:${directory}/read-only` };
    const child = run([], { ...SETTINGS, ...ledger }, unprivilegedUser());
    const [[code], err] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    expect(err).toMatch(
      /^The gateway could not start: The ledger file \/.*\/read-only cannot be opened as user \d+: this user may not write there \(SQLITE_READONLY\)\. Give [^\n]+\n$/,
    );
    expect(code).toBe(1);
  }, 60_000);

  it.each([
    ['a folder', () => `sqlite:${directory}/folder`, /\/folder cannot be opened as user \d+: the path is a folder/],
    ['garbage', () => `sqlite:${directory}/garbage`, /\/garbage cannot be opened as user \d+: .* no SQLite database/],
    [
      'below a file',
      () => `sqlite:${directory}/garbage/l`,
      /garbage\/l cannot be opened as .*: a part of the path is a file/,
    ],
    [
      'behind TLS of a private authority',
      () => `postgres://u:CANARY@localhost:${tlsPort}/billing?sslmode=require`,
      /at localhost:\d+\/billing cannot be opened: .*sslrootcert=/,
    ],
  ])('because it is %s is told so', async (_name, url, said) => {
    const warned = jest.spyOn(process, 'emitWarning');
    const message = await openLedger(url()).then(
      () => 'opened',
      (error: unknown) => (error instanceof LedgerUnavailable ? error.message : `unforeseen: ${String(error)}`),
    );
    expect(message).toMatch(said);
    expect(message).not.toMatch(/CANARY|\n/);
    // The driver has eight lines to say about sslmode=require.
    expect(warned).not.toHaveBeenCalled();
  });
});

describe('a signal', () => {
  /** Accepts connections and sends nothing. */
  let silent: Server;
  let arrived: Promise<unknown>;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    silent = createServer((socket) => sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    arrived = once(silent, 'connection');
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    silent.close();
  });

  it('ends a start at once that waits for a ledger which does not answer', async () => {
    const child = run([], { ...SETTINGS, LEDGER_URL: `postgres://u@127.0.0.1:${portOf(silent)}/billing` });
    await arrived;
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);

  it('ends a sub-command with the code that shells expect', async () => {
    const child = run(['doctor'], { ...SETTINGS, XTRACTA_URL: `http://127.0.0.1:${portOf(silent)}` });
    await arrived;
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  }, 60_000);
});

/** Accepts TLS as PostgreSQL does, with a self-signed certificate. */
function offerPrivateTls(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    socket.write('S');
    new TLSSocket(socket, {
      isServer: true,
      cert: readFileSync(new URL('test/fixtures/tls/localhost.cert.pem', ROOT)),
      key: readFileSync(new URL('test/fixtures/tls/localhost.key.pem', ROOT)),
    }).on('error', () => undefined);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}

/**
 * Node with the gateway's own start file; standard output and error are pipes that nothing reads until the test does.
 */
function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  user: { readonly uid: number; readonly gid: number } | null = null,
): GatewayChild {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [...TYPESCRIPT, 'src/main.ts', ...args], {
    cwd: ROOT,
    ...user,
    env: { PATH, LOG_FORMAT: 'json', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Reads the log until it has the gateway's address, and nothing after that. */
async function listening(child: GatewayChild): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  child.once('exit', () => reject(new Error(`The gateway did not start: ${log}`)));
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
    const url = /listening on (http:[\w:./]+)/.exec(log)?.[1];
    if (url !== undefined) resolve(url);
  });
  const url = await promise;
  child.stdout.removeAllListeners('data');
  child.stdout.pause();
  return url;
}
