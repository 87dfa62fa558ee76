import { jest } from '@jest/globals';
import type { GatewayParts } from '../../src/gateway.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

// These tests start whole gateways, and the machine may be busy.
const PATIENCE_MS = 60_000;

/** A simulator with one world, and gateways in front of it, all of which `close` ends. */
export interface Stand {
  readonly simulator: TestSimulator;
  readonly world: TestWorld;
  /** A gateway with the world's credentials; undefined leaves a setting out. */
  start(env?: Readonly<Record<string, string | undefined>>, parts?: GatewayParts): Promise<TestGateway>;
  /** Requests that the world's upstreams received since {@link forgetCalls}. */
  upstreamCalls(endpoint?: string): number;
  forgetCalls(): void;
  close(): Promise<void>;
}

export async function openStand(label: string): Promise<Stand> {
  jest.setTimeout(PATIENCE_MS);
  const simulator = await startTestSimulator();
  const world = simulator.freshWorld(label);
  const gateways: TestGateway[] = [];
  return {
    simulator,
    world,
    async start(env = {}, parts = {}) {
      const gateway = await startGateway({
        xtractaUrl: simulator.url,
        creditsUrl: simulator.url,
        env: {
          XTRACTA_API_KEY: world.apiKey,
          CREDITS_TOKEN: world.creditsToken,
          DUPLICATE_WINDOW_SECONDS: '0',
          ...env,
        },
        parts,
      });
      gateways.push(gateway);
      return gateway;
    },
    upstreamCalls(endpoint) {
      const counts = world.world.journal.counts();
      const chosen = endpoint === undefined ? Object.values(counts) : [counts[endpoint] ?? { received: 0 }];
      return chosen.reduce((sum, { received }) => sum + received, 0);
    },
    forgetCalls: () => world.world.journal.clear(),
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await simulator.close();
      await removeGatewayFolders();
    },
  };
}
