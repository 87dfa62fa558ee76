import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findPostgres, startPostgres } from '../support/start-postgres.js';
import { GatewayProcess } from './gateway-processes.js';
import { WRITES } from './write-cases.js';
import { ask, type Intent, liesOf } from './write-client.js';
import { afterGate, SUCCEEDS, WriteUpstream } from './write-upstream.js';

/** Each write once; `.ci/run` asks for more. */
const { GATEWAY_ROUNDS = String(WRITES.length) } = process.env;
const ROUNDS = Number(GATEWAY_ROUNDS);
const DUPLICATES = 25;
const LIMIT_MS = 60_000;

const binaries = findPostgres();

describe('gateways in processes of their own', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-processes-'));
  const started: GatewayProcess[] = [];
  let upstream: WriteUpstream;
  let intents = 50_000;

  const start = async (ledgerUrl: string): Promise<GatewayProcess> => {
    const gateway = await GatewayProcess.start({
      AUTH: 'passthrough',
      XTRACTA_URL: upstream.url,
      CREDITS_URL: upstream.url,
      LEDGER_URL: ledgerUrl,
      RATE_LIMIT_WRITES_PER_MINUTE: '0',
    });
    started.push(gateway);
    return gateway;
  };
  const nextIntent = (): Intent => {
    intents += 1;
    const write = WRITES[intents % WRITES.length] ?? WRITES[0];
    if (write === undefined) throw new Error('There are no writes.');
    return { write, intent: intents, key: `processes.${intents}` };
  };

  beforeAll(async () => {
    upstream = await WriteUpstream.start();
  });
  afterAll(async () => {
    await Promise.all(started.map((gateway) => gateway.kill()));
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function clickEverywhere(ledgerUrl: string): Promise<void> {
    const gateways = [await start(ledgerUrl), await start(ledgerUrl)];
    const before = upstream.total().received;
    for (let round = 0; round < ROUNDS; round += 1) {
      const intent = nextIntent();
      const told = await Promise.all(
        gateways.flatMap(({ url }) => Array.from({ length: DUPLICATES }, () => ask(url, upstream, intent))),
      );
      expect(told.flatMap(liesOf)).toEqual([]);
      expect(new Set(told.map(({ said }) => said))).toEqual(new Set(['SUCCEEDED']));
      expect(told.filter(({ replayed }) => !replayed)).toHaveLength(1);
    }
    expect(upstream.total().received - before).toBe(ROUNDS);
    expect(upstream.most()).toBe(1);
  }

  it(
    `send one request for ${DUPLICATES * 2} clicks on two of them, ${ROUNDS} times, on one SQLite file`,
    () => clickEverywhere(`sqlite:${join(directory, 'clicks.sqlite')}`),
    LIMIT_MS * 2,
  );

  if (binaries === null) {
    process.stderr.write('Left out: two gateways on one PostgreSQL (initdb and postgres are not installed).\n');
  } else {
    it(
      `send one request for ${DUPLICATES * 2} clicks on two of them, ${ROUNDS} times, on one PostgreSQL`,
      async () => {
        const server = await startPostgres(binaries);
        try {
          await clickEverywhere(await server.createLedgerSpace());
        } finally {
          await Promise.all(started.map((gateway) => gateway.kill()));
          await server.stop();
        }
      },
      LIMIT_MS * 2,
    );
  }

  it(
    'answer the write that is under way when SIGTERM comes, then end in good order',
    async () => {
      const gateway = await start(`sqlite:${join(directory, 'sigterm.sqlite')}`);
      const gate = Promise.withResolvers<undefined>();
      const intent = nextIntent();
      upstream.behave(intent.intent, afterGate(gate.promise, SUCCEEDS));
      const asked = ask(gateway.url, upstream, intent);
      await upstream.arrival(intent.intent);
      const ended = gateway.terminate();
      gate.resolve(undefined);
      expect(await asked).toMatchObject({ said: 'SUCCEEDED', hasValue: true, replayed: false });
      expect(await ended).toBe(0);
      const next = await start(`sqlite:${join(directory, 'sigterm.sqlite')}`);
      expect(await ask(next.url, upstream, intent)).toMatchObject({ said: 'SUCCEEDED', replayed: true });
      expect(upstream.count(intent.intent).received).toBe(1);
    },
    LIMIT_MS,
  );
});
