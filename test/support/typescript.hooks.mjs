// How Node loads our TypeScript in the processes that tests start. Each file is compiled once and then kept, so that a
// gateway starts from its sources in less than half of the time.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import jestConfig from '../../jest.config.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/typescript');
const [[, [, OPTIONS]]] = Object.entries(jestConfig.transform);
const require = createRequire(import.meta.url);

/** The file that `./name.js` means in a source: `./name.ts` beside it. Null: Node finds it by itself. */
export function sourceOf(specifier, parentUrl) {
  if (!/^\.{1,2}\/.*\.js$/.test(specifier) || !/\.ts(?:$|\?)/.test(parentUrl ?? '')) return null;
  const source = new URL(`${specifier.slice(0, -'.js'.length)}.ts`, parentUrl);
  return statSync(source, { throwIfNoEntry: false }) === undefined ? null : source;
}

export function compile(path) {
  const source = readFileSync(path, 'utf8');
  const digest = createHash('sha256')
    .update(JSON.stringify([path, OPTIONS, source]))
    .digest('hex');
  const kept = join(CACHE, `${digest}.mjs`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const { transformSync } = require('@swc/core');
    const { code } = transformSync(source, { ...OPTIONS, filename: path, swcrc: false });
    mkdirSync(CACHE, { recursive: true });
    // Several processes may compile the same file at once.
    writeFileSync(`${kept}.${process.pid}`, code);
    renameSync(`${kept}.${process.pid}`, kept);
    return code;
  }
}

/** @param bundle the folder of `process.bundle.mjs`, from which a program starts if it is there, or null */
export function loadTypeScript(bundle) {
  registerHooks({
    resolve(specifier, context, next) {
      const source = sourceOf(specifier, context.parentURL);
      if (source !== null) return { url: source.href, format: 'module', shortCircuit: true };
      const resolved = next(specifier, context);
      if (bundle === null || context.parentURL !== undefined || !resolved.url.endsWith('.ts')) return resolved;
      const program = join(bundle, relative(ROOT, fileURLToPath(resolved.url)).replace(/\.ts$/, '.mjs'));
      if (!existsSync(program)) return resolved;
      enableCompileCache(join(bundle, 'compiled'));
      return { ...resolved, url: pathToFileURL(program).href, format: 'module' };
    },
    load(url, context, next) {
      if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
      return { format: 'module', source: compile(fileURLToPath(url)), shortCircuit: true };
    },
  });
}
