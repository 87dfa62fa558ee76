import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { editDistance, unknownVariables } from '../../../src/config/config-rules.js';

describe('the distance of two names', () => {
  it.each([
    ['HOST', 'HOST', 0],
    ['HOTS', 'HOST', 1],
    ['LEDGER_URI', 'LEDGER_URL', 1],
    ['LEDGERURL', 'LEDGER_URL', 1],
    ['XTRACTA_API_KEYS', 'XTRACTA_API_KEY', 1],
    ['JWKS_URL', 'JWT_JWKS_URL', 3],
  ])('from %s to %s is %d', (one, other, distance) => {
    expect(editDistance(one, other, 2)).toBe(distance);
  });

  it('is the same in both directions, and 0 only for equal names', () => {
    const name = fc.string({ unit: fc.constantFrom('A', 'B', '_'), maxLength: 8 });
    fc.assert(
      fc.property(name, name, (one, other) => {
        const distance = editDistance(one, other, 8);
        expect(editDistance(other, one, 8)).toBe(distance);
        expect(distance === 0).toBe(one === other);
      }),
    );
  });
});

describe('an unknown variable', () => {
  const known = new Set(['HOST', 'LEDGER_URL', 'XTRACTA_API_KEY']);
  it.each([
    ['LEDGER_URLS', 'LEDGER_URL'],
    ['XTRACTA_APIKEY', 'XTRACTA_API_KEY'],
    ['XTRACTA_REGION', null],
  ])('%s is noticed, and was meant to be %s', (name, meant) => {
    expect(unknownVariables([name], known)).toEqual([{ name, meant }]);
  });

  it.each(['HOTS', 'HOME', 'LEDGER_URL', 'LEDGER_SERVICE_PORT', 'CACHE_PORT_6379_TCP', 'OTEL_SERVICE_NAME'])(
    '%s is none of ours',
    (name) => {
      expect(unknownVariables([name], known)).toEqual([]);
    },
  );
});
