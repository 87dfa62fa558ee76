import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const LIMIT = 10 * 1024;

describe('the kit in a bundle, without React and beside its client', () => {
  for (const client of ['apollo', 'urql']) {
    it(`is below 10 KB with ${client}`, async () => {
      const { outputFiles } = await build({
        stdin: {
          contents: `export * from './src/index.ts'; export * from './src/${client}.ts';`,
          resolveDir: fileURLToPath(new URL('../', import.meta.url)),
        },
        bundle: true,
        minify: true,
        format: 'esm',
        external: ['@apollo/client', '@urql/*', 'graphql'],
        write: false,
      });
      const size = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
      assert.ok(size > 1_000 && size < LIMIT, `${size} bytes`);
    });
  }
});
