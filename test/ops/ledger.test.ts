import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { runOpsCommand } from '../../src/ops/ops.command.js';
import { sampleClaim } from '../ledger/sample-claims.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

jest.setTimeout(60_000);

let simulator: TestSimulator;
let folder: string;

beforeAll(async () => {
  simulator = await startTestSimulator();
  folder = await mkdtemp(join(tmpdir(), 'ledger-command-'));
});

afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
  await rm(folder, { recursive: true, force: true });
});

const ORDER =
  'mutation($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { operation { status } userErrors { code } } }';

interface Stand {
  readonly gateway: TestGateway;
  readonly world: TestWorld;
  readonly env: Readonly<Record<string, string>>;
}

async function startStand(ledgerUrl: string): Promise<Stand> {
  const world = simulator.freshWorld('ledger');
  const env = {
    AUTH: 'none',
    XTRACTA_URL: simulator.url,
    XTRACTA_API_KEY: world.apiKey,
    XTRACTA_ROOT_GROUP_ID: world.rootGroupId,
    LEDGER_URL: ledgerUrl,
  };
  // Here the command settles writes, not the gateway by itself.
  const parts = { reconcileIntervalMs: 3_600_000 };
  return { gateway: await startGateway({ xtractaUrl: simulator.url, env, parts }), world, env };
}

