import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

/** CI asks for 10,000. */
const REQUESTS = Number(process.env['ROLLING_RESTART_REQUESTS'] ?? 300);
const CLIENTS = 8;
const POLL_MS = 50;
/** Longer than many polls, as docs/operations.md advises. */
const DRAIN_DELAY_MS = 1_500;
const READ = '{ group(id: "100016") { name billingHistory(first: 2) { totalCount } } }';
const ORDER = `mutation ($input: OrderBoosterPackInput!) { result: orderBoosterPack(input: $input) {
  operation { status } userErrors { code } } }`;

/**
 * A load balancer for TCP, like a cloud's network load balancer. It polls `/ready`, gives each connection to a replica
 * that was ready at the last poll, and never retries.
 */
class PlainProxy {
  readonly #ready = new Map<string, boolean>();
  readonly #server: Server;
  readonly #poll: NodeJS.Timeout;
  #turn = 0;

  constructor() {
    this.#server = createServer((client) => {
      const ready = [...this.#ready].flatMap(([url, isReady]) => (isReady ? [url] : []));
      this.#turn += 1;
      const url = ready[this.#turn % ready.length];
      if (url === undefined) {
        client.destroy();
        return;
      }
      const replica = connect(Number(new URL(url).port), '127.0.0.1');
      client.pipe(replica).pipe(client);
      client.on('error', () => replica.destroy());
      replica.on('error', () => client.destroy());
    }).listen(0, '127.0.0.1');
    this.#poll = setInterval(() => void this.look(), POLL_MS);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('No port was given.');
    return `http://127.0.0.1:${address.port}`;
  }

  add(url: string): void {
    this.#ready.set(url, false);
  }

  remove(url: string): void {
    this.#ready.delete(url);
  }

  async look(): Promise<void> {
    await Promise.all(
      [...this.#ready.keys()].map(async (url) => {
        const isReady = await fetch(`${url}/ready`).then(
          ({ status }) => status === 200,
          () => false,
        );
        if (this.#ready.has(url)) this.#ready.set(url, isReady);
      }),
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    this.#server.close();
    await once(this.#server, 'close');
  }
}

let simulator: TestSimulator;
let world: TestWorld;
let folder: string;

beforeAll(async () => {
  simulator = await startTestSimulator();
  world = simulator.freshWorld('rolling');
  folder = mkdtempSync(join(tmpdir(), 'rolling-'));
});

afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

function replica(): Promise<TestGateway> {
  return startGateway({
    xtractaUrl: simulator.url,
    env: {
      XTRACTA_API_KEY: world.apiKey,
      LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
      DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
      RATE_LIMIT_WRITES_PER_MINUTE: '0',
      // Among thousands of orders there are equal ones.
      DUPLICATE_WINDOW_SECONDS: '0',
    },
  });
}

describe('two replicas behind a plain proxy that are replaced one after the other', () => {
  it('fail no request, and send each order once', async () => {
    const proxy = new PlainProxy();
    const old = [await replica(), await replica()];
    for (const { url } of old) proxy.add(url);
    await proxy.look();

    const failed: string[] = [];
    let begun = 0;
    let orders = 0;
    let ended = 0;
    let isReplaced = false;
    const client = async (): Promise<void> => {
      // Requests continue until the last old replica has gone; otherwise no request would meet its end.
      while (begun < REQUESTS || !isReplaced) {
        begun += 1;
        const number = begun;
        const isOrder = number % 10 === 0;
        if (isOrder) orders += 1;
        const input = {
          idempotencyKey: `rolling-${number}`,
          packId: '1223',
          groupId: `1000${15 + ((number / 10) % 20)}`,
        };
        const response = await (isOrder
          ? execute<{ result: { operation: { status: string } | null; userErrors: readonly unknown[] } }>(
              proxy.url,
              ORDER,
              {
                input: { ...input, quantity: 1 + (number % 90) },
              },
            )
          : execute<{ result?: undefined; group: unknown }>(proxy.url, READ)
        ).catch((error: unknown) => String(error));
        ended += 1;
        if (typeof response === 'string') failed.push(response);
        else if (response.status !== 200 || response.errors.length > 0) failed.push(response.text);
        else if (isOrder && response.data?.result?.userErrors.length !== 0) failed.push(response.text);
        else if (isOrder && response.data?.result?.operation?.status !== 'SUCCEEDED') failed.push(response.text);
      }
    };
    const roll = async (): Promise<void> => {
      for (const [index, gateway] of old.entries()) {
        while (ended < (REQUESTS * (index + 1)) / 3) await proxy.look();
        const next = await replica();
        proxy.add(next.url);
        await proxy.look();
        await gateway.close();
        proxy.remove(gateway.url);
        young.push(next);
      }
      isReplaced = true;
    };
    const young: TestGateway[] = [];
    await Promise.all([roll(), ...Array.from({ length: CLIENTS }, client)]);

    expect(failed).toEqual([]);
    expect(ended).toBeGreaterThanOrEqual(REQUESTS);
    const sent = world.world.journal.counts()['booster']?.received;
    expect(sent).toBe(orders);
    await Promise.all(young.map((gateway) => gateway.close()));
    await proxy.close();
  }, 900_000);
});
