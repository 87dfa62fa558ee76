import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { renderEnvExample, renderMarkdown } from '../src/config/describe-settings.js';
import { renderTenantsSchema } from './tenants.document.js';

// Writes the documents that are made from the declaration of settings. With --check it only reports whether they are up
// to date.
const root = resolve(import.meta.dirname, '..');
const files = [
  { path: 'docs/configuration.md', text: renderMarkdown() },
  { path: '.env.example', text: renderEnvExample() },
  { path: 'docs/tenants.schema.json', text: renderTenantsSchema() },
];

if (process.argv.includes('--check')) {
  const stale = files.filter(({ path, text }) => current(path) !== text).map(({ path }) => path);
  if (stale.length > 0) {
    console.error(`Out of date: ${stale.join(', ')}. Run: npm run config-docs`);
    process.exitCode = 1;
  }
} else {
  for (const { path, text } of files) writeFileSync(resolve(root, path), text);
}

function current(path: string): string {
  try {
    return readFileSync(resolve(root, path), 'utf8');
  } catch {
    return '';
  }
}