/** An order with a lost response, carried out or not. */
async function loseOrder({ gateway, world }: Stand, key: string, groupId: string, done: boolean): Promise<void> {
  const rule = done ? { kind: 'commit_then_drop' } : { kind: 'reset' };
  world.world.addFault({ endpoint: 'booster', first: 1, ...rule });
  const input = { idempotencyKey: key, packId: '1223', groupId };
  const { data } = await gateway.execute<{ orderBoosterPack: { userErrors: { code: string }[] } }>(ORDER, { input });
  expect(data?.orderBoosterPack.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
  world.world.clearFaults();
}

const SAME_AGAIN = ['--outcome', 'rejected', '--note', 'me too', '--by', 'bob'] as const;

async function ledger(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ readonly exitCode: number; readonly out: string; readonly err: string }> {
  return runOpsCommand('ledger', args, env);
}

function suite(newUrl: () => Promise<string>): void {
  let stand: Stand;

  beforeAll(async () => {
    stand = await startStand(await newUrl());
    await loseOrder(stand, 'was-carried-out-1', '100003', true);
    await loseOrder(stand, 'was-not-carried-out-1', '100004', false);
  });

  afterAll(async () => {
    await stand.gateway.close();
  });

  it('lists what waits for a decision, beside the running gateway', async () => {
    const { out, exitCode } = await ledger(stand.env, 'list', '--status', 'unknown');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/TENANT +KEY +STATUS/);
    expect(out).toMatch(/default +was-carried-out-1 +OUTCOME_UNKNOWN +ORDER_BOOSTER_PACK +100003 +.*packId 1223/);
    expect(out).toContain('2 writes');
    // What is printed can be pasted: the next command leads on, with key and tenant filled in.
    expect(out).toContain('\nNext: node dist/main.js ledger show was-not-carried-out-1 --tenant default\n');
    expect((await ledger(stand.env, 'list', '--status', 'OUTCOME_UNKNOWN')).out).toContain('2 writes');
    const json = JSON.parse((await ledger(stand.env, 'list', '--status', 'unknown', '--json')).out);
    expect(json).toMatchObject({ totalCount: 2, writes: [{ tenant: 'default' }, { status: 'OUTCOME_UNKNOWN' }] });
    expect((await ledger(stand.env, 'list', '--status', 'succeeded')).out).toBe('0 writes\n');
  });

  it('shows what was asked beside each row that appeared since, with what fits and what does not', async () => {
    const shown = (await ledger(stand.env, 'show', 'was-carried-out-1', '--tenant', 'default')).out;
    expect(shown).toMatch(/status +OUTCOME_UNKNOWN/);
    expect(shown).toMatch(
      /asked: .*packId 1223.*quantity 1, name "Booster 100", documents 100, price 99.*group 100003/,
    );
    expect(shown).toMatch(/row \d+, kind BOOSTER, name "Booster 100", documents 100, price 99 NZD/);
    expect(shown).toMatch(/fits: .*NAME, ALLOWED_DOCUMENTS, PRICE/);
    expect(shown).toContain('nothing contradicts');
    expect(shown).toMatch(/\(new\) -> claimed/);
    expect(shown).toMatch(/sending -> unknown/);
    expect(shown).toContain(
      '\nNext: node dist/main.js ledger reconcile was-carried-out-1 --tenant default --by NAME\n',
    );
    const empty = (await ledger(stand.env, 'show', 'was-not-carried-out-1')).out;
    expect(empty).toContain('That proves nothing: a row may be late.');
    expect(empty).toContain(
      "\n  node dist/main.js ledger resolve was-not-carried-out-1 --tenant default --outcome OUTCOME --note 'REASON' --by NAME\n",
    );
    stand.world.world.addFault({ endpoint: 'history', kind: 'status' });
    const unread = (await ledger(stand.env, 'show', 'was-not-carried-out-1')).out;
    expect(unread).toContain('The history cannot be read just now (UPSTREAM_UNAVAILABLE).');
    stand.world.world.clearFaults();
    stand.world.world.addFault({ endpoint: 'plans', kind: 'status' });
    const unnamed = (await ledger(stand.env, 'show', 'was-carried-out-1')).out;
    expect(unnamed).toContain('The catalogue cannot be read, or lacks what was asked for.');
    expect(unnamed).toContain('ledger resolve was-carried-out-1');
    stand.world.world.clearFaults();
    const json = JSON.parse((await ledger(stand.env, 'show', 'was-carried-out-1', '--json')).out);
    expect(json.evidence).toMatchObject([{ activity: { kind: 'BOOSTER' }, doesNotFit: [] }]);
    expect(json.audit.length).toBeGreaterThan(1);
  });

  it('reconciles what the history proves, and says of the rest that it does not', async () => {
    const proved = await ledger(stand.env, 'reconcile', 'was-carried-out-1', '--by', 'ann');
    expect(proved).toMatchObject({ exitCode: 0, err: '' });
    expect(proved.out).toContain('was OUTCOME_UNKNOWN and is SUCCEEDED');
    const audited = (await ledger(stand.env, 'show', 'was-carried-out-1')).out;
    expect(audited).toMatch(/unknown -> succeeded +reconciler +ann +history row \d+/);
    const open = await ledger(stand.env, 'reconcile', 'was-not-carried-out-1', '--by', 'ann');
    expect(open.exitCode).toBe(2);
    expect(open.out).toContain('The history does not prove it.');
  });

  it('records a decision with name and note, which the gateway answers with from then on', async () => {
    const args = ['--outcome', 'rejected', '--note', 'the vendor says so: ticket 7', '--by', 'ann@example'] as const;
    const decided = await ledger(stand.env, 'resolve', 'was-not-carried-out-1', '--tenant', 'default', ...args);
    expect(decided).toMatchObject({ exitCode: 0, err: '' });
    const shown = (await ledger(stand.env, 'show', 'was-not-carried-out-1')).out;
    expect(shown).toMatch(/settled by +operator ann@example, .*: the vendor says so: ticket 7/);
    expect(shown).toMatch(/unknown -> rejected +operator +ann@example +the vendor says so: ticket 7/);
    const { data } = await stand.gateway.execute<{ billingOperation: { status: string } }>(
      '{ billingOperation(idempotencyKey: "was-not-carried-out-1") { status } }',
    );
    expect(data?.billingOperation.status).toBe('REJECTED');
    const again = await ledger(
      stand.env,
      'resolve',
      'was-carried-out-1',
      '--outcome',
      'rejected',
      '--note',
      'x',
      '--by',
      'ann',
    );
    // The reconciler's proof can be corrected by a person.
    expect(again).toMatchObject({ exitCode: 0 });
    const settledTwice = await ledger(
      stand.env,
      'resolve',
      'was-not-carried-out-1',
      '--outcome',
      'succeeded',
      '--note',
      'x',
      '--by',
      'b',
    );
    expect(settledTwice).toMatchObject({ exitCode: 1 });
    expect(settledTwice.err).toContain('nothing to resolve');
    // Whoever decides the same a second time learns that the first note is the one that is kept.
    const sameAgain = await ledger(stand.env, 'resolve', 'was-not-carried-out-1', ...SAME_AGAIN);
    expect(sameAgain).toMatchObject({ exitCode: 0, err: '' });
    expect(sameAgain.out).toMatch(
      /was REJECTED before \(settled by operator ann@example, .*: the vendor says so: ticket 7\): nothing was changed\.\n$/,
    );
  });

  it('sends no write, whatever it is asked', () => {
    expect(stand.world.world.journal.counts()['booster']).toEqual({ received: 2, committed: 1 });
  });
}

async function sqliteUrl(): Promise<string> {
  return `sqlite:${join(await mkdtemp(join(folder, 'sqlite-')), 'ledger.sqlite')}`;
}

