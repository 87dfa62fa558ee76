import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const packages = fileURLToPath(new URL('../../', import.meta.url));

/** The first test of a new user: a plan, and an order whose double click buys once. */
const FIRST_TEST = `
import assert from 'node:assert/strict';
import { createBillingWrite, createIntentStore, formatMoney, memoryStorage } from '@billing-gateway/client';
import { GroupPlanDocument } from '@billing-gateway/client/documents';
import { startBilling } from '@billing-gateway/testing';
import { print } from 'graphql';

const billing = await startBilling();
const ask = async (document, variables) => {
  const { data, errors } = await billing.execute(print(document), variables);
  return { kind: 'response', data, errors: errors.map((error) => ({ code: null, path: [], retryable: false, requestId: null, ...error })) };
};
const client = { query: ask, mutate: ask, watch: () => ({ refresh() {}, stop() {} }) };
const { data } = await ask(GroupPlanDocument, { groupId: billing.fixtures.rootGroupId });
assert.equal(formatMoney(data.group.plan.price, { locale: 'en-NZ' }), 'NZD\\u00a0500');

const write = createBillingWrite({ write: 'orderBoosterPack', client, intents: createIntentStore('alice', memoryStorage()), intent: 'first' });
write.enter();
const input = { packId: billing.fixtures.packId, groupId: '100003' };
const [first, second] = await Promise.all([write.send(input), write.send(input)]);
assert.equal(first.kind, 'done');
assert.equal(second, first);
assert.equal((await billing.counts()).booster.committed, 1);
await billing.reset();
assert.equal((await billing.counts()).booster, undefined);
await billing.stop();
console.log('FIRST TEST PASSED');
`;

describe('both kits in a fresh project, from their tarballs', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fresh-project-'));
    const tarballs = await Promise.all(
      ['client', 'testing'].map(async (name) => {
        const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
          cwd: join(packages, name),
        });
        return join(folder, stdout.trim().split('\n').at(-1) ?? '');
      }),
    );
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'fresh', private: true, type: 'module' }));
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', 'graphql@16.15.0', ...tarballs], {
      cwd: folder,
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('run a first test', async () => {
    await writeFile(join(folder, 'first.test.mjs'), FIRST_TEST);
    const { stdout } = await run(process.execPath, ['first.test.mjs'], { cwd: folder });
    assert.match(stdout, /FIRST TEST PASSED/);
  });

  it('start the stack by npx', async () => {
    const child = spawn('npx', ['--no-install', 'billing-stack', '--port', '0', '--simulator-port', '0'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
    const { graphqlUrl }: { graphqlUrl: string } = JSON.parse(line);
    const response = await fetch(graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ group(id: "100000") { name } }' }),
    });
    assert.deepEqual(await response.json(), { data: { group: { name: 'Demo Holdings' } } });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    assert.ok(child.pid);
    process.kill(-child.pid, 'SIGTERM');
    await ended;
  });
});
