import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTokenIssuer, type TokenIssuer } from '#bench/bearer.tokens';
import { ROOT_GROUP_ID } from '#bench/billing.ids';
import type { Run } from '#bench/billing.workload';
import { installPackages, type ServerCommand, type ServerProcess, startServer } from '#bench/child.process';
import type { CheapPage } from '#bench/http.connection';

/** The systems of every run. */
export const OWN_NAMES = ['gateway', 'naive'] as const;
/** Other products that teams might choose; measured only on request. */
export const PEER_NAMES = ['yoga-jit', 'mesh', 'hive'] as const;
export type PeerName = (typeof PEER_NAMES)[number];
export const SYSTEM_NAMES = [...OWN_NAMES, ...PEER_NAMES] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

export function isPeer(name: SystemName): name is PeerName {
  return PEER_NAMES.some((peer) => peer === name);
}

/** One system under test. Keeps its own sequence, so that no two requests of a run are equal. */
export interface System {
  readonly name: SystemName;
  readonly server: ServerProcess;
  /** All processes of the system, including the server's. */
  readonly pids: readonly number[];
  readonly bearerTokens: readonly string[];
  readonly cheapPage: CheapPage;
  readonly nextSequence: () => number;
}

export interface Upstream {
  readonly server: ServerProcess;
  /** Calls per endpoint since the last call of this function. */
  takeCalls(): Promise<Readonly<Record<string, number>>>;
  /** Received calls without a response. */
  countHeld(): Promise<number>;
  /** Releases these calls. */
  release(): Promise<void>;
}

export interface Bench {
  readonly root: string;
  /** Entry point of the gateway. */
  readonly gatewayPath: string;
  /** Ledger and logs of this run. */
  readonly workDirectory: string;
  readonly run: Run;
  readonly tokens: TokenIssuer;
  /** Tokens of the one tenant of all loads except the isolation's. */
  readonly bearerTokens: readonly string[];
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
  const tokens = await createTokenIssuer();
  return {
    root,
    gatewayPath,
    workDirectory,
    run: { anchorMs: now - (now % 1000), id: now.toString(36) },
    tokens,
    bearerTokens: await tokens.issue('bench', connections),
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
  const ask = async (what: string): Promise<unknown> => (await fetch(`${server.origin}/bench/${what}`)).json();
  return {
    server,
    takeCalls: async () => (await ask('calls')) as Record<string, number>,
    countHeld: async () => (await ask('held')) as number,
    release: async () => {
      await ask('release');
    },
  };
}

type Environment = Readonly<Record<string, string>>;

/**
 * The settings of the gateway, with all guarantees on. Only limits that would cap the load are above their defaults.
 */
function gatewayCommand(
  bench: Bench,
  upstream: Upstream,
  credentials: Environment,
  nodeArguments: readonly string[],
): ServerCommand {
  return {
    name: 'gateway',
    arguments: [...startFlags(bench.root), ...nodeArguments, bench.gatewayPath],
    environment: () => ({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      XTRACTA_URL: upstream.server.origin,
      AUTH: 'jwt',
      JWT_PUBLIC_KEY: bench.tokens.publicKeyPem,
      JWT_ISSUER: bench.tokens.issuer,
      JWT_AUDIENCE: bench.tokens.audience,
      LEDGER_URL: `sqlite:${join(bench.workDirectory, 'ledger.sqlite')}`,
      LOG_FORMAT: 'json',
      READ_TIMEOUT_MS: '120000',
      RATE_LIMIT_WRITES_PER_MINUTE: '100000',
      ...credentials,
    }),
    readyPath: '/ready',
    logFile: join(bench.workDirectory, 'gateway.log'),
  };
}

/** The arguments for node in `npm start` and in the image. */
function startFlags(root: string): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
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

function peerCommand(bench: Bench, name: PeerName, file: string, environment: Environment): ServerCommand {
  return {
    name,
    arguments: [join(bench.root, 'bench/peers', file)],
    environment: () => ({ NODE_ENV: 'production', ...environment }),
    readyPath: '/graphql?query=%7B__typename%7D',
    logFile: join(bench.workDirectory, `${name}.log`),
  };
}

async function startPeer(name: PeerName, bench: Bench, upstream: Upstream): Promise<System> {
  installPackages(join(bench.root, 'bench/peers'));
  const environment = { XTRACTA_URL: upstream.server.origin, XTRACTA_API_KEY: API_KEY };
  switch (name) {
    case 'yoga-jit':
      return plainSystem(name, await startServer(peerCommand(bench, name, 'yoga.main.ts', environment)));
    case 'mesh':
      return plainSystem(name, await startServer(peerCommand(bench, name, 'mesh.main.ts', environment)));
    case 'hive': {
      const subgraph = await startServer(naiveCommand(bench, upstream));
      const command = peerCommand(bench, name, 'hive.main.ts', { SUBGRAPH_URL: subgraph.origin });
      const server = await startServer(command).catch(async (error: unknown) => {
        await subgraph.stop();
        throw error;
      });
      const stop = async (): Promise<void> => {
        await server.stop();
        await subgraph.stop();
      };
      return { ...plainSystem(name, { ...server, stop }), pids: [server.pid, subgraph.pid] };
    }
  }
}

/** A system without authentication. */
function plainSystem(name: SystemName, server: ServerProcess): System {
  // A CORS preflight is the only request that the stand-alone server serves without GraphQL.
  const cheapPage = { method: 'OPTIONS', path: '/' } as const;
  return { name, server, pids: [server.pid], bearerTokens: [], cheapPage, nextSequence: sequence() };
}

/** `nodeArguments` are given to the gateway's node, for profiling. */
export async function startSystem(
  name: SystemName,
  bench: Bench,
  upstream: Upstream,
  nodeArguments: readonly string[] = [],
): Promise<System> {
  if (name === 'gateway') {
    const credentials = { XTRACTA_API_KEY: API_KEY, XTRACTA_ROOT_GROUP_ID: ROOT_GROUP_ID };
    const server = await startServer(gatewayCommand(bench, upstream, credentials, nodeArguments));
    return gatewaySystem(server, bench.bearerTokens);
  }
  if (isPeer(name)) return startPeer(name, bench, upstream);
  return plainSystem(name, await startServer(naiveCommand(bench, upstream)));
}

/**
 * The gateway with both upstreams and several tenants, each with credentials of its own. Its tokens are those of the
 * first tenant.
 */
export async function startTenantsGateway(
  bench: Bench,
  upstream: Upstream,
  tenants: readonly string[],
): Promise<System> {
  const file = join(bench.workDirectory, 'tenants.json');
  const credentialsOf = (tenant: string) => ({ xtractaApiKey: `${API_KEY}-${tenant}`, creditsToken: tenant });
  const entries = tenants.map((tenant) => [tenant, credentialsOf(tenant)] as const);
  writeFileSync(file, JSON.stringify({ tenants: Object.fromEntries(entries) }));
  const credentials = {
    TENANTS_FILE: file,
    CREDITS_URL: upstream.server.origin,
    // Held calls must hang during the whole measurement.
    WRITE_TIMEOUT_MS: '120000',
  };
  const server = await startServer(gatewayCommand(bench, upstream, credentials, []));
  return gatewaySystem(server, await bench.tokens.issue(tenants[0] ?? '', 1));
}

function gatewaySystem(server: ServerProcess, bearerTokens: readonly string[]): System {
  return {
    name: 'gateway',
    server,
    pids: [server.pid],
    bearerTokens,
    cheapPage: { method: 'GET', path: '/health' },
    nextSequence: sequence(),
  };
}

function sequence(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}
