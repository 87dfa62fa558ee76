import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FormattedExecutionResult } from 'graphql';
import { WrittenRows } from '../../../src/graphql/request/plain-rows.js';
import { isLarge, type LargeBody, writeBody } from '../../../src/server/response-body.js';
import { randomRuns } from '../../support/suite.sizes.js';
import { turnsDuring } from '../../support/turns.js';

// Any UTF-16, lone surrogates too.
const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
const row = fc.record({ id: text, price: fc.option(fc.record({ amount: text })), used: fc.double() });
const list = fc.tuple(row, fc.constantFrom(0, 1, 249, 250, 251, 600)).map(([one, length]) => Array(length).fill(one));
const odd = fc.constantFrom<unknown>(undefined, null, () => 1, Symbol('s'), new Date(0), Object('boxed'), Number.NaN);
const value = fc.oneof(
  fc.constant(null),
  fc.record({ a: list, b: fc.record({ nodes: list, totalCount: fc.nat() }) }),
  fc.record({ _entities: fc.array(fc.option(fc.record({ history: fc.record({ nodes: list }) })), { maxLength: 3 }) }),
  fc.dictionary(fc.string(), fc.jsonValue()),
  fc.array(fc.oneof(list, odd, text), { maxLength: 6 }),
  fc.dictionary(text, fc.oneof(list, odd, fc.array(odd))),
);
const result = fc.record(
  { errors: fc.array(fc.record({ message: text, path: fc.array(fc.nat()) })), data: value, extensions: value },
  { requiredKeys: ['data'] },
) as fc.Arbitrary<FormattedExecutionResult>;

function textOf(body: LargeBody | null): string | null {
  if (body === null) return null;
  const bytes = Buffer.concat([...body.chunks()]);
  expect(bytes.byteLength).toBe(body.byteLength);
  return bytes.toString();
}

function jsonOf({ errors, data, extensions }: FormattedExecutionResult): string {
  return `${JSON.stringify({ errors, data, extensions })}\n`;
}

describe('a large body', () => {
  it('is what JSON.stringify makes of the result, whatever the result is', async () => {
    await fc.assert(
      fc.asyncProperty(result, async (any) => {
        expect(textOf(await writeBody(any))).toBe(jsonOf(any));
      }),
      { numRuns: randomRuns(300) },
    );
  });

  it('holds written rows as if they had been objects', async () => {
    const written = (rows: readonly unknown[], cut: number): WrittenRows => {
      const json = JSON.stringify(rows);
      return new WrittenRows([json.slice(0, cut), Buffer.from(json.slice(cut))]);
    };
    await fc.assert(
      fc.asyncProperty(list, list, value, async (a, b, beside) => {
        const resultOf = (nodes: (rows: readonly unknown[]) => unknown) =>
          ({
            data: { one: { nodes: nodes(a) }, beside, many: [null, { nodes: nodes(b) }, { nodes: nodes(a) }] },
          }) as never;
        expect(textOf(await writeBody(resultOf((rows) => written(rows, 1))))).toBe(jsonOf(resultOf((rows) => rows)));
      }),
      { numRuns: randomRuns(100) },
    );
  });

  it('comes in chunks, and in slices between which others have their turns', async () => {
    const rows = Array(100_000).fill({ id: '1', name: 'N'.repeat(20) });
    const { turns, result: body } = await turnsDuring(() => writeBody({ data: { nodes: rows } }));
    expect(turns).toBeGreaterThan(3);
    const sizes = [...(body?.chunks() ?? [])].map(({ byteLength }) => byteLength);
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    expect(sizes.length).toBeGreaterThan(20);
    // Reading the chunks has freed them.
    expect([...(body?.chunks() ?? [])]).toEqual([]);
  });

  it('is none where it passes 32 MiB', async () => {
    const long = 'é'.repeat(1024 * 1024);
    const frame = Buffer.byteLength(jsonOf({ data: { a: [''], b: '' } }));
    const fits = { a: Array(15).fill(long), b: '' };
    const rest = 32 * 1024 * 1024 - frame - Buffer.byteLength(JSON.stringify(fits.a)) + 4;
    expect((await writeBody({ data: { ...fits, b: 'x'.repeat(rest) } }))?.byteLength).toBe(32 * 1024 * 1024);
    expect(await writeBody({ data: { ...fits, b: 'x'.repeat(rest + 1) } })).toBeNull();
  });
});

describe('a response', () => {
  it.each([
    [
      'a page of 100 rows',
      { group: { billingHistory: { nodes: Array(100).fill({ id: '1', price: { amount: '1' } }) } } },
      false,
    ],
    ['a page of 300 rows', { group: { billingHistory: { nodes: Array(300).fill({ id: '1' }) } } }, true],
    ['lists in lists', { a: Array(30).fill({ nodes: Array(10).fill({ id: '1' }) }) }, true],
    ['nothing', null, false],
  ])('of %s is large or small', (_name, data, large) => {
    expect(isLarge({ data })).toBe(large);
  });
});
