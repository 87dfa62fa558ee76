// Bundles the programs that tests start as processes. One file in place of 1,500 saves a start half a second.
//
// node test/support/process.bundle.mjs FOLDER
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { compile, ROOT } from './typescript.hooks.mjs';

/** The programs, as files without their ending. */
const PROGRAMS = ['src/main', 'test/writes/gateway-process', 'test/ledger/ledger-worker'];
/** Packages that find files of their own at run time, and optional ones. Node loads them as ever. */
const EXTERNAL = ['reflect-metadata', '@opentelemetry/*', 'pino', 'pino-pretty', 'pg-native', 'class-validator'];

/** Compiles as for any process of tests, and puts each file's own place where it asks for that. */
const sources = {
  name: 'sources',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, importer, resolveDir }) =>
      importer.endsWith('.ts') ? { path: join(resolveDir, path.replace(/\.js$/, '.ts')) } : undefined,
    );
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: compile(path)
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    }));
  },
};

const [, , folder] = process.argv;
const unfinished = `${folder}.unfinished`;
await build({
  absWorkingDir: ROOT,
  entryPoints: PROGRAMS.map((program) => `${program}.ts`),
  outbase: ROOT,
  outdir: unfinished,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  mainFields: ['main'],
  external: EXTERNAL,
  plugins: [sources],
  keepNames: true,
  // The chunks of a bundle run in an order of their own, so each begins with what decorators need, and with the names
  // that CommonJS has in every module.
  banner: {
    js: "import 'reflect-metadata'; import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname;",
  },
  logLevel: 'error',
});
renameSync(unfinished, folder);
