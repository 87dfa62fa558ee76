import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { loadConfig } from '../src/config/load-config.js';
import { createGateway } from '../src/gateway.js';
import { createLogger } from '../src/observability/logger.js';
import { startSimulator } from '../src/simulator/simulator.js';
import { EXAMPLES, filesNaming, filesOfUnlistedRoles, listed, textOf } from './house.files.js';

// Counts the size of the code and the cost of a change, and fails above a limit. docs/architecture.md has the figures.
// A commit that needs more raises the limit here and gives the reason.

const root = join(import.meta.dirname, '..');
const sources = listed('src');
const code = sources.filter((file) => extname(file) === '.ts');

/** Files of which a function runs while a warm gateway answers one query. */
async function onTheWayOf(query: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'house-'));
  const simulator = await startSimulator();
  const loaded = await loadConfig({
    PORT: '0',
    AUTH: 'none',
    XTRACTA_URL: simulator.url,
    XTRACTA_API_KEY: simulator.fixtures.apiKey,
    LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
    LOG_LEVEL: 'fatal',
    DEBUG_UI: 'false',
  });
  if (!loaded.ok) throw new Error('The settings of the measurement are not valid.');
  const gateway = await createGateway(loaded.config, await createLogger(loaded.config.log));
  const { url } = await gateway.listen();
  const session = new Session();
  session.connect();
  try {
    const ask = async (): Promise<void> => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables: { id: simulator.fixtures.rootGroupId } }),
      });
      const text = await response.text();
      if (text.includes('"errors"')) throw new Error(text);
    };
    await ask();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await ask();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const start = pathToFileURL(join(root, 'src/')).href;
    return result
      .filter(({ url: file }) => file.startsWith(start) && !file.startsWith(`${start}simulator/`))
      .filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
      .map(({ url: file }) => file.slice(start.length - 'src/'.length));
  } finally {
    session.disconnect();
    await gateway.drain();
    await simulator.close();
    rmSync(folder, { recursive: true });
  }
}

/** Packages that no file imports by name, each with its user. */
const NEEDED_OTHERWISE: Readonly<Record<string, string>> = {
  'graphql-scalars': 'a peer of type-graphql',
  '@biomejs/biome': 'the command biome',
  '@graphql-codegen/cli': 'the command graphql-codegen',
  'dependency-cruiser': 'the command depcruise',
  'graphql-yoga': 'a peer of @graphql-yoga/render-graphiql',
  '@swc/core': 'a peer of @swc/jest and @swc-node/register',
  '@graphql-codegen/typed-document-node': 'named by codegen.yml',
  '@graphql-codegen/typescript-operations': 'named by codegen.yml',
};

const texts = z.record(z.string(), z.string());
const manifest = z.object({ dependencies: texts, devDependencies: texts, scripts: texts });

/** Direct dependencies that no file imports or names. */
function idleDependencies(): string[] {
  const { dependencies, devDependencies, scripts } = manifest.parse(JSON.parse(textOf('package.json')));
  const everywhere = listed('src', 'test', 'tools', 'bench', 'package.json', '*.js', '*.cjs', '*.yml', '.ci')
    .filter((file) => !file.endsWith('package-lock.json'))
    .map((file) => (file === 'package.json' ? JSON.stringify(scripts) : textOf(file)))
    .join('\n');
  const inSource = sources.map((file) => textOf(file)).join('\n');
  const isIn = (text: string, name: string): boolean => new RegExp(`['"/ ]${name}(?:['"/ ]|$)`, 'm').test(text);
  const idle = (names: readonly string[], text: string): string[] =>
    names.filter((name) => !(name in NEEDED_OTHERWISE) && !name.startsWith('@types/') && !isIn(text, name));
  return [...idle(Object.keys(dependencies), inSource), ...idle(Object.keys(devDependencies), everywhere)];
}

interface Count {
  readonly name: string;
  readonly found: readonly string[] | number;
  readonly limit: number;
}

const counts: readonly Count[] = [
  { name: 'files in src', found: sources.length, limit: 220 },
  {
    name: 'lines of TypeScript in src',
    found: code.reduce((sum, file) => sum + textOf(file).split('\n').length - 1, 0),
    limit: 37_700,
  },
  { name: 'source files for a new write', found: filesNaming(EXAMPLES.write), limit: 13 },
  { name: 'source files for a new read', found: filesNaming(EXAMPLES.read), limit: 14 },
  {
    name: 'files on the way of group.plan',
    found: await onTheWayOf('query ($id: ID!) { group(id: $id) { plan { name } } }'),
    limit: 52,
  },
  { name: 'files with a role that CONTRIBUTING.md does not list', found: filesOfUnlistedRoles(), limit: 0 },
  { name: 'direct dependencies that do nothing', found: idleDependencies(), limit: 0 },
];

const isVerbose = process.argv.includes('--list');
for (const { name, found, limit } of counts) {
  const count = typeof found === 'number' ? found : found.length;
  const isOver = count > limit;
  if (isOver) process.exitCode = 1;
  console.log(`${String(count).padStart(6)} of ${String(limit).padStart(6)}  ${name}${isOver ? '  TOO MANY' : ''}`);
  if (typeof found !== 'number' && (isVerbose || isOver))
    for (const file of found) console.log(`                  ${file}`);
}
