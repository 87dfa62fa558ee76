import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { bruToEnvJsonV2, bruToJsonV2, collectionBruToJson } from '@usebruno/lang';
import { parse as parseGraphql } from 'graphql';
import { parse as parseYaml } from 'yaml';
import { withoutAccessDirectives } from '../../examples/without-access-directives.mjs';
import { accountsSdl, billingSdl } from './support/compose.mjs';
import { PACKAGE, ROOT } from './support/services.mjs';

const run = promisify(execFile);
const FORWARDED = ['authorization', 'traceparent', 'x-request-id'];
const EXTENSIONS = ['code', 'field', 'requestId', 'retryable', 'upstream'];

const yamlOf = async (path) => parseYaml(await readFile(join(ROOT, 'examples', path), 'utf8'));
const names = (supergraph) =>
  parseGraphql(supergraph)
    .definitions.filter(({ kind }) => kind === 'ObjectTypeDefinition')
    .map(({ name }) => name.value);

describe('examples/apollo-router', () => {
  it('composes offline, without access directives and with them', async () => {
    const script = join(ROOT, 'examples/apollo-router/compose.mjs');
    const plain = await run(process.execPath, [script], { maxBuffer: 1e7 });
    assert.ok(names(plain.stdout).includes('Account') && names(plain.stdout).includes('BillingActivity'));
    assert.doesNotMatch(plain.stdout, /requiresScopes|@authenticated/);
    const guarded = await run(process.execPath, [script, '--with-access-directives'], { maxBuffer: 1e7 });
    assert.match(guarded.stdout, /@requiresScopes\(scopes: \[\["billing:write"\]\]\)/);
  });

  it('forwards what the subgraph reads, keeps the secret to it, and lets its codes through', async () => {
    const config = await yamlOf('apollo-router/router.yaml');
    assert.deepEqual(config.headers.all.request.map(({ propagate }) => propagate.named).sort(), FORWARDED);
    assert.equal(config.headers.subgraphs.billing.request[0].insert.name, 'x-router-secret');
    const { all, subgraphs } = config.include_subgraph_errors;
    assert.deepEqual([...all.allow_extensions_keys, ...subgraphs.billing.allow_extensions_keys].sort(), EXTENSIONS);
    assert.ok(Number.parseInt(config.traffic_shaping.subgraphs.billing.timeout, 10) > 30);
  });
});

describe('examples/cosmo', () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cosmo-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [what, sdl] of [
    ['as it is', (text) => text],
    ['without access directives', withoutAccessDirectives],
  ]) {
    it(`is composed by wgc into a router’s configuration, ${what}`, async () => {
      // The same two levels of folders as in examples/, so that the paths in graph.yaml are the ones that are tried.
      await run('mkdir', ['-p', join(folder, 'cosmo'), join(folder, 'accounts')]);
      await copyFile(join(ROOT, 'examples/cosmo/graph.yaml'), join(folder, 'cosmo/graph.yaml'));
      await writeFile(join(folder, 'cosmo/billing.graphql'), sdl(billingSdl()));
      await writeFile(join(folder, 'accounts/accounts.graphql'), accountsSdl());
      const wgc = join(PACKAGE, 'node_modules/.bin/wgc');
      const output = join(folder, 'cosmo/router.json');
      await run(process.execPath, [wgc, 'router', 'compose', '-i', join(folder, 'cosmo/graph.yaml'), '-o', output], {
        env: { PATH: process.env.PATH, HOME: folder, COSMO_TELEMETRY_DISABLED: 'true', DISABLE_UPDATE_CHECK: 'true' },
      });
      const { subgraphs, engineConfig } = JSON.parse(await readFile(output, 'utf8'));
      assert.deepEqual(subgraphs.map(({ name }) => name).sort(), ['accounts', 'billing']);
      assert.ok(names(engineConfig.graphqlSchema).includes('BillingActivity'));
    });
  }

  it('forwards what the subgraph reads, keeps the secret to it, and lets its codes through', async () => {
    const config = await yamlOf('cosmo/config.yaml');
    assert.deepEqual(config.headers.all.request.map(({ named }) => named.toLowerCase()).sort(), FORWARDED);
    assert.equal(config.headers.subgraphs.billing.request[0].name, 'X-Router-Secret');
    assert.deepEqual(config.subgraph_error_propagation.allowed_extension_fields.sort(), EXTENSIONS);
    assert.equal(config.subgraph_error_propagation.mode, 'pass-through');
    assert.ok(Number.parseInt(config.traffic_shaping.subgraphs.billing.request_timeout, 10) > 30);
  });
});

describe('examples/bruno', () => {
  const text = (path) => readFile(join(ROOT, path), 'utf8');

  it('is read by Bruno’s own parser: every operation with its variables, nothing lost', async () => {
    const variables = JSON.parse(await text('operations/variables.json'));
    const fileNames = (await readdir(join(ROOT, 'operations'))).filter((name) => name.endsWith('.graphql'));
    for (const fileName of fileNames) {
      const request = bruToJsonV2(await text(`examples/bruno/${fileName.replace('.graphql', '.bru')}`));
      assert.equal(request.body.graphql.query.trim(), (await text(`operations/${fileName}`)).trim());
      assert.deepEqual(JSON.parse(request.body.graphql.variables), variables[request.meta.name]);
      assert.equal(request.http.url, '{{gateway}}/graphql');
    }
  });

  it('takes the address and the token from its environment', async () => {
    const { variables } = bruToEnvJsonV2(await text('examples/bruno/environments/local.bru'));
    assert.deepEqual(variables.map(({ name }) => name).sort(), ['gateway', 'token']);
    const { auth } = collectionBruToJson(await text('examples/bruno/collection.bru'));
    assert.deepEqual(auth, { mode: 'bearer', bearer: { token: '{{token}}' } });
  });
});
