import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

const LIMIT_MS = 120_000;
const CLIENTS = 4;
const ORDER = `mutation ($input: OrderBoosterPackInput!) { result: orderBoosterPack(input: $input) {
  operation { status } userErrors { code } } }`;

const disk = mkdtempSync(join(tmpdir(), 'full-disk-'));
/**
 * A disk of its own, small enough to fill, with room for SQLite's log, which grows to 4 MB. Only root may mount one.
 */
const isMounted = ((): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const filler = join(disk, 'filler');

function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [65_536, 4_096]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // No room for one more write of this size.
      }
    }
  } finally {
    closeSync(file);
  }
}

if (!isMounted) {
  rmSync(disk, { recursive: true });
  process.stderr.write('Left out: a ledger on a full disk (no disk can be mounted here: that needs root).\n');
  describe('a ledger whose disk is full', () => {
    it('is left out where no disk can be mounted', () => expect(isMounted).toBe(false));
  });
} else {
  let simulator: TestSimulator;
  let world: TestWorld;
  let gateway: TestGateway;

  beforeAll(async () => {
    simulator = await startTestSimulator();
    world = simulator.freshWorld('full-disk');
    gateway = await startGateway({
      xtractaUrl: simulator.url,
      env: {
        XTRACTA_API_KEY: world.apiKey,
        LEDGER_URL: `sqlite:${join(disk, 'ledger.sqlite')}`,
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
      },
    });
  });

  afterAll(async () => {
    await gateway.close();
    await simulator.close();
    await removeGatewayFolders();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  const signals = async (): Promise<string> => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const ready: { parts: { name: string; ok: boolean; detail?: string }[] } = JSON.parse(
      await (await fetch(`${gateway.url}/ready`)).text(),
    );
    const ledger = ready.parts.find(({ name }) => name === 'ledger');
    const gauge = (name: string): string => new RegExp(`^billing_ledger_${name} (\\d)$`, 'm').exec(metrics)?.[1] ?? '?';
    return `ready ${String(ledger?.ok)} (${ledger?.detail ?? ''}), up ${gauge('up')}, writable ${gauge('writable')}`;
  };
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await new Promise((next) => setImmediate(next));
  };
  /** One text for each order that the upstream received. */
  const sentOrders = (): readonly string[] =>
    world.world.journal.list({ endpoint: 'booster' }).map(({ params }) => JSON.stringify(params));

  describe('a ledger whose disk is full', () => {
    it(
      'takes no write and says so, sends nothing, and goes on by itself when there is room, with nothing lost or doubled',
      async () => {
        const ends = new Map<string, string>();
        const refusals = new Map<string, number>();
        let isOver = false;
        let count = 0;
        const seen = { refused: 0 };
        // Correct clients: each repeats an order with its own key until its outcome is known.
        const client = async (): Promise<void> => {
          while (!isOver) {
            count += 1;
            const idempotencyKey = `full-disk-${count}`;
            const groupId = `1000${15 + (count % 20)}`;
            const input = { idempotencyKey, packId: '1223', groupId, quantity: 1 + Math.floor(count / 20) };
            for (;;) {
              const { data, text } = await gateway.execute<{
                result: { operation: { status: string } | null; userErrors: readonly { code: string }[] };
              }>(ORDER, { input });
              const code = data?.result.userErrors[0]?.code ?? 'none';
              if (!['LEDGER_UNAVAILABLE', 'OPERATION_IN_PROGRESS', 'PRIOR_OUTCOME_UNKNOWN'].includes(code)) {
                ends.set(idempotencyKey, data?.result.operation?.status ?? text);
                break;
              }
              refusals.set(code, (refusals.get(code) ?? 0) + 1);
              if (code === 'LEDGER_UNAVAILABLE') seen.refused += 1;
            }
          }
        };
        const more = async (of: () => number): Promise<void> => {
          const before = of();
          await until(() => of() >= before + 3 * CLIENTS);
        };
        const fail = async (): Promise<void> => {
          await more(() => ends.size);
          expect(await signals()).toBe('ready true (ready), up 1, writable 1');
          fill(filler);
          await until(async () => (await signals()) === 'ready false (read-only), up 0, writable 0');
          // Writes that were running when the disk filled have ended by now.
          await more(() => seen.refused);
          const sent = sentOrders().length;
          await more(() => seen.refused);
          expect(sentOrders()).toHaveLength(sent);
          expect((await gateway.execute('{ group(id: "100016") { name } }')).errors).toEqual([]);
          rmSync(filler);
          await until(async () => (await signals()) === 'ready true (ready), up 1, writable 1');
          await more(() => ends.size);
          isOver = true;
        };
        await Promise.all([fail(), ...Array.from({ length: CLIENTS }, client)]);

        expect([...new Set(ends.values())]).toEqual(['SUCCEEDED']);
        expect([sentOrders().length, new Set(sentOrders()).size]).toEqual([count, count]);
      },
      LIMIT_MS,
    );
  });

  describe('a ledger that cannot be opened because of its disk', () => {
    const small = mkdtempSync(join(tmpdir(), 'small-disk-'));
    const ledger = `sqlite:${join(small, 'ledger.sqlite')}`;
    const problem = (url: string): Promise<string> =>
      openLedger(url).then(
        () => 'opened',
        (error: unknown) => String(error),
      );

    beforeAll(async () => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]);
      await (await openLedger(ledger)).close();
    });
    afterAll(() => {
      execFileSync('umount', [small]);
      rmSync(small, { recursive: true });
    });

    it('tells that the disk is full', async () => {
      fill(join(small, 'filler'));
      expect(await problem(ledger)).toMatch(/the disk is full \(SQLITE_\w+\)\. Make room; nothing is lost\.$/);
      rmSync(join(small, 'filler'));
      await (await openLedger(ledger)).close();
    });

    it('tells that the file system is read only', async () => {
      execFileSync('mount', ['-o', 'remount,ro', small]);
      expect(await problem(ledger)).toMatch(/the file system is read only \(SQLITE_\w+\)\. Mount it for writing/);
      expect(await problem(`sqlite:${small}/new/ledger.sqlite`)).toMatch(/the file system is read only \(E\w+\)\. /);
    });
  });
}
