import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { brunoCollection } from '../../../tools/bruno.collection.js';

const root = join(import.meta.dirname, '../../..');

describe('the Bruno collection', () => {
  it('holds one request per operation, in the order of the files', () => {
    const files = brunoCollection([
      {
        fileName: '01-a.graphql',
        text: '# What it is for.\nquery A($id: ID!) {\n  group(id: $id) {\n    id\n  }\n}\n',
        variables: { id: '1' },
      },
    ]);
    expect(files.get('01-a.bru')).toBe(
      [
        'meta {\n  name: A\n  type: graphql\n  seq: 1\n}',
        'post {\n  url: {{gateway}}/graphql\n  body: graphql\n  auth: inherit\n}',
        'body:graphql {\n  # What it is for.\n  query A($id: ID!) {\n    group(id: $id) {\n      id\n    }\n  }\n}',
        'body:graphql:vars {\n  {\n    "id": "1"\n  }\n}',
        'docs {\n  What it is for.\n}\n',
      ].join('\n\n'),
    );
  });

  it('needs named operations', () => {
    expect(() => brunoCollection([{ fileName: 'x.graphql', text: '{ __typename }', variables: {} }])).toThrow(
      'x.graphql holds no named operation',
    );
  });

  it('is committed for every operation', () => {
    const names = (folder: string, ending: string): string[] =>
      readdirSync(join(root, folder))
        .filter((name) => name.endsWith(ending) && /^\d/.test(name))
        .map((name) => name.slice(0, -ending.length))
        .sort();
    expect(names('examples/bruno', '.bru')).toEqual(names('operations', '.graphql'));
    for (const name of names('operations', '.graphql')) {
      const lines = readFileSync(join(root, `operations/${name}.graphql`), 'utf8')
        .trim()
        .split('\n');
      const committed = readFileSync(join(root, `examples/bruno/${name}.bru`), 'utf8');
      expect(committed).toContain(lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n'));
    }
  });
});
