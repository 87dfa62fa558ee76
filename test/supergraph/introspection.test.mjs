import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { billingSdl } from './support/compose.mjs';
import { execute, PACKAGE, startBillingGateway, startSimulator, stopServices } from './support/services.mjs';

const run = promisify(execFile);

describe('what a platform team reads off a running gateway', () => {
  let gateway;
  before(async () => {
    const simulator = await startSimulator();
    gateway = await startBillingGateway(simulator, simulator.world('introspection'));
  });
  after(async () => {
    await gateway.stop();
    await stopServices();
  });

  it('is schema.graphql, by _service', async () => {
    const response = await execute(`${gateway.url}/graphql`, '{ _service { sdl } }');
    assert.ok(response.data._service.sdl === billingSdl(), 'they differ');
  });

  // Rover's binary comes in a package per platform; this one is for Linux on x64.
  const rover = join(PACKAGE, 'node_modules/@apollo/rover-linux-x64/rover');
  const byRover = existsSync(rover)
    ? it
    : () => process.stderr.write('rover is not there for this platform: not tried\n');
  byRover('is schema.graphql, by rover subgraph introspect', async () => {
    // Rover keeps a file of its own in the home folder.
    const home = await mkdtemp(join(tmpdir(), 'rover-'));
    const { stdout } = await run(rover, ['subgraph', 'introspect', `${gateway.url}/graphql`], {
      env: { PATH: process.env.PATH, HOME: home, APOLLO_TELEMETRY_DISABLED: '1' },
    });
    await rm(home, { recursive: true, force: true });
    assert.ok(stdout.trim() === billingSdl().trim(), `they differ: ${stdout.slice(0, 500)}`);
  });

  it('answers each representation by itself: one that is none leaves the others', async () => {
    const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Group { id plan { name } } } }';
    const of = ['100001', 'G-17', '900001', '100013'].map((id) => ({ __typename: 'Group', id }));
    const response = await execute(`${gateway.url}/graphql`, query, { of });
    assert.deepEqual(response.data._entities, [
      { id: '100001', plan: { name: 'Starter 100' } },
      null,
      { id: '900001', plan: null },
      { id: '100013', plan: null },
    ]);
    const places = response.errors.map(({ path, extensions }) => `${path.join('.')} ${extensions.code}`).sort();
    assert.deepEqual(places, ['_entities.1 BAD_USER_INPUT', '_entities.2.plan FORBIDDEN']);
  });
});
