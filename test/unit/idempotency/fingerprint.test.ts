import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, fingerprint } from '../../../src/idempotency/run-once.js';

const keyedHash = (text: string): string => createHmac('sha256', 'key').update(text).digest('base64url');

describe('canonical JSON', () => {
  it.each([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ a: undefined, b: null }, '{"b":null}'],
    [{ a: { d: 1, c: [{ z: 1, y: 2 }] } }, '{"a":{"c":[{"y":2,"z":1}],"d":1}}'],
    [[3, 1, 2], '[3,1,2]'],
    ['é"\n', '"é\\"\\n"'],
    [-0, '0'],
    [1e21, '1e+21'],
    [true, 'true'],
    [null, 'null'],
    [{}, '{}'],
    [{ 10: 'a', 9: 'b' }, '{"10":"a","9":"b"}'],
  ])('writes %j as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([
    ['NaN', Number.NaN],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['a bigint', 1n],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a map', new Map()],
    ['a date', new Date(0)],
    ['one of them deep inside', { a: [{ b: Number.NaN }] }],
  ])('refuses %s', (_name, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  it('does not depend on the order in which fields were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });

  it('says what JSON says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('tells different inputs apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const areEqual = isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
        expect(canonicalJson(one) === canonicalJson(other)).toBe(areEqual);
      }),
    );
  });
});

describe('the fingerprint of a write', () => {
  const write = { kind: 'CHANGE_PLAN', target: 'group:1', input: { planId: '7' } } as const;
  const print = fingerprint(keyedHash, write);

  it('is the same for the same write', () => {
    expect(fingerprint(keyedHash, { ...write, input: { planId: '7', note: undefined } })).toBe(print);
  });

  it.each([
    { ...write, kind: 'ORDER_BOOSTER_PACK' as const },
    { ...write, target: 'group:2' },
    { ...write, input: { planId: '8' } },
    { ...write, input: { planId: 7 } },
    { ...write, input: { planId: '7', note: null } },
  ])('differs for %j', (other) => {
    expect(fingerprint(keyedHash, other)).not.toBe(print);
  });

  it('is never the hash of a credential with the same text', () => {
    expect(print).not.toBe(keyedHash(canonicalJson(write)));
  });
});