describe('ledger, on SQLite,', () => suite(sqliteUrl));

const binaries = findPostgres();
if (binaries === null) {
  process.stderr.write('Left out: the ledger command on PostgreSQL (it is not installed).\n');
} else {
  describe('ledger, on PostgreSQL,', () => {
    let postgres: TestPostgres;
    beforeAll(async () => {
      postgres = await startPostgres(binaries);
    });
    afterAll(() => postgres.stop());
    suite(() => postgres.createLedgerSpace());

    it('refuses tables of another version, and leaves an empty database empty', async () => {
      const url = await postgres.createLedgerSpace();
      await expect(openLedger(url, { attach: true })).rejects.toThrow('older version');
      await expect(openLedger(url, { attach: true })).rejects.toThrow('older version');
    });
  });
}

describe('a ledger that is attached to', () => {
  it('is neither made nor migrated', async () => {
    const url = await sqliteUrl();
    const file = url.slice('sqlite:'.length);
    const { exitCode, err } = await ledger({ AUTH: 'none', XTRACTA_API_KEY: 'key', LEDGER_URL: url }, 'list');
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: 'LEDGER_URL: There is no ledger file at this path.\n' });
    expect(existsSync(file)).toBe(false);
    await (await openLedger(url)).close();
    for (const [version, words] of [
      ['1', 'older version'],
      ['99', 'newer version'],
    ] as const) {
      const db = new DatabaseSync(file);
      db.prepare("UPDATE ledger_meta SET value = ? WHERE name = 'schema_version'").run(version);
      db.close();
      await expect(openLedger(url, { attach: true })).rejects.toThrow(words);
    }
  });

  it('is not swept, and gets no owner', async () => {
    const url = await sqliteUrl();
    const replica = await openLedger(url, { sweepIntervalMs: 0 });
    const { kind, row } = await replica.claim(sampleClaim());
    if (kind !== 'claimed') throw new Error(`The claim answered ${kind}.`);
    await replica.advance(row, { from: 'claimed', to: 'sending', by: 'owner', atMs: Date.now() });
    const owners = await readdir(`${url.slice('sqlite:'.length)}.owners`);
    // The owner died silently. Any gateway may sweep the row, but not this command.
    await replica.close();
    const attached = await openLedger(url, { attach: true, sweepIntervalMs: 1 });
    expect(await attached.sweepOrphans()).toBe(0);
    expect(await attached.tryLead()).toBe(false);
    expect((await attached.find(row.tenantId, row.idempotencyKey))?.state).toBe('sending');
    await expect(attached.claim(sampleClaim({ idempotencyKey: 'another-key-1' }))).rejects.toThrow('makes no write');
    const now = await readdir(`${url.slice('sqlite:'.length)}.owners`);
    expect(now.filter((name) => !owners.includes(name))).toEqual([]);
    await attached.close();
  });
});

describe('ledger, asked wrongly,', () => {
  it.each([
    [[]],
    [['list', 'key']],
    [['show']],
    [['forget', 'key']],
    [['list', '--status', 'lost']],
    [['list', '--limit', '0']],
    [['reconcile', 'key-1234']],
    [['reconcile', 'key-1234', '--by', 'NAME']],
    [['resolve', 'key-1234', '--outcome', 'succeeded', '--note', 'x']],
    [['resolve', 'key-1234', '--outcome', 'maybe', '--note', 'x', '--by', 'a']],
    [['resolve', 'key-1234', '--outcome', 'rejected', '--by', 'a']],
  ])('%j, says how it is used and exits with 1', async (args) => {
    const url = await sqliteUrl();
    await (await openLedger(url)).close();
    const { exitCode, out, err } = await ledger({ AUTH: 'none', XTRACTA_API_KEY: 'key', LEDGER_URL: url }, ...args);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain('Usage: node dist/main.js ledger list');
  });

  it('after a key that is not there, says where to find keys, and nothing else', async () => {
    const url = await sqliteUrl();
    await (await openLedger(url)).close();
    const env = { AUTH: 'none', XTRACTA_API_KEY: 'key', LEDGER_URL: url };
    for (const [args, whose] of [
      [['show', 'no-such-key'], 'default'],
      [['reconcile', 'no-such-key', '--by', 'ann', '--tenant', 'acme'], 'acme'],
    ] as const) {
      expect(await ledger(env, ...args)).toEqual({
        exitCode: 1,
        out: '',
        err: `There is no write with this key of the tenant ${whose}. "ledger list" shows keys and tenants.\n`,
      });
    }
  });
});
