import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { issueTokens, type TokenIssuer } from '#bench/bearer.tokens';
import { ROOT_GROUP_ID } from '#bench/billing.ids';
import type { Run } from '#bench/billing.workload';
import { type ServerCommand, type ServerProcess, startServer } from '#bench/child.process';
import type { StallProbeTarget } from '#bench/stall.probe';

export const SYSTEM_NAMES = ['gateway', 'naive'] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

/** One system under test. Keeps a sequence of its own, so that no two requests of a run are alike. */
export interface System {
  readonly name: SystemName;
  readonly server: ServerProcess;
  readonly bearerTokens: readonly string[];
  readonly stallTarget: StallProbeTarget;
  readonly nextSequence: () => number;
}

export interface Upstream {
  readonly server: ServerProcess;
  /** Calls per endpoint since it was asked last. */
  takeCalls(): Promise<Readonly<Record<string, number>>>;
}

export interface Bench {
  readonly root: string;
  /** Entry point of the gateway. */
  readonly gatewayPath: string;
  /** Ledger and logs of this run. */
  readonly workDirectory: string;
  readonly run: Run;
  readonly tokens: TokenIssuer;
}

const API_KEY = 'bench-key-0123456789012345678901234567890';

export async function prepareBench(
  root: string,
  gatewayPath: string,
  workDirectory: string,
  connections: number,
): Promise<Bench> {
  mkdirSync(workDirectory, { recursive: true });
  const now = Date.now();
  return {
    root,
    gatewayPath,
    workDirectory,
    run: { anchorMs: now - (now % 1000), id: now.toString(36) },
    tokens: await issueTokens(connections),
  };
}

export async function startUpstream(bench: Bench): Promise<Upstream> {
  const server = await startServer({
    name: 'upstream',
    arguments: [join(bench.root, 'bench/upstream/main.ts')],
    environment: () => ({ BENCH_ANCHOR_MS: String(bench.run.anchorMs) }),
    readyPath: '/bench/calls',
    logFile: join(bench.workDirectory, 'upstream.log'),
  });
  return {
    server,
    takeCalls: async () => (await (await fetch(`${server.origin}/bench/calls`)).json()) as Record<string, number>,
  };
}

/** What the gateway runs with: every promise on. Only what would cap the load itself is set wider than its default. */
function gatewayCommand(bench: Bench, upstream: Upstream, nodeArguments: readonly string[]): ServerCommand {
  return {
    name: 'gateway',
    arguments: ['--enable-source-maps', ...nodeArguments, bench.gatewayPath],
    environment: () => ({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      XTRACTA_URL: upstream.server.origin,
      XTRACTA_API_KEY: API_KEY,
      XTRACTA_ROOT_GROUP_ID: ROOT_GROUP_ID,
      AUTH: 'jwt',
      JWT_PUBLIC_KEY: bench.tokens.publicKeyPem,
      JWT_ISSUER: bench.tokens.issuer,
      JWT_AUDIENCE: bench.tokens.audience,
      LEDGER_URL: `sqlite:${join(bench.workDirectory, 'ledger.sqlite')}`,
      LOG_FORMAT: 'json',
      READ_TIMEOUT_MS: '120000',
      RATE_LIMIT_WRITES_PER_MINUTE: '100000',
    }),
    readyPath: '/ready',
    logFile: join(bench.workDirectory, 'gateway.log'),
  };
}

function naiveCommand(bench: Bench, upstream: Upstream): ServerCommand {
  return {
    name: 'naive',
    arguments: [join(bench.root, 'bench/naive/main.ts')],
    environment: () => ({ NODE_ENV: 'production', XTRACTA_URL: upstream.server.origin, XTRACTA_API_KEY: API_KEY }),
    readyPath: '/?query=%7B__typename%7D',
    logFile: join(bench.workDirectory, 'naive.log'),
  };
}

/** `nodeArguments` are given to the gateway's node, for profiling. */
export async function startSystem(
  name: SystemName,
  bench: Bench,
  upstream: Upstream,
  nodeArguments: readonly string[] = [],
): Promise<System> {
  const gateway = name === 'gateway';
  const command = gateway ? gatewayCommand(bench, upstream, nodeArguments) : naiveCommand(bench, upstream);
  const server = await startServer(command);
  // A CORS preflight is the one request that the stand-alone server answers without GraphQL.
  const page = gateway ? ({ method: 'GET', path: '/health' } as const) : ({ method: 'OPTIONS', path: '/' } as const);
  let sequence = 0;
  return {
    name,
    server,
    bearerTokens: gateway ? bench.tokens.tokens : [],
    stallTarget: { port: server.port, ...page },
    nextSequence: () => {
      sequence += 1;
      return sequence;
    },
  };
}
