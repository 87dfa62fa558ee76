import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSchema, Kind, parse, print, validate } from 'graphql';
import { type BillingStack, startBilling } from '../../testing/src/index.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TOOLS = join(ROOT, 'examples/mcp/tools');
const read = (path: string) => readFile(join(ROOT, path), 'utf8');

interface Tool {
  readonly name: string;
  readonly description: string;
  readonly operation: string;
  readonly file: string;
}

/** Reads a folder as the routers' MCP servers do: each operation is a tool, the comments above it its description. */
async function readTools(folder: string): Promise<readonly Tool[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      const [operation] = parse(text).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
      assert.ok(operation?.kind === Kind.OPERATION_DEFINITION && operation.name !== undefined, file);
      const description = text
        .split('\n')
        .filter((line) => line.startsWith('#'))
        .map((line) => line.slice(1).trim())
        .join('\n');
      return { name: operation.name.value, description, operation: print(parse(text)), file };
    }),
  );
}

const tools = await readTools(TOOLS);

describe('the tools for a model', () => {
  let stack: BillingStack;
  before(async () => {
    stack = await startBilling();
  });
  after(() => stack.stop());

  it('are operations of the repository, word for word, and fit the schema', async () => {
    const schema = buildSchema(await read('packages/client/schema.graphql'));
    const known = (await readTools(join(ROOT, 'operations'))).map(({ operation }) => operation);
    for (const tool of tools) {
      assert.deepEqual(
        validate(schema, parse(tool.operation)).map(({ message }) => message),
        [],
        tool.file,
      );
      assert.ok(known.includes(tool.operation), `${tool.file} is not one of operations/`);
    }
  });

  it('tell a model what spends, and to keep the key', () => {
    for (const { name, description, operation } of tools) {
      assert.equal(description.startsWith('SPENDS MONEY.'), operation.startsWith('mutation'), name);
      if (operation.startsWith('mutation')) assert.match(description, /SAME key/, name);
      else assert.match(description, /Changes nothing/, name);
    }
  });

  it('are all that the configurations let a model do', async () => {
    const apollo = await read('examples/mcp/apollo-mcp.yaml');
    const listed = [...apollo.matchAll(/examples\/mcp\/tools\/(\S+)/g)].map(([, file]) => file).sort();
    assert.deepEqual(
      listed,
      tools.map(({ file }) => file),
    );
    assert.match(apollo, /mutation_mode: explicit/);
    assert.match(apollo, /execute:\n\s+enabled: false/);
    assert.match(await read('examples/mcp/cosmo.yaml'), /enable_arbitrary_operations: false/);
  });

  /** A tool call: the operation with the call's arguments as its variables. */
  const call = (name: string, variables: Record<string, unknown>) =>
    stack.execute(tools.find((tool) => tool.name === name)?.operation ?? '', variables);

  it('spend once when a call is repeated, at once and one after the other', async () => {
    for (const [name, input] of [
      ['OrderBoosterPack', { idempotencyKey: 'order-2026-11-29-one-booster', packId: '1223', groupId: '100003' }],
      ['ChangePlan', { idempotencyKey: 'change-2026-11-29-business', planId: '112', groupId: '100016' }],
    ] as const) {
      const responses = [
        ...(await Promise.all([call(name, { input }), call(name, { input }), call(name, { input })])),
        await call(name, { input }),
      ];
      for (const { errors } of responses) assert.deepEqual(errors, []);
      assert.match(JSON.stringify(responses.at(-1)?.data), /"replayed":true/);
    }
    const counts = await stack.counts();
    assert.deepEqual([counts['booster']?.committed, counts['update']?.committed], [1, 1]);
    const { data } = await call('BillingOperation', { idempotencyKey: 'order-2026-11-29-one-booster' });
    assert.match(JSON.stringify(data), /"status":"SUCCEEDED"/);
  });
});
