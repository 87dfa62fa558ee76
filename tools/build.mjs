// `npm run build`: compiles src/ into build/, then bundles that into dist/, which needs no node_modules. Most of a start was the looking up of
// 1,500 files. docs/adr/0012-one-bundle.md has the figures. sbom.cdx.json beside it says which packages are in the bundle.
//
//   node tools/build.mjs [--out DIR] [--unchecked]      DIR in place of dist/; it is emptied first. --unchecked leaves
//   the types to `npm run check`: the output is the same, in half of the time.
//   node tools/build.mjs --readable [--out DIR]         with comments and indents, of what is in build/: to look into a bundle
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

/** Packages that a dependency tries to load and does without: type-graphql validates by class-validator only where that is switched on. */
const OPTIONAL = ['pg-native', 'class-validator'];
/** Makes a `require` of its own, which the bundler cannot know for one: it is rewritten. */
const OWN_REQUIRE = /@opentelemetry\/otlp-grpc-exporter-base\//;
/** So does pino, for log transports in threads, of which the gateway uses none. */
const REQUIRE_NOT_NEEDED = /node_modules\/pino\//;

const NO_SCHEMAS = "throw new Error('No route has a schema: their compilers are not in the bundle.')";

/** Modules that are loaded in another way than they are written, each because of what it costs: what imports them, and what it gets. */
const SUBSTITUTES = {
  // An `import` reads every export, and one of http's loads the whole of Node's own fetch: a twelfth of a start.
  'node:http': { kind: 'import-statement', contents: "module.exports = require('node:http')" },
  http: { kind: 'import-statement', contents: "module.exports = require('node:http')" },
  // @apollo/utils.createhash takes its hashes written in JavaScript where it finds itself bundled.
  'sha.js': {
    kind: 'require-call',
    contents: "const { createHash } = require('node:crypto'); module.exports = (kind) => createHash(kind)",
  },
  // Its index loads its fetch, WebSockets, caches and mocks too: a megabyte that nothing here asks for.
  undici: {
    kind: 'import-statement',
    contents:
      "export { default as Agent } from './lib/dispatcher/agent.js'; export { default as buildConnector } from './lib/core/connect.js';",
    resolveDir: join(root, 'node_modules/undici'),
  },
  // Fastify looks for them where a route has a schema, and none has (`schemaController`): half a megabyte of ajv, three times.
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
 * Packages that have both module systems, in ES modules for everybody, also for who requires them, so that there is one of each. Of graphql's
 * CommonJS files each of 76 modules would get a copy of all its names, and each call between its own files would go through an object.
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

/** How a source file reads a page, a style or a script that lies beside it. Sources read it so as they run; the bundle holds the text. */
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
  // build/ runs too (the benchmark's profiles read it), and reads these files as src/ does.
  for (const name of readdirSync(join(root, 'src'), { recursive: true })) {
    if (/\.(?:html|css|js)$/.test(name)) cpSync(join(root, 'src', name), join(compiled, name));
  }
}

/** An import of a dependency, as tsc writes it: a default, a namespace, names, and where from. */
const IMPORT = /^import (?:(\w+)|(\* as) \w+)?(?:, )?(?:\{(.*)\})?(?: from )?'(?!node:)([^.'][^']*)';$/gm;

/**
 * A module that exports what ours import of the dependencies. As one more entry point it parts the two: what both reach goes to files of
 * their own, which hold nothing of ours.
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
 * Takes away the maps of what is not ours: node reads all of a file's map when it writes the first stack of an error, and those of the
 * dependencies would take a fifth of a second, and 90 MB.
 */
function keepOwnMap(file) {
  const { sources } = JSON.parse(readFileSync(file, 'utf8'));
  // Some dependencies' maps name files in a src/ that was never published.
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
 * One letter beyond Latin 1 makes V8 keep a file's whole text in two bytes a letter. esbuild leaves such letters in regular expressions alone, where
 * an escape means the same.
 */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Bundles these modules of build/ and what they need; what they load only when asked is in files of its own. */
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
    // As Node itself finds a package's files; 'module' would load some packages twice, once in each module system.
    mainFields: ['main'],
    external: OPTIONAL,
    plugins: [substituted, asModules, pageFiles],
    // What CommonJS has in every module.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname;",
    },
    sourcemap: 'linked',
    sourcesContent: false,
    // What is not there need not be read, checked and kept: comments and indents are more than a third of the bytes.
    ...(values.readable ? {} : { minifyWhitespace: true, lineLimit: 160 }),
    legalComments: 'external',
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** What the bundled modules would look for in vain. */
function findMissing({ inputs }) {
  const imports = Object.entries(inputs).flatMap(([file, input]) =>
    input.imports.map((wanted) => ({ file, ...wanted })),
  );
  const outside = imports
    .filter(({ external, path }) => external && path !== '<runtime>' && !OPTIONAL.includes(path))
    .filter(({ path }) => !path.startsWith('node:') && !isBuiltin(path))
    .map(({ file, path }) => `${path}, which ${file} imports`);
  // Node itself gives an import() of a CommonJS module its names; a bundle gives it the default alone.
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
for (const name of ['stdin.js', 'stdin.js.map']) rmSync(join(out, name));
// By itself, so that it shares no file with the gateway.
const simulator = await bundle(['simulator/main.js']);
for (const name of readdirSync(out, { recursive: true })) if (name.endsWith('.map')) keepOwnMap(join(out, name));
/** Modules of which something is left in the bundle. */
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
