import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type GraphqlResponse, removeGatewayFolders, startGateway } from '../support/start-gateway.js';
import { startTestSimulator } from '../support/start-simulator.js';

const FOLDER = join(import.meta.dirname, '../../operations');
const VARIABLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = JSON.parse(
  readFileSync(join(FOLDER, 'variables.json'), 'utf8'),
);
const DOCUMENTS = new Map(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => {
      const text = readFileSync(join(FOLDER, file), 'utf8');
      return [/^(?:query|mutation) (\w+)/m.exec(text)?.[1] ?? file, text];
    }),
);

type Changes = Readonly<Record<string, unknown>>;

export interface OperationRunner {
  readonly simulatorUrl: string;
  /** Runs an operation of `operations/` with its variables of `variables.json`; `changes` override them. */
  run<TData>(name: string, changes?: Changes): Promise<GraphqlResponse<TData>>;
  /** Runs any document. */
  ask(document: string, variables?: Changes): Promise<GraphqlResponse>;
  /** The data of a response, which must have no errors. */
  dataOf<TData = object>(name: string, changes?: Changes): Promise<TData>;
  /** Requests to an endpoint of the upstreams since {@link forgetRequests}. */
  received(endpoint: string): number;
  forgetRequests(): void;
  names(): string[];
  /** Names of those that only read. */
  queries(): string[];
  namesWithVariables(): string[];
  /** Operations that were not run yet. */
  untried(): string[];
  close(): Promise<void>;
}

/** A gateway in front of a fresh world of the simulator, for the operations of `operations/`. */
export async function startOperationRunner(): Promise<OperationRunner> {
  const tried = new Set<string>();
  const simulator = await startTestSimulator();
  const { apiKey, creditsToken, rootGroupId, world } = simulator.freshWorld('operations');
  const gateway = await startGateway({
    xtractaUrl: simulator.url,
    creditsUrl: simulator.url,
    env: { XTRACTA_API_KEY: apiKey, XTRACTA_ROOT_GROUP_ID: rootGroupId, CREDITS_TOKEN: creditsToken },
  });
  async function run<TData>(name: string, changes: Changes = {}): Promise<GraphqlResponse<TData>> {
    tried.add(name);
    return await gateway.execute<TData>(DOCUMENTS.get(name) ?? '', { ...VARIABLES[name], ...changes });
  }
  return {
    simulatorUrl: simulator.url,
    run,
    ask: (document, variables) => gateway.execute(document, variables),
    async dataOf<TData>(name: string, changes?: Changes) {
      const { data, errors } = await run<TData>(name, changes);
      expect(errors).toEqual([]);
      if (data === null || data === undefined) throw new Error(`${name} answered no data`);
      return data;
    },
    received: (endpoint) => world.journal.counts()[endpoint]?.received ?? 0,
    forgetRequests: () => world.journal.clear(),
    names: () => [...DOCUMENTS.keys()].sort(),
    queries: () => [...DOCUMENTS].flatMap(([name, text]) => (/^query /m.test(text) ? [name] : [])),
    namesWithVariables: () => Object.keys(VARIABLES).sort(),
    untried: () => [...DOCUMENTS.keys()].filter((name) => !tried.has(name)),
    async close() {
      await gateway.close();
      await simulator.close();
      await removeGatewayFolders();
    },
  };
}
