import { copyFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders } from '../support/start-gateway.js';
import { codesOf, WriteStand } from './write.harness.js';
import { ORDER } from './write-cases.js';

/** No ledger can know what its backup does not: all that it can do is to notice, and to refuse. */
describe('a gateway on a SQLite ledger that was restored from a backup', () => {
  let stand: WriteStand;

  beforeAll(async () => {
    stand = await WriteStand.start();
  });
  afterAll(async () => {
    await stand.close();
    await removeGatewayFolders();
  });

  it('refuses every write, goes on reading, says so in /ready, and accepts the ledger once its mark is deleted', async () => {
    stand.next();
    const first = await stand.open();
    const { ledgerPath } = first;
    await stand.send(ORDER, {}, {}, first);
    await first.close();
    await copyFile(ledgerPath, `${ledgerPath}.backup`);
    const env = { LEDGER_URL: `sqlite:${ledgerPath}` };

    const second = await stand.open({ env });
    stand.next();
    const lost = stand.intent;
    expect(codesOf(await stand.send(ORDER, {}, {}, second))).toEqual([]);
    await second.close();
    await Promise.all([`${ledgerPath}-wal`, `${ledgerPath}-shm`].map((path) => rm(path, { force: true })));
    await copyFile(`${ledgerPath}.backup`, ledgerPath);

    const restored = await stand.open({ env });
    expect(codesOf(await stand.send(ORDER, {}, {}, restored))).toEqual(['LEDGER_UNAVAILABLE']);
    expect(stand.upstream.count(lost).received).toBe(1);
    expect(await readyOf(restored.url)).toMatchObject({ name: 'ledger', ok: false, detail: 'read-only' });
    const read = await restored.execute('{ group(id: "494") { billingHistory { totalCount } } }');
    expect(read.data).toEqual({ group: { billingHistory: { totalCount: 1 } } });

    await rm(`${ledgerPath}.sent-mark`);
    stand.next();
    expect(codesOf(await stand.send(ORDER, {}, {}, restored))).toEqual([]);
    await restored.close();
  });

  it('shows a ledger that is well in /ready', async () => {
    expect(await readyOf(stand.gateway.url)).toEqual({ name: 'ledger', ok: true, detail: 'ready' });
  });
});

async function readyOf(url: string): Promise<unknown> {
  const body: { parts: { name: string }[] } = JSON.parse(await (await fetch(`${url}/ready`)).text());
  return body.parts.find(({ name }) => name === 'ledger');
}
