import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { freePort } from './free-port.js';

/** A PostgreSQL server on a free port, in a temporary directory. */
export interface TestPostgres {
  readonly dataDirectory: string;
  readonly port: number;
  /** Makes an empty schema, which is much quicker than a database, and returns a URL that leads there. */
  createLedgerSpace(): Promise<string>;
  /** Deletes all writes of the ledger at this URL, as if its tables were new. */
  emptyLedgerSpace(url: string): Promise<void>;
  /** Ends the server at once, as a crash would. */
  crash(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

const INSTALLED = '/usr/lib/postgresql';
/** Fresh data directories, by version. */
const TEMPLATES = join(import.meta.dirname, '../../node_modules/.cache/postgres');

/**
 * Settings that make a test server faster. Tests crash the server, never the machine, so the system keeps all written
 * data, flushed or not. `synchronous_commit` stays on, because the ledger requires it.
 */
const QUICK = ['fsync=off', 'full_page_writes=off', 'autovacuum=off', 'shared_buffers=16MB', 'jit=off'];

/** Where `initdb` and `postgres` are, or null when PostgreSQL is not installed. Debian keeps them out of the PATH. */
export function findPostgres(): string | null {
  const versions = listDirectory(INSTALLED).sort((a, b) => Number(b) - Number(a));
  const { PATH = '' } = process.env;
  const places = [...versions.map((version) => join(INSTALLED, version, 'bin')), ...PATH.split(delimiter)];
  return places.find((place) => isExecutable(join(place, 'initdb')) && isExecutable(join(place, 'postgres'))) ?? null;
}

export async function startPostgres(binaries: string): Promise<TestPostgres> {
  const dataDirectory = newDirectory();
  const initdb = join(binaries, 'initdb');
  // A copy of the first one, of this version, costs a tenth of another one.
  const kept = join(TEMPLATES, `${initdb.replaceAll('/', '-')}-${statSync(initdb).mtimeMs}`);
  if (existsSync(kept)) {
    copy(kept, dataDirectory);
  } else {
    const options = ['-D', dataDirectory, '-U', 'ledger', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    execFileSync(initdb, options, { ...asServer(dataDirectory), stdio: 'ignore' });
    keep(dataDirectory, kept);
  }
  return serve(binaries, dataDirectory);
}

/** With owners and modes, which the server checks. */
function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', `${from}/.`, to]);
}

/** The name appears with the whole content. Another worker may have been first. */
function keep(dataDirectory: string, kept: string): void {
  const unfinished = `${kept}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  copy(dataDirectory, unfinished);
  try {
    renameSync(unfinished, kept);
  } catch {
    rmSync(unfinished, { recursive: true });
  }
}

/** A standby that follows `primary` by streaming replication, read only until it is promoted. */
export async function startStandby(binaries: string, primary: TestPostgres): Promise<TestPostgres> {
  const dataDirectory = newDirectory();
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'ledger'];
  const copy = ['-D', dataDirectory, ...from, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
  execFileSync(join(binaries, 'pg_basebackup'), copy, { ...asServer(dataDirectory), stdio: 'ignore' });
  return serve(binaries, dataDirectory);
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ledger-postgres-'));
  const user = unprivilegedUser();
  if (user !== null) {
    chownSync(directory, user.uid, user.gid);
  }
  return directory;
}

function asServer(cwd: string): { readonly cwd: string; readonly uid?: number; readonly gid?: number } {
  return { cwd, ...(unprivilegedUser() ?? {}) };
}

async function serve(binaries: string, dataDirectory: string): Promise<TestPostgres> {
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...QUICK];
  const server = ['-D', dataDirectory, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const run = () =>
    spawn(join(binaries, 'postgres'), server, { ...asServer(dataDirectory), stdio: ['ignore', 'ignore', 'pipe'] });

  let running: ReturnType<typeof run> | null = null;
  let spaces = 0;
  const url = `postgres://ledger@127.0.0.1:${port}/postgres`;
  // One connection for all spaces: a new one costs the server more than the schema does.
  let admin: pg.Pool | null = null;
  const connectAdmin = (): pg.Pool => {
    const pool = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0 });
    // A crash of the server ends its connection; the next space opens another.
    pool.on('error', () => undefined);
    return pool;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = running;
    running = null;
    await admin?.end().catch(() => undefined);
    admin = null;
    if (ending?.exitCode === null && ending.signalCode === null) {
      const exited = once(ending, 'exit');
      ending.kill(signal);
      await exited;
    }
  };
  const start = async (): Promise<void> => {
    running = run();
    for await (const line of createInterface(running.stderr)) {
      // A standby says "read-only connections".
      if (/database system is ready to accept (read-only )?connections/.test(line)) {
        // This must continue reading; otherwise the server blocks on its own log.
        running.stderr.resume();
        return;
      }
    }
    throw new Error('PostgreSQL did not start.');
  };
  await start();
  return {
    dataDirectory,
    port,
    start,
    crash: () => end('SIGQUIT'),
    stop: async () => {
      await end('SIGQUIT');
      rmSync(dataDirectory, { recursive: true, force: true });
    },
    createLedgerSpace: async () => {
      spaces += 1;
      const name = `space_${spaces}`;
      admin ??= connectAdmin();
      await admin.query(`CREATE SCHEMA ${name}`);
      return `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    emptyLedgerSpace: async (ledgerUrl) => {
      const [name = ''] = /space_\d+$/.exec(ledgerUrl) ?? [];
      admin ??= connectAdmin();
      await admin.query(`TRUNCATE ${name}.ledger_operations, ${name}.ledger_audit RESTART IDENTITY`);
      await admin.query(`DELETE FROM ${name}.ledger_meta WHERE name LIKE 'root_groups:%'`);
    },
  };
}

/** PostgreSQL refuses to run as root; its package brings a user of its own. Null when we are not root. */
export function unprivilegedUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) {
    return null;
  }
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
