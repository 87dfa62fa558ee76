import 'reflect-metadata';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildGatewaySchema } from '../src/graphql/schema.js';
import { errorsDocument } from './errors.document.js';
import { referenceDocument } from './reference.document.js';

// Writes what is generated from the code; with `--check` writes nothing and fails when a file is stale.
const root = join(import.meta.dirname, '..');
const { schema, sdl } = await buildGatewaySchema();
const files = new Map([
  ['schema.graphql', sdl],
  ['docs/errors.md', errorsDocument()],
  ['docs/reference.md', referenceDocument(schema)],
]);

const isCheck = process.argv.includes('--check');
const stale: string[] = [];
for (const [name, content] of files) {
  const path = join(root, name);
  if ((await readFile(path, 'utf8').catch(() => null)) === content) continue;
  stale.push(name);
  if (!isCheck) await writeFile(path, content);
}

if (isCheck && stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run npm run schema and commit the result.`);
  process.exitCode = 1;
} else {
  console.log(
    stale.length === 0
      ? 'schema.graphql, docs/errors.md and docs/reference.md are up to date.'
      : `Wrote ${stale.join(', ')}.`,
  );
}
