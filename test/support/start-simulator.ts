import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';
import type { World } from '../../src/simulator/world.js';

let nextWorld = 0;

/** A test's own upstream: a fresh copy of the fixtures under credentials of its own. */
export interface TestWorld {
  readonly apiKey: string;
  readonly creditsToken: string;
  readonly rootGroupId: string;
  /** State, clock, toggles, faults and journal, without going over HTTP. */
  readonly world: World;
}

export interface TestSimulator extends Simulator {
  freshWorld(label?: string): TestWorld;
}

/** Starts a simulator on a free port. Call `close()` in `afterAll`. */
export async function startTestSimulator(options: SimulatorOptions = {}): Promise<TestSimulator> {
  const simulator = await startSimulator(options);
  return {
    ...simulator,
    freshWorld(label = 'world') {
      nextWorld += 1;
      const apiKey = `sim-${label.replaceAll(/[^A-Za-z0-9._:-]/g, '-').slice(0, 40)}-${nextWorld}`;
      return {
        apiKey,
        creditsToken: apiKey,
        rootGroupId: simulator.fixtures.rootGroupId,
        world: simulator.world(apiKey),
      };
    },
  };
}
