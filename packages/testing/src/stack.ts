import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Ids in every new world of the simulator. The simulator's `README.md` explains each. */
export type Fixtures = Readonly<Record<string, string>> & {
  readonly rootGroupId: string;
  readonly heldGroupId: string;
  readonly planlessGroupId: string;
  readonly packId: string;
  readonly largerPackId: string;
  readonly monthlyPlanId: string;
  readonly largerPlanId: string;
  readonly purchaseId: string;
};

/** A fault and its condition. Without `first`, `nth`, `every` and `probability` it strikes every request. */
export interface Fault {
  readonly kind: string;
  readonly endpoint?: string;
  readonly group?: string;
  readonly first?: number;
  readonly nth?: number;
  readonly every?: number;
  readonly probability?: number;
  readonly seed?: number;
  readonly params?: Readonly<Record<string, string | number | boolean>>;
}

/** A request that the upstream received. */
export interface JournalEntry {
  readonly endpoint: string;
  readonly [detail: string]: unknown;
}

/** Requests to an endpoint, and those that did their work: `committed` of `booster` counts the sold orders. */
export interface JournalCount {
  readonly received: number;
  readonly committed: number;
}

export interface StackOptions {
  /** Settings of the gateway, which override those of this stack: `{ AUTH: 'jwt', … }`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Port of the gateway; a free one by default. */
  readonly port?: number;
  /** Port of the simulator; a free one by default. */
  readonly simulatorPort?: number;
  /** Toggles of the upstream, such as `{ catalogueCurrency: 'yes' }`; kept over `reset`. */
  readonly toggles?: Readonly<Record<string, string>>;
}

