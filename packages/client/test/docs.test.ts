import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gql } from '@urql/core';
import { Kind, parse } from 'graphql';
import { type BillingStack, startBilling } from '../../testing/src/index.ts';
import { KITS } from './kits.harness.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

interface Block {
  readonly name: string;
  readonly text: string;
}

async function blocksOf(languages: readonly string[], names: readonly string[]): Promise<readonly Block[]> {
  const found: Block[] = [];
  for (const name of names) {
    const text = await readFile(join(ROOT, name), 'utf8');
    for (const [index, match] of [...text.matchAll(/^ *```(\w+)\n(.*?)^ *```/gms)].entries()) {
      const [, language = '', body = ''] = match;
      if (languages.includes(language)) found.push({ name: `${name}, block ${index + 1}`, text: body });
    }
  }
  return found;
}

const documents = [
  'README.md',
  ...(await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];
const forClients = ['docs/frontend.md', 'packages/client/README.md', 'packages/testing/README.md'];

/** Blocks that a client sends; federation's pages show types too. */
const operations = (await blocksOf(['graphql'], documents)).filter(({ text }) =>
  parse(text).definitions.every(({ kind }) => kind === Kind.OPERATION_DEFINITION || kind === Kind.FRAGMENT_DEFINITION),
);

describe('every operation of the documentation', () => {
  let stack: BillingStack;
  before(async () => {
    stack = await startBilling({ toggles: { catalogueCurrency: 'yes' } });
    await stack.execute(
      'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { userErrors { code } } }',
      {
        input: { idempotencyKey: 'known-key-0001', packId: '1223', groupId: '100050' },
      },
    );
  });
  after(() => stack.stop());

  it('is found', () => assert.ok(operations.length >= 12, `${operations.length}`));

  for (const [turn, [client, createKit]] of KITS.entries()) {
    const kit = () => createKit(stack.graphqlUrl);
    for (const [index, { name, text }] of operations.entries()) {
      it(`runs in ${client}: ${name}`, async () => {
        const source = text.replaceAll('"…"', '"known-key-0001"');
        const isWrite = /^\s*mutation|\nmutation/.test(source);
        const input = /\$input: (\w+)/.exec(source)?.[1] ?? '';
        const variables = {
          groupId: '100000',
          after: null,
          at: '2026-06-01T00:00:00Z',
          idempotencyKey: 'known-key-0001',
          input: inputOf(input, `docs-${turn}-${index}`, String(100_001 + turn * 20 + index)),
        };
        const used = Object.fromEntries(
          Object.entries(variables).filter(([variable]) => source.includes(`$${variable}`)),
        );
        const { data, error } = await kit().run(gql(source), used, isWrite);
        assert.equal(error, undefined);
        assert.ok(data);
      });
    }
  }
});

function inputOf(type: string, idempotencyKey: string, groupId: string): Record<string, unknown> | null {
  switch (type) {
    case 'OrderBoosterPackInput':
      return { idempotencyKey, packId: '1223', groupId };
    case 'ChangePlanInput':
      return { idempotencyKey, planId: '113', groupId };
    case 'PurchaseCreditsInput':
      return { idempotencyKey, purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b' };
    default:
      return null;
  }
}

describe('every block of code for clients', () => {
  it('has the right types', async () => {
    const folder = fileURLToPath(new URL('../build/docs/', import.meta.url));
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const blocks = await blocksOf(['ts', 'tsx'], forClients);
    assert.ok(blocks.length >= 8);
    for (const [index, { text }] of blocks.entries()) {
      // A block that other blocks import names its file. A file without an import or export would share its names with
      // the others.
      const name = /^\/\/ (\S+\.tsx?)\n/.exec(text)?.[1] ?? `block-${index}.tsx`;
      await writeFile(join(folder, name), `${text}\nexport {};\n`);
    }
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions: {
        module: 'ESNext',
        moduleResolution: 'bundler',
        jsx: 'react-jsx',
        noUnusedLocals: false,
        erasableSyntaxOnly: false,
        allowImportingTsExtensions: true,
        rewriteRelativeImportExtensions: false,
        paths: {
          '@billing-gateway/client': ['../../src/index.ts'],
          '@billing-gateway/client/documents': ['../../src/__generated__/documents.ts'],
          '@billing-gateway/client/*': ['../../src/*.ts'],
          '@billing-gateway/testing': ['../../../testing/src/index.ts'],
          '@billing-gateway/testing/*': ['../../../testing/src/*.ts'],
          vite: ['../../../../examples/billing-page/node_modules/vite/dist/node/index.d.ts'],
          'react-dom/client': ['../../../../examples/billing-page/node_modules/@types/react-dom/client.d.ts'],
          // These functions are the same in both.
          vitest: ['../../../../node_modules/@jest/globals/build/index.d.ts'],
          'msw/node': ['../../../testing/node_modules/msw/lib/node/index.d.ts'],
        },
      },
      include: ['*.ts', '*.tsx'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
    assert.equal(stdout, '');
  });

  it('loads, for what is a file of its own', async () => {
    const [next] = await blocksOf(['js'], ['docs/frontend.md']);
    const config: { default: { rewrites(): Promise<{ destination: string }[]> } } = await import(
      `data:text/javascript,${encodeURIComponent(next?.text ?? '')}`
    );
    assert.deepEqual(await config.default.rewrites(), [
      { source: '/graphql', destination: 'http://127.0.0.1:4000/graphql' },
    ]);
  });

  it('generates types from a running gateway', async () => {
    const stack = await startBilling();
    // Below the repository, whose code generator it uses.
    const folder = fileURLToPath(new URL('../build/codegen', import.meta.url));
    await rm(folder, { recursive: true, force: true });
    try {
      const [yaml] = await blocksOf(['yaml'], ['docs/frontend.md']);
      await mkdir(join(folder, 'src'), { recursive: true });
      await writeFile(
        join(folder, 'codegen.yml'),
        (yaml?.text ?? '').replace('http://127.0.0.1:4000/graphql', stack.graphqlUrl),
      );
      await writeFile(
        join(folder, 'src/plan.graphql'),
        'query Plan { group(id: "1") { id plan { price { amount } } } }',
      );
      await run(process.execPath, [join(ROOT, 'node_modules/.bin/graphql-codegen'), '--config', 'codegen.yml'], {
        cwd: folder,
      });
      assert.match(await readFile(join(folder, 'src/__generated__/graphql.ts'), 'utf8'), /amount: string/);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await stack.stop();
    }
  });

  it('is a command that a shell runs', async () => {
    const stack = await startBilling();
    try {
      for (const { text } of await blocksOf(['sh'], ['docs/other-clients.md'])) {
        const { stdout } = await run('sh', ['-c', text.replaceAll('http://127.0.0.1:4000', stack.url)]);
        const { data, errors }: { data: unknown; errors?: unknown } = JSON.parse(stdout);
        assert.equal(errors, undefined);
        assert.ok(data);
      }
      assert.equal((await stack.counts())['booster']?.committed, 1);
    } finally {
      await stack.stop();
    }
  });
});
