import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES } from '../../src/domain/caller.js';
import type { World } from '../../src/simulator/world.js';
import {
  execute,
  type GraphqlResponse,
  removeGatewayFolders,
  startGateway,
  type TestGateway,
} from '../support/start-gateway.js';
import { startTestSimulator } from '../support/start-simulator.js';
import { jwtSettings, newSigningKey, token } from '../wire/auth/identity-provider.js';
import type { Position } from './toggle.differences.js';

export type PlanSource = 'history' | 'usage';
type Variables = Readonly<Record<string, unknown>>;

/** One tenant with its own upstream, whose toggles have fixed values. */
export interface ContractWorld {
  readonly world: World;
  readonly ask: <TData>(query: string, variables?: Variables) => Promise<GraphqlResponse<TData>>;
  /** Like `ask`, for a gateway that reads the present plan from the usage endpoint. */
  readonly askFrom: <TData>(
    source: PlanSource,
    query: string,
    variables?: Variables,
  ) => Promise<GraphqlResponse<TData>>;
  /** Requests to an endpoint since `forgetCalls`. */
  readonly received: (endpoint: string) => number;
  /** Requests that did their work. */
  readonly committed: (endpoint: string) => number;
  readonly forgetCalls: () => void;
  /**
   * The same upstream behind a gateway with its own ledger. Reason: group ids are the same in all positions, and
   * another write for a group within a day makes every proof doubtful.
   */
  readonly alone: () => Promise<{ readonly world: ContractWorld; close(): Promise<void> }>;
}

export interface ContractStand {
  readonly worlds: ReadonlyMap<Position, ContractWorld>;
  close(): Promise<void>;
}

/**
 * One simulator with a world for each position, and a gateway for each source of plans, with each world's key as a
 * tenant.
 */
export async function openContractStand(positions: readonly Position[]): Promise<ContractStand> {
  const simulator = await startTestSimulator();
  const tenants = positions.map((position, index) => ({
    position,
    id: `tenant-${index}`,
    ...simulator.freshWorld('contract'),
  }));
  const folder = await mkdtemp(join(tmpdir(), 'contract-'));
  const tenantsFile = join(folder, 'tenants.json');
  const entries = tenants.map(({ id, apiKey, creditsToken, rootGroupId }) => [
    id,
    { xtractaApiKey: apiKey, creditsToken, rootGroupId },
  ]);
  await writeFile(tenantsFile, JSON.stringify({ tenants: Object.fromEntries(entries) }));
  const key = await newSigningKey('contract', 'ES256');
  const start = async (source: PlanSource): Promise<TestGateway> =>
    startGateway({
      xtractaUrl: simulator.url,
      creditsUrl: simulator.url,
      env: {
        ...(await jwtSettings(key)),
        TENANTS_FILE: tenantsFile,
        PLAN_SOURCE: source,
        XTRACTA_API_KEY: undefined,
        CREDITS_TOKEN: undefined,
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
        // The subject of these tests is the upstreams' responses, so equal writes follow each other under new keys.
        DUPLICATE_WINDOW_SECONDS: '0',
        RATE_LIMIT_BILLING_UI_PER_MINUTE: '0',
        LOG_LEVEL: 'error',
        DEBUG_UI: 'false',
      },
    });
  const gateways = { history: await start('history'), usage: await start('usage') };
  const worlds = new Map<Position, ContractWorld>();
  for (const { position, id, world } of tenants) {
    world.setToggles(position.toggles);
    const bearer = await token(key, { tenant: id, scope: SCOPES.join(' ') }, (jwt) => jwt.setExpirationTime('1h'));
    const headers = { authorization: `Bearer ${bearer}` };
    const alone = async () => {
      const gateway = await start('history');
      const own = worldOf(world, { history: gateway, usage: gateway }, headers, alone);
      return { world: own, close: () => gateway.close() };
    };
    worlds.set(position, worldOf(world, gateways, headers, alone));
  }
  return {
    worlds,
    async close() {
      await Promise.all([gateways.history.close(), gateways.usage.close()]);
      await simulator.close();
      await rm(folder, { recursive: true });
      await removeGatewayFolders();
    },
  };
}

function worldOf(
  world: World,
  gateways: Readonly<Record<PlanSource, TestGateway>>,
  headers: Readonly<Record<string, string>>,
  alone: ContractWorld['alone'],
): ContractWorld {
  const askFrom = <TData>(source: PlanSource, query: string, variables: Variables = {}) =>
    execute<TData>(gateways[source].url, query, variables, headers);
  return {
    world,
    alone,
    askFrom,
    ask: (query, variables) => askFrom('history', query, variables),
    received: (endpoint) => world.journal.counts()[endpoint]?.received ?? 0,
    committed: (endpoint) => world.journal.counts()[endpoint]?.committed ?? 0,
    forgetCalls: () => world.journal.clear(),
  };
}