/** A running gateway in front of a simulated upstream. Nothing is charged anywhere. */
export interface BillingStack {
  /** `http://127.0.0.1:4000/graphql` */
  readonly graphqlUrl: string;
  /** The gateway, without a slash at the end. */
  readonly url: string;
  /** The simulator, whose page shows its state. */
  readonly simulatorUrl: string;
  readonly fixtures: Fixtures;
  /** One GraphQL request. */
  execute(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly data: unknown; readonly errors: readonly { readonly message: string }[] }>;
  /** The upstream's whole state: groups, catalogue, orders, purchases. */
  world(): Promise<Record<string, unknown>>;
  /** Adds a fault. */
  fault(fault: Fault): Promise<void>;
  clearFaults(): Promise<void>;
  /** Changes the upstream's behaviour in points that its documents leave open. */
  toggles(changes: Readonly<Record<string, string>>): Promise<void>;
  /** Moves the upstream's clock forward. The gateway's own clock stays. */
  clock(advance: { readonly seconds?: number; readonly days?: number; readonly months?: number }): Promise<void>;
  /** Documents arrive at a group and are processed or put on hold. */
  documents(groupId: string, count: number): Promise<void>;
  /** Requests that the upstream received, oldest first, of one endpoint or of all. */
  journal(endpoint?: string): Promise<readonly JournalEntry[]>;
  counts(): Promise<Readonly<Record<string, JournalCount>>>;
  forgetJournal(): Promise<void>;
  /** Restores the first state: world, clock, faults, journal, and the gateway's ledger, caches and breakers. */
  reset(): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const HOST = '127.0.0.1';
const PACKAGE = fileURLToPath(new URL('../', import.meta.url));

/**
 * Starts both on free ports. In a test: `const billing = await startBilling()` in `beforeAll`, `billing.reset()` in
 * `beforeEach`, `billing.stop()` in `afterAll`.
 */
export async function startBilling(options: StackOptions = {}): Promise<BillingStack> {
  const dist = gatewayFolder();
  const folder = await mkdtemp(join(tmpdir(), 'billing-stack-'));
  const simulator = await launch(
    [join(dist, 'simulator/main.js'), '--port', String(options.simulatorPort ?? 0)],
    {},
    (line) => (line.startsWith('{"simulator"') ? line : null),
  );
  const {
    simulator: simulatorUrl,
    fixtures,
  }: { simulator: string; fixtures: Fixtures & { apiKey: string; creditsToken: string } } = JSON.parse(
    simulator.announcement,
  );
  const port = options.port ?? (await freePort());
  let ledgers = 0;
  const startGateway = () => {
    ledgers += 1;
    return launch(
      [join(dist, 'main.js')],
      {
        HOST,
        PORT: String(port),
        AUTH: 'none',
        XTRACTA_URL: simulatorUrl,
        XTRACTA_API_KEY: fixtures.apiKey,
        XTRACTA_ROOT_GROUP_ID: fixtures.rootGroupId,
        CREDITS_URL: simulatorUrl,
        CREDITS_TOKEN: fixtures.creditsToken,
        LEDGER_URL: `sqlite:${join(folder, `ledger-${ledgers}.sqlite`)}`,
        CORS_ORIGINS: 'loopback',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'info',
        ...options.env,
      },
      (line) => (line.includes('listening on') ? line : null),
    );
  };

  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${simulatorUrl}/__sim/${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The simulator refused ${method} ${path}: ${await response.text()}`);
    return response.json();
  };
  const readJournal = async (query: string) => {
    const response = await admin('GET', `journal${query}`);
    return response as {
      readonly entries: readonly JournalEntry[];
      readonly counts: Readonly<Record<string, JournalCount>>;
    };
  };
  const setToggles = async () => {
    if (options.toggles !== undefined) await admin('POST', 'toggles', options.toggles);
  };
  let gateway = await setToggles()
    .then(startGateway)
    .catch(async (error: unknown) => {
      // What still ran would keep the process of the test alive.
      await simulator.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    });

  const url = `http://${HOST}:${port}`;
  const stack: BillingStack = {
    url,
    graphqlUrl: `${url}/graphql`,
    simulatorUrl,
    fixtures,
    async execute(query, variables = {}, headers = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const { data = null, errors = [] } = (await response.json()) as {
        data?: unknown;
        errors?: readonly { readonly message: string }[];
      };
      return { data, errors };
    },
    world: async () => (await admin('GET', 'state')) as Record<string, unknown>,
    fault: async (fault) => void (await admin('POST', 'faults', fault)),
    clearFaults: async () => void (await admin('DELETE', 'faults')),
    toggles: async (changes) => void (await admin('POST', 'toggles', changes)),
    clock: async (advance) => void (await admin('POST', 'clock', { advance })),
    documents: async (group, count) => void (await admin('POST', 'documents', { group, count })),
    journal: async (endpoint) =>
      (await readJournal(endpoint === undefined ? '' : `?endpoint=${encodeURIComponent(endpoint)}`)).entries,
    counts: async () => (await readJournal('?limit=1')).counts,
    forgetJournal: async () => void (await admin('DELETE', 'journal')),
    async reset() {
      await gateway.stop();
      await admin('POST', 'reset', {});
      await setToggles();
      gateway = await startGateway();
    },
    async stop() {
      await Promise.all([gateway.stop(), simulator.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => stack.stop(),
  };
  return stack;
}

/** The built gateway: inside of this package, or in its repository. */
function gatewayFolder(): string {
  const folders = [join(PACKAGE, 'gateway'), join(PACKAGE, '../../dist')];
  const found = folders.find((folder) => existsSync(join(folder, 'main.js')));
  if (found === undefined) throw new Error('The gateway is not built: run npm run build in its repository.');
  return found;
}

interface Launched {
  readonly announcement: string;
  stop(): Promise<void>;
}

/** Starts a program of Node and waits for the line that reports it as ready. It ends with this process. */
async function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  pick: (line: string) => string | null,
): Promise<Launched> {
  // Only these variables, because credentials of a shell must never reach a gateway in a test.
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const endWithUs = () => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const announcement = await new Promise<string>((resolve, reject) => {
    const lines: string[] = [];
    const read = (line: string) => {
      if (lines.length < 50) lines.push(line);
      const picked = pick(line);
      if (picked !== null) resolve(picked);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}:\n${lines.join('\n')}`)));
  });
  return {
    announcement,
    async stop() {
      process.off('exit', endWithUs);
      await end(child, ended);
    },
  };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(kill);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.');
  return address.port;
}
