import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's Node environment for a suite that somebody else publishes. The test file sets on `globalThis`:
 * - `expectedDeviations`: by a test's full name, the text that its failure must hold. A listed test must fail like that
 *   and then counts as passed. A listed test that passes or fails otherwise is a failure, and so is a name without a
 *   test. So the list says neither more nor less than is so.
 * - `leftOut`: parts of names. Tests that the suite itself skips are taken out where their name holds one of these
 *   parts. Every other skipped test is a failure, and so is a part without a skipped test.
 */
export default class DeviationsEnvironment extends TestEnvironment {
  async handleTestEvent(event, state) {
    if (event.name !== 'run_start') return;
    // Tests run in the realm of this module: see native.runner.mjs.
    const { expectedDeviations = {}, leftOut = [] } = globalThis;
    const { expect } = globalThis[Symbol.for('jest:globals')];
    takeOutSkipped(state.rootDescribeBlock, leftOut);
    const expected = new Map(Object.entries(expectedDeviations));
    for (const { name, test } of testsIn(state.rootDescribeBlock)) {
      const failure = expected.get(name);
      if (failure !== undefined) test.fn = failing(test.fn, failure, expect);
      expected.delete(name);
    }
    if (expected.size > 0) throw new Error(`No test has the name: ${[...expected.keys()].join('; ')}`);
  }

  async teardown() {
    delete globalThis.expectedDeviations;
    delete globalThis.leftOut;
    await super.teardown();
  }
}

function takeOutSkipped(root, leftOut) {
  const skipped = [...testsIn(root)].filter(({ test }) => test.mode === 'skip');
  for (const { name, test, block } of skipped) {
    if (!leftOut.some((part) => name.includes(part))) throw new Error(`Skipped, and not listed as left out: ${name}`);
    block.children.splice(block.children.indexOf(test), 1);
  }
  const unused = leftOut.filter((part) => !skipped.some(({ name }) => name.includes(part)));
  if (unused.length > 0) throw new Error(`Listed as left out, and not skipped: ${unused.join('; ')}`);
}

function* testsIn(block, names = []) {
  for (const child of block.children) {
    const path = [...names, child.name];
    if (child.type === 'test') yield { name: path.join(' '), test: child, block };
    else yield* testsIn(child, path);
  }
}

function failing(run, failure, expect) {
  return async () => {
    const { snapshotState } = expect.getState();
    const unmatched = snapshotState.unmatched;
    const errors = [];
    try {
      await run();
    } catch (error) {
      errors.push(error);
    }
    // Snapshots that differ do not end a test: their errors are kept for its end. Jest also counts them, and fails the
    // run for them.
    errors.push(...expect.getState().suppressedErrors);
    if (errors.length === 0) throw new Error('This test passes: take it off the list of deviations.');
    const other = errors.find((error) => !plain(String(error?.message ?? error)).includes(failure));
    if (other !== undefined) throw other;
    expect.setState({ suppressedErrors: [] });
    snapshotState.unmatched = unmatched;
  };
}

/** Jest colours what it compares. */
function plain(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
  return text.replace(/\u001b\[\d+m/g, '');
}
