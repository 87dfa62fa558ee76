import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { brunoCollection } from './bruno.collection.js';

// Writes examples/bruno from operations/; with `--check` writes nothing and fails when a file is stale or left over.
const root = join(import.meta.dirname, '..');
const source = join(root, 'operations');
const target = join(root, 'examples/bruno');

const parsed: unknown = JSON.parse(await readFile(join(source, 'variables.json'), 'utf8'));
const variables = new Map<string, unknown>(typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []);
const fileNames = (await readdir(source)).filter((name) => name.endsWith('.graphql')).sort();
const files = brunoCollection(
  await Promise.all(
    fileNames.map(async (fileName) => {
      const text = await readFile(join(source, fileName), 'utf8');
      return { fileName, text, variables: variables.get(/^(?:query|mutation) (\w+)/m.exec(text)?.[1] ?? '') };
    }),
  ),
);

const present = await readdir(target, { recursive: true, withFileTypes: true }).catch(() => []);
const leftOver = present
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1))
  .filter((name) => !files.has(name));
const stale: string[] = [];
for (const [name, content] of files) {
  const old = await readFile(join(target, name), 'utf8').catch(() => null);
  if (old !== content) stale.push(name);
}

if (process.argv.includes('--check')) {
  const wrong = [...stale, ...leftOver];
  if (wrong.length > 0) {
    console.error(`Stale in examples/bruno: ${wrong.join(', ')}. Run npm run bruno and commit the result.`);
    process.exitCode = 1;
  }
} else {
  await Promise.all(leftOver.map((name) => rm(join(target, name))));
  for (const name of stale) {
    const path = join(target, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, files.get(name) ?? '');
  }
  console.log(`examples/bruno: ${stale.length} written, ${leftOver.length} removed.`);
}
