// `npm run build`: compiles src/ into build/, then bundles that into dist/, which needs no node_modules. Reason: most
// of a start was the search for 1,500 files. docs/adr/0012-one-bundle.md has the figures. sbom.cdx.json beside it says
// which packages are in the bundle.
//
// node tools/build.mjs [--out DIR] [--unchecked] DIR instead of dist/; it is emptied first. --unchecked leaves the
// types to `npm run check`: the output is the same, in half of the time. node tools/build.mjs --readable [--out DIR]
// bundles build/ with comments and indents, for reading
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { billOfMaterials } from './sbom.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiled = join(root, 'build');
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist') },
    unchecked: { type: 'boolean', default: false },
    readable: { type: 'boolean', default: false },
  },
});
const out = resolve(values.out);

/**
 * Packages that a dependency tries to load but does not need: type-graphql uses class-validator only where validation
 * is switched on.
 */
const OPTIONAL = ['pg-native', 'class-validator'];
/** This package makes its own `require`, which the bundler cannot recognise, so the build rewrites it. */
const OWN_REQUIRE = /@opentelemetry\/otlp-grpc-exporter-base\//;
/** Pino also makes one, for log transports in threads. The gateway uses no such transport. */
const REQUIRE_NOT_NEEDED = /node_modules\/pino\//;

const NO_SCHEMAS = "throw new Error('No route has a schema: their compilers are not in the bundle.')";

/** Replacements of modules, each to save time or size: the kind of import, and its replacement. */
const SUBSTITUTES = {
  // An `import` reads every export, and one export of http loads the whole of Node's own fetch: a twelfth of a start.
  'node:http': { kind: 'import-statement', contents: "module.exports = require('node:http')" },
  http: { kind: 'import-statement', contents: "module.exports = require('node:http')" },
  // @apollo/utils.createhash uses its JavaScript hashes when it is bundled. Apollo Server hashes the text of each
  // query, in one call.
  'sha.js': {
    kind: 'require-call',
    contents:
      "const { hash } = require('node:crypto'); module.exports = (kind) => ({ update: (text) => ({ digest: (form) => hash(kind, text, form) }) })",
  },
  // Its index also loads fetch, WebSockets, caches and mocks: one megabyte that the gateway does not use.
  undici: {
    kind: 'import-statement',
    contents:
      "export { default as Agent } from './lib/dispatcher/agent.js'; export { default as buildConnector } from './lib/core/connect.js';",
    resolveDir: join(root, 'node_modules/undici'),
  },
  // Fastify loads these for routes with a schema, and no route has one (`schemaController`). It is half a megabyte of
  // ajv, three times.
  '@fastify/ajv-compiler': { kind: 'require-call', contents: NO_SCHEMAS },
  '@fastify/fast-json-stringify-compiler': { kind: 'require-call', contents: NO_SCHEMAS },
};

const substituted = {
  name: 'substituted',
  setup({ onResolve, onLoad }) {
    const names = Object.keys(SUBSTITUTES).map((name) => name.replace('.', '\\.'));
    onResolve({ filter: new RegExp(`^(?:${names.join('|')})$`) }, ({ path, kind }) =>
      SUBSTITUTES[path].kind === kind ? { path, namespace: 'substitute' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'substitute' }, ({ path }) => {
      const { contents, resolveDir } = SUBSTITUTES[path];
      return { contents, resolveDir };
    });
    onLoad({ filter: OWN_REQUIRE }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('__require(', 'require('),
    }));
  },
};

/**
 * Resolves packages with both module systems always to ES modules, also for `require`, so that the bundle holds each
 * once. Reason: with graphql's CommonJS files each of 76 modules would get a copy of all its names, and each call
 * between its files would go through an object.
 */
const asModules = {
  name: 'as-modules',
  setup({ onResolve }) {
    const file = (path) => ({ path: join(root, 'node_modules', path) });
    onResolve({ filter: /^graphql$/ }, () => file('graphql/index.mjs'));
    onResolve({ filter: /^graphql\// }, ({ path }) => file(path.replace(/(?:\.m?js)?$/, '.mjs')));
    onResolve({ filter: /^@graphql-tools\/utils$/ }, () => file('@graphql-tools/utils/esm/index.js'));
  },
};

/**
 * The expression by which a source file reads a page, a style or a script next to it. Sources read the file at run
 * time; the bundle holds its text.
 */
const PAGE_FILE = /readFileSync\(join\(import\.meta\.dirname, '([\w.-]+\.(?:html|css|js))'\), 'utf8'\)/g;

const pageFiles = {
  name: 'page-files',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]build[/\\].*\.js$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      if (!code.includes('import.meta.dirname')) return undefined;
      const folder = join(root, 'src', relative(compiled, dirname(path)));
      const textOf = (_, name) => JSON.stringify(readFileSync(join(folder, name), 'utf8'));
      return { contents: code.replace(PAGE_FILE, textOf) };
    });
  },
};

