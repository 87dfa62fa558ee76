import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fuzzSettings } from '../support/suite.sizes.js';
import { GatewayProcess } from './gateway-processes.js';
import { WRITES } from './write-cases.js';
import { ask, type Intent, liesOf, statusOf } from './write-client.js';
import { SUCCEEDS, WriteUpstream } from './write-upstream.js';

const { runs, seed } = fuzzSettings('lives that end by SIGKILL', 3, 'SIGKILL');
/** A cold gateway answers its first writes within this time, so the kill may come at any step of any of them. */
const LATEST_KILL_MS = 400;
const LONGEST_RESPONSE_MS = 60;
const START_LIMIT_MS = 60_000;

const directory = mkdtempSync(join(tmpdir(), 'sigkill-'));
let upstream: WriteUpstream;

beforeAll(async () => {
  upstream = await WriteUpstream.start();
});
afterAll(async () => {
  await upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Random instants of one life of a process: when it is killed, and how long the upstream takes for each write. */
interface Life {
  readonly killAfterMs: number;
  readonly respondAfterMs: readonly number[];
}

const lives = fc.sample(
  fc.record({
    killAfterMs: fc.nat(LATEST_KILL_MS),
    respondAfterMs: fc.array(fc.nat(LONGEST_RESPONSE_MS), { minLength: 6, maxLength: 6 }),
  }),
  { seed, numRuns: runs },
);

it(
  `sends no write twice and leaves no row untrue when it is killed at any instant (${runs} times)`,
  async () => {
    const tally = new Map<string, number>();
    let open: readonly Intent[] = [];
    for (const [index, life] of [...lives, null].entries()) {
      const gateway = await GatewayProcess.start({
        AUTH: 'passthrough',
        XTRACTA_URL: upstream.url,
        CREDITS_URL: upstream.url,
        LEDGER_URL: `sqlite:${join(directory, 'ledger.sqlite')}`,
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
      });
      for (const intent of open) await classify(gateway.url, intent, tally);
      open = life === null ? [] : writesOf(index, life);
      const responses = open.map((intent) => ask(gateway.url, upstream, intent));
      await delay(life?.killAfterMs ?? 0);
      await gateway.kill();
      expect((await Promise.all(responses)).flatMap(liesOf)).toEqual([]);
    }
    expect(upstream.most()).toBeLessThanOrEqual(1);
    const words = [...tally].map(([word, count]) => `${word} ${count}`).sort();
    process.stderr.write(
      `SIGKILL at ${runs} random instants: at most ${upstream.most()} request per key; ${words.join(', ')}\n`,
    );
  },
  START_LIMIT_MS * (runs + 1),
);

/** Two of each kind, each on a target of its own. */
function writesOf(index: number, { respondAfterMs }: Life): readonly Intent[] {
  return respondAfterMs.map((ms, number) => {
    const intent = 10_000 + index * respondAfterMs.length + number;
    upstream.behave(intent, {
      carriesOut: true,
      respond: (responses) => (exchange) =>
        void delay(ms, undefined, { ref: false }).then(() => SUCCEEDS.respond(responses)(exchange)),
    });
    const write = WRITES[number % WRITES.length] ?? WRITES[0];
    if (write === undefined) throw new Error('There are no writes.');
    return { write, intent, key: `sigkill.${intent}` };
  });
}

/** What the next process says of a write of the killed one, and what it does when asked again. */
async function classify(url: string, intent: Intent, tally: Map<string, number>): Promise<void> {
  const before = upstream.count(intent.intent);
  const status = await statusOf(url, intent);
  const told = await ask(url, upstream, intent);
  const after = upstream.count(intent.intent);
  expect(liesOf(told)).toEqual([]);
  // Whatever may have been sent is never sent again.
  expect(after.received).toBe(told.replayed ? before.received : 1);
  expect(before.received === 0 || told.replayed).toBe(true);
  expect(['SUCCEEDED', 'OUTCOME_UNKNOWN']).toContain(told.said);
  const word = `${status ?? 'no row'} with ${before.received} received`;
  tally.set(word, (tally.get(word) ?? 0) + 1);
}
