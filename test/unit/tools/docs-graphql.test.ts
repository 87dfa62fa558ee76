import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, NoUnusedFragmentsRule, parse, specifiedRules, validate } from 'graphql';

const root = join(import.meta.dirname, '../../..');
const schema = buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8'), { assumeValidSDL: true });
const rules = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule);

/** Every block marked as GraphQL, with its position. */
const snippets = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) => {
    const blocks = readFileSync(join(root, name), 'utf8').matchAll(/^```graphql\n(.*?)^```/gms);
    return [...blocks].map(([, text = ''], index) => ({ name: `${name}, block ${index + 1}`, text }));
  });

describe('the operations in the documentation', () => {
  it.each(snippets)('fit the schema: $name', ({ text }) => {
    expect(validate(schema, parse(text), rules).map(({ message }) => message)).toEqual([]);
  });
});

describe('the links in the documentation', () => {
  it.each([
    'docs/federation.md',
    'docs/frontend.md',
    'docs/other-clients.md',
    'examples/README.md',
    'examples/mcp/README.md',
    'packages/client/README.md',
    'SCHEMA_CHANGELOG.md',
  ])('lead somewhere: %s', (name) => {
    const folder = join(root, name, '..');
    const targets = [...readFileSync(join(root, name), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
      ([, path = '']) => path,
    );
    expect(targets.filter((path) => !exists(join(folder, path)))).toEqual([]);
  });
});

function exists(path: string): boolean {
  const parent = join(path, '..');
  return readdirSync(parent).includes(path.slice(parent.length + 1));
}
