import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { COMPOSERS, subgraphs } from './support/compose.mjs';
import {
  execute,
  freePort,
  PACKAGE,
  ROOT,
  ROUTER_SECRET,
  startAccounts,
  startBillingGateway,
  startProcess,
  startSimulator,
  stopServices,
  untilReady,
} from './support/services.mjs';
import { itServesTheSupergraph } from './support/supergraph.scenarios.mjs';
import { createIssuer } from './support/tokens.mjs';

const CONFIG = join(ROOT, 'examples/hive-gateway/gateway.config.mjs');
const issuer = createIssuer();
let simulator;
let accounts;

/** The router as its example starts it. */
async function startHive(args) {
  const port = await freePort();
  const service = startProcess(
    [
      join(PACKAGE, 'node_modules/.bin/hive-gateway'),
      'supergraph',
      ...args,
      '--config-path',
      CONFIG,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
    ],
    { cwd: PACKAGE, env: { ROUTER_SECRET, NODE_ENV: 'production' } },
  );
  await untilReady(`http://127.0.0.1:${port}/readiness`, service);
  return `http://127.0.0.1:${port}/graphql`;
}

before(async () => {
  [simulator, accounts] = await Promise.all([startSimulator(), startAccounts()]);
});
after(stopServices);

for (const { planner, flags, tellsWhere } of [
  // Its JavaScript planner asks for an entity of a list by batch and puts the error at the list's first item.
  { planner: 'its JavaScript planner', flags: [], tellsWhere: false },
  { planner: 'its Rust planner', flags: ['--hive-router-runtime'], tellsWhere: true },
]) {
  describe(`Hive Gateway with ${planner}`, () => {
    const supergraph = {};
    let folder;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hive-'));
      supergraph.world = simulator.world(`hive-${flags.length}`);
      supergraph.bearer = issuer.bearer;
      supergraph.billing = await startBillingGateway(simulator, supergraph.world, {
        ...issuer.settings,
        ROUTER_SECRET,
      });
      const composed = COMPOSERS.Hive(subgraphs({ billing: supergraph.billing.url, accounts: accounts.url }));
      assert.deepEqual(composed.errors, []);
      const path = join(folder, 'supergraph.graphql');
      await writeFile(path, composed.supergraph);
      supergraph.url = await startHive([path, ...flags]);
    });
    after(async () => {
      await supergraph.billing.stop();
      await rm(folder, { recursive: true, force: true });
    });

    itServesTheSupergraph(() => supergraph, { tellsWhere });

    it('brings the router secret, without which the subgraph answers nobody', async () => {
      const query = '{ group(id: "100001") { id } }';
      const direct = await execute(`${supergraph.billing.url}/graphql`, query, {}, issuer.bearer());
      assert.equal(direct.status, 401);
      assert.equal(direct.errors[0].extensions.code, 'UNAUTHENTICATED');
      const routed = await execute(supergraph.url, query, {}, { ...issuer.bearer(), 'x-router-secret': 'a guess' });
      assert.deepEqual(routed.data, { group: { id: '100001' } });
    });
  });
}

describe('Hive Gateway by the command of its example', () => {
  it('composes the running subgraphs by itself', async () => {
    const billing = await startBillingGateway(simulator, simulator.world('hive-example'));
    const url = await startHive([
      '--dev-service',
      `billing=${billing.url}/graphql`,
      '--dev-service',
      `accounts=${accounts.url}/graphql`,
    ]);
    const query =
      '{ accounts(first: 3) { name creditLimit { amount currency } group { name plan { name remainingDocuments } } } }';
    const response = await execute(url, query);
    await billing.stop();
    assert.deepEqual(response.errors, []);
    assert.equal(response.data.accounts[0].group.name, 'Northern Region');
  });
});
