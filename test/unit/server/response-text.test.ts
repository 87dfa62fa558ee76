import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FormattedExecutionResult } from 'graphql';
import { answerText } from '../../../src/server/response.text.js';
import { randomRuns } from '../../support/random.sizes.js';

const row = fc.record({ id: fc.string(), price: fc.option(fc.record({ amount: fc.string() })), used: fc.nat() });
const list = fc.tuple(row, fc.constantFrom(0, 1, 249, 250, 251, 600)).map(([one, length]) => Array(length).fill(one));
const data = fc.oneof(
  fc.constant(null),
  fc.record({ a: list, b: fc.record({ nodes: list, totalCount: fc.nat() }) }),
  fc.record({ _entities: fc.array(fc.record({ history: fc.record({ nodes: list }) }), { maxLength: 3 }) }),
  fc.dictionary(fc.string(), fc.jsonValue()),
);

describe('the text of an answer', () => {
  it('is what JSON.stringify makes of it, however long its lists are', async () => {
    await fc.assert(
      fc.asyncProperty(data, fc.boolean(), async (value, withErrors) => {
        const result = {
          ...(withErrors ? { errors: [{ message: 'x' }] } : {}),
          data: value,
        } as FormattedExecutionResult;
        expect(await answerText(result)).toBe(`${JSON.stringify(result)}\n`);
      }),
      { numRuns: randomRuns(300) },
    );
  });

  it('lets others have their turn while it writes a long list', async () => {
    const written = answerText({ data: { nodes: Array(20_000).fill({ id: '1' }) } });
    let immediates = 0;
    let done = false;
    const count = (): void => {
      immediates += 1;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await written;
    done = true;
    expect(immediates).toBeGreaterThan(20);
  });
});
