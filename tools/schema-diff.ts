import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { declaredChanges, schemaChanges, undeclared } from './schema.changes.js';

// Compares schema.graphql with the last released one. Fails on a breaking change that SCHEMA_CHANGELOG.md does not
// declare; with `--release` makes schema.graphql the released one, after a version was tagged.
const root = join(import.meta.dirname, '..');
const read = (name: string): Promise<string> => readFile(join(root, name), 'utf8');
const current = await read('schema.graphql');

if (process.argv.includes('--release')) {
  await writeFile(join(root, 'docs/released/schema.graphql'), current);
  console.log('docs/released/schema.graphql is schema.graphql now. Give its changes a version in SCHEMA_CHANGELOG.md.');
} else {
  const { breaking, dangerous } = schemaChanges(await read('docs/released/schema.graphql'), current);
  const { missing, stale } = undeclared(breaking, declaredChanges(await read('SCHEMA_CHANGELOG.md')));
  for (const sentence of dangerous) console.log(`dangerous  ${sentence}`);
  for (const sentence of breaking) console.log(`breaking   ${sentence}`);
  for (const sentence of missing) console.error(`undeclared ${sentence}`);
  for (const sentence of stale) console.error(`stale      ${sentence}`);
  if (missing.length + stale.length > 0) {
    console.error('Declare each breaking change under "## Unreleased", "### Breaking" of SCHEMA_CHANGELOG.md:');
    console.error('* `the sentence above` What a client does about it.');
    process.exitCode = 1;
  } else {
    console.log(
      `The schema breaks nobody unannounced (${breaking.length} breaking, ${dangerous.length} dangerous changes).`,
    );
  }
}
