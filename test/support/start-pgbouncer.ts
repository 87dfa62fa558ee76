import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.js';
import { unprivilegedUser } from './start-postgres.js';

export interface TestPgBouncer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The program, or null when PgBouncer is not installed. Debian keeps it in `/usr/sbin`. */
export function findPgBouncer(): string | null {
  const { PATH = '' } = process.env;
  const places = [...PATH.split(delimiter), '/usr/sbin'].map((folder) => join(folder, 'pgbouncer'));
  return places.find(isExecutable) ?? null;
}

/** A pooler in front of the server on `postgresPort`, configured to pass on all of the gateway's startup parameters. */
export async function startPgBouncer(
  program: string,
  postgresPort: number,
  poolMode: 'session' | 'transaction',
): Promise<TestPgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
postgres = host=127.0.0.1 port=${postgresPort} dbname=postgres user=ledger
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${poolMode}
ignore_startup_parameters = extra_float_digits, options, statement_timeout, idle_in_transaction_session_timeout
`,
  );
  const child = spawn(program, [file], { ...(unprivilegedUser() ?? {}), stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface(child.stderr)) {
    if (line.includes('process up')) {
      child.stderr.resume();
      return { url: `postgres://ledger@127.0.0.1:${port}/postgres`, stop };
    }
  }
  await stop();
  throw new Error('PgBouncer did not start.');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
