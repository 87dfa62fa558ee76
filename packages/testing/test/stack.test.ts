import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const stack = new URL('../src/stack.ts', import.meta.url).href;

describe('a stack that cannot start', () => {
  for (const [name, options, said] of [
    ['a wrong toggle', { toggles: { noSuchToggle: 'yes' } }, /unknown toggle/],
    ['a wrong setting', { env: { PLAN_SOURCE: 'guess' } }, /PLAN_SOURCE must be/],
  ] as const) {
    it(`because of ${name} says so, and leaves nothing that keeps the test alive`, async () => {
      const program = `
        const { startBilling } = await import(${JSON.stringify(stack)});
        await startBilling(${JSON.stringify(options)}).catch((error) => console.log(error.message));
        console.log('over');`;
      // The time limit is for a program that never ends.
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        timeout: 60_000,
      });
      assert.match(stdout, said);
      assert.match(stdout, /over\n$/);
    });
  }
});