function compile() {
  rmSync(compiled, { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['-p', 'tsconfig.build.json', ...(values.unchecked ? ['--noCheck'] : [])];
  const { status } = spawnSync(process.execPath, [tsc, ...options], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  // build/ also runs (for the benchmark's profiles), and reads these files as src/ does.
  for (const name of readdirSync(join(root, 'src'), { recursive: true })) {
    if (/\.(?:html|css|js)$/.test(name)) cpSync(join(root, 'src', name), join(compiled, name));
  }
}

/** An import of a dependency in tsc's output: a default, a namespace, names, and the source. */
const IMPORT = /^import (?:(\w+)|(\* as) \w+)?(?:, )?(?:\{(.*)\})?(?: from )?'(?!node:)([^.'][^']*)';$/gm;

/**
 * A module that exports everything that our modules import from dependencies. As a further entry point it separates the
 * two: shared modules go to files of their own, which hold none of our code.
 */
function dependencies() {
  const files = readdirSync(compiled, { recursive: true }).filter((name) => name.endsWith('.js'));
  const imports = files.flatMap((name) => [...readFileSync(join(compiled, name), 'utf8').matchAll(IMPORT)]);
  const wanted = imports.flatMap(([, whole, namespace, listed, path]) => [
    ...[...(listed ?? '').matchAll(/(\w+)(?: as \w+)?/g)].map(([, name]) => `export { ${name} as $ } from '${path}';`),
    ...(whole ? [`export { default as $ } from '${path}';`] : []),
    ...(namespace ? [`export * as $ from '${path}';`] : []),
    ...(whole || namespace || listed ? [] : [`import '${path}';`]),
  ]);
  return [...new Set(wanted)].map((line, index) => line.replace('$', `_${index}`)).join('\n');
}

/**
 * Removes source maps of dependencies. Reason: Node reads the whole map of a file for the first stack of an error. The
 * maps of dependencies would take a fifth of a second and 90 MB.
 */
function keepOwnMap(file) {
  const { sources } = JSON.parse(readFileSync(file, 'utf8'));
  // Maps of some dependencies name files in an unpublished src/.
  const isOwn = (source) => {
    const path = resolve(dirname(file), source);
    return path.startsWith(join(root, 'src/')) && existsSync(path);
  };
  if (sources.some(isOwn)) {
    if (sources.every((source) => isOwn(source) || source.startsWith('substitute:'))) return;
    throw new Error(`${file}: our code and others' are in one file.`);
  }
  const code = file.slice(0, -'.map'.length);
  writeFileSync(code, inAscii(readFileSync(code, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\n$/, '\n')));
  rmSync(file);
}

/**
 * Escapes characters beyond Latin 1. Reason: one of them makes V8 keep a file's whole text in two bytes per character.
 * esbuild does not escape them in regular expressions, where an escape means the same.
 */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Bundles these modules of build/ with their imports. Modules behind a dynamic import are in files of their own. */
async function bundle(modules, more = {}) {
  const { metafile } = await build({
    absWorkingDir: compiled,
    entryPoints: modules,
    ...more,
    outbase: compiled,
    outdir: out,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Finds a package's files as Node does. 'module' would load some packages twice, once in each module system.
    mainFields: ['main'],
    external: OPTIONAL,
    plugins: [substituted, asModules, pageFiles],
    // The names that CommonJS has in every module.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname;",
    },
    sourcemap: values.readable ? false : 'linked',
    sourcesContent: false,
    // Comments and indents are more than a third of the bytes that a start would read, check and keep.
    ...(values.readable ? {} : { minifyWhitespace: true, lineLimit: 160 }),
    legalComments: 'external',
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** Imports that the bundled modules would not find. */
function findMissing({ inputs }) {
  const imports = Object.entries(inputs).flatMap(([file, input]) =>
    input.imports.map((wanted) => ({ file, ...wanted })),
  );
  const outside = imports
    .filter(({ external, path }) => external && path !== '<runtime>' && !OPTIONAL.includes(path))
    .filter(({ path }) => !path.startsWith('node:') && !isBuiltin(path))
    .map(({ file, path }) => `${path}, which ${file} imports`);
  // In Node an import() of a CommonJS module has its names; in a bundle it has only the default.
  const nameless = imports
    .filter(({ kind, path }) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
    .map(({ file, path }) => `names of ${path}, of which ${file} does an import()`);
  const hidden = Object.keys(inputs)
    .filter((file) => file.includes('node_modules/') && !OWN_REQUIRE.test(file) && !REQUIRE_NOT_NEEDED.test(file))
    .filter((file) => readFileSync(resolve(compiled, file), 'utf8').includes('createRequire('))
    .map((file) => `what ${file} requires behind the bundler's back`);
  return [...outside, ...nameless, ...hidden];
}

rmSync(out, { recursive: true, force: true });
if (!values.readable) compile();
const gateway = await bundle(['main.js', 'cli.js', 'gateway.js'], {
  stdin: { contents: dependencies(), resolveDir: root },
});
for (const name of ['stdin.js', 'stdin.js.map']) rmSync(join(out, name), { force: true });
// Bundled separately, so that it shares no file with the gateway.
const simulator = await bundle(['simulator/main.js']);
for (const name of readdirSync(out, { recursive: true })) if (name.endsWith('.map')) keepOwnMap(join(out, name));
/** Modules with code in the bundle. */
const bundled = [gateway, simulator]
  .flatMap(({ outputs }) => Object.values(outputs))
  .flatMap(({ inputs }) => Object.entries(inputs))
  .flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [resolve(compiled, file)] : []));
writeFileSync(join(out, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(bundled, root), null, 2)}\n`);
const missing = [gateway, simulator].flatMap(findMissing);
if (missing.length > 0) {
  process.stderr.write(`The bundle lacks\n${missing.map((line) => `  ${line}\n`).join('')}`);
  process.exitCode = 1;
}
