import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const TEST = resolve(import.meta.dirname, '..');
const textOf = (file: string): string => readFileSync(resolve(TEST, file), 'utf8');

/** Tests that a document names in backquotes, from `test/`, from beside it, or shortened with an ellipsis. */
function namedTests(file: string): string[] {
  return [...textOf(file).matchAll(/`([^`\s]+\.ts)`/g)].map((match) => match[1] ?? '');
}

function exists(name: string): boolean {
  if (name.startsWith('…/')) return globSync(`{unit,wire}/upstreams/**/${name.slice(2)}`, { cwd: TEST }).length === 1;
  if (name.includes('*')) return globSync(name, { cwd: TEST }).length > 0;
  return existsSync(join(TEST, name)) || existsSync(join(TEST, 'security', name));
}

describe.each(['../docs/security.md', 'security/README.md'])('%s', (file) => {
  it('names only tests that there are', () => {
    const names = namedTests(file);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !exists(name))).toEqual([]);
  });
});

describe('the list of tests of security', () => {
  it('names each of them', () => {
    const files = globSync('*.test.ts', { cwd: join(TEST, 'security') });
    const listed = textOf('security/README.md');
    expect(files.filter((name) => !listed.includes(`\`${name}\``))).toEqual([]);
  });
});
