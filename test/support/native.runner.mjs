// Jest's test runner (`testRunner` in jest.config.js): jest-circus, whose test files Node itself loads.
//
// Jest's own module system evaluates every module anew in each test file: about 800 modules for a gateway. That costs
// one second of processor time per file, and memory that Node can never free. Here a worker loads the sources and the
// dependencies once, and compiled code stays warm from file to file. Tests run in the same realm as production. The
// price: the files of one worker share module state, like the requests of one process. `jest.mock` and fake timers do
// not work on these modules. No test uses either.
import 'reflect-metadata';
import { statSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createScriptTransformer } from '@jest/transform';
import fc from 'fast-check';
import circus from 'jest-circus/runner';
import { ModuleMocker } from 'jest-mock';
import { sourceOf } from './typescript.hooks.mjs';

const require = createRequire(import.meta.url);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
/**
 * Above this the garbage of a file is collected before jest looks at the worker's memory. Reason: garbage alone would
 * make jest replace the worker (`workerIdleMemoryLimit`), and a new one costs seconds until all modules are loaded.
 */
const MUCH_HEAP_BYTES = 120e6;

// Developers run the same random cases each time, so that a failure comes from their change. CI also runs the
// properties at their full size, with random seeds (suite.sizes.ts).
if (process.env.TEST_SIZES !== 'full') fc.configureGlobal({ seed: 20_260_101 });

const GLOBALS = 'jest:globals';
const NAMES = ['afterAll', 'afterEach', 'beforeAll', 'beforeEach', 'describe', 'expect', 'it', 'jest', 'test'];

/**
 * The replacement of `@jest/globals`: the functions of the running file. Shared modules, such as suites, import it once
 * for all files.
 */
let current = {};

/** A function, with all that hangs on it, that is looked up each time it is used. */
function forwarded(name) {
  return new Proxy(() => undefined, {
    apply: (_target, self, values) => Reflect.apply(current[name], self, values),
    get: (_target, property) => Reflect.get(current[name], property),
  });
}

globalThis[Symbol.for(GLOBALS)] = Object.fromEntries(NAMES.map((name) => [name, forwarded(name)]));
const GLOBALS_SOURCE = `const globals = globalThis[Symbol.for('${GLOBALS}')];
export const { ${NAMES.join(', ')} } = globals;`;

/** Transforms TypeScript by jest's own cached transformer; null before the first test file. */
let transformer = null;
let coverage = {};
/** For the stacks of errors: where the source map of each loaded module is. */
const sourceMaps = new Map();
/** The same for the test file that runs now, as jest reads it. */
let currentMaps = new Map();
/** In watch mode, when each loaded file was last changed. */
const loaded = new Map();
/** Raised in watch mode when a loaded file has changed: modules of another generation are other modules. */
let generation = 0;
let runs = 0;

function withGeneration(url) {
  if (generation > 0) url.searchParams.set('generation', String(generation));
  return url.href;
}

function testUrl(path) {
  const url = pathToFileURL(path);
  if (runs > 0) url.searchParams.set('run', String(runs));
  return withGeneration(url);
}

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === '@jest/globals') return { url: GLOBALS, format: 'module', shortCircuit: true };
    const source = sourceOf(specifier, context.parentURL);
    if (source === null) return next(specifier, context);
    return { url: withGeneration(source), format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (url === GLOBALS) return { format: 'module', source: GLOBALS_SOURCE, shortCircuit: true };
    const { protocol, pathname } = new URL(url);
    if (protocol !== 'file:' || !pathname.endsWith('.ts') || transformer === null) return next(url, context);
    const path = fileURLToPath(`file://${pathname}`);
    loaded.set(path, statSync(path).mtimeMs);
    const { code, sourceMapPath } = transformer.transform(path, { supportsStaticESM: true, ...coverage });
    if (sourceMapPath) {
      sourceMaps.set(url, sourceMapPath);
      currentMaps.set(url, sourceMapPath);
    }
    return { format: 'module', source: code, shortCircuit: true };
  },
});

/**
 * In watch mode: makes the next import load the test file anew, and all that it imports if a file of that has changed
 * since.
 */
function noticeChanges() {
  runs += 1;
  const changed = [...loaded].some(([path, at]) => statSync(path, { throwIfNoEntry: false })?.mtimeMs !== at);
  if (!changed) return;
  loaded.clear();
  generation += 1;
}

/**
 * Jest-circus keeps the tree of a file's tests in globals of the realm that it is loaded in, which is this one for all
 * files.
 */
const CIRCUS_STATE = ['JEST_STATE_SYMBOL', 'EVENT_HANDLERS', 'TEST_TIMEOUT_SYMBOL'];

function forgetCircus() {
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (CIRCUS_STATE.includes(symbol.description ?? '')) globalThis[symbol] = undefined;
  }
}

/** The part of `jest` that works without jest's module system and timers. */
function jestObject(mocker) {
  const jest = {
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    mocked: mocker.mocked.bind(mocker),
    isMockFunction: mocker.isMockFunction.bind(mocker),
    replaceProperty: mocker.replaceProperty.bind(mocker),
    clearAllMocks: () => mocker.clearAllMocks(),
    resetAllMocks: () => mocker.resetAllMocks(),
    restoreAllMocks: () => mocker.restoreAllMocks(),
    setTimeout: (ms) => {
      globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = ms;
    },
  };
  return new Proxy(jest, {
    get(target, property) {
      if (property in target) return target[property];
      throw new TypeError(`jest.${String(property)} is not available: Node loads the modules (native.runner.mjs).`);
    },
  });
}

export default async function runTestFile(globalConfig, config, ...rest) {
  if (globalConfig.watch || globalConfig.watchAll) noticeChanges();
  transformer = await createScriptTransformer(config);
  return run(globalConfig, config, ...rest);
}

/** Awaits nothing, so that it is in no stack of a failure. */
function run(globalConfig, config, environment, runtime, testPath, send) {
  const { collectCoverage, collectCoverageFrom, coverageProvider } = globalConfig;
  coverage = { collectCoverage, collectCoverageFrom, coverageProvider };
  // The files that are loaded already keep their maps: the runtime of each test file begins with none.
  currentMaps = runtime.getSourceMaps();
  for (const [url, path] of sourceMaps) currentMaps.set(url, path);
  const mocker = new ModuleMocker(globalThis);

  const native = {
    requireInternalModule(path) {
      forgetCircus();
      delete require.cache[path];
      return require(path);
    },
    setGlobalsForRuntime(globals) {
      current = { ...globals, jest: jestObject(mocker) };
    },
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (path) => import(testUrl(path)),
  };
  const nativeRuntime = new Proxy(runtime, {
    get(target, property) {
      if (Object.hasOwn(native, property)) return native[property];
      const value = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return circus.default(globalConfig, config, environment, nativeRuntime, testPath, send).finally(() => {
    mocker.restoreAllMocks();
    forgetCircus();
    if (process.memoryUsage().heapUsed > MUCH_HEAP_BYTES) collectGarbage();
    if (collectCoverage) environment.global.__coverage__ = globalThis.__coverage__;
  });
}
