import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cursorScope, decodeCursor, encodeCursor, type HistoryCursor } from '../../../src/reads/history-paging.js';
import { anyCharacter } from '../../support/character.arbitrary.js';

const SCOPE = cursorScope('acme', 'credential-1', '7', false);
const CURSOR: HistoryCursor = {
  scope: SCOPE,
  snapshotId: 'snapshot-1',
  bounds: { fromMs: 1_000, toMs: 2_001 },
  place: { startMs: 1_500, id: '0123' },
  tie: 0,
};
const encodeRaw = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a cursor', () => {
  it('comes back as it was made, whatever the id', () => {
    const cursor = fc.record({
      scope: fc.constant(SCOPE),
      snapshotId: fc.string(),
      bounds: fc.tuple(fc.nat(1e14), fc.nat(1e14)).map(([fromMs, span]) => ({ fromMs, toMs: fromMs + span })),
      place: fc.record({
        startMs: fc.option(fc.maxSafeInteger()),
        id: fc.string({ unit: anyCharacter, maxLength: 50 }),
      }),
      tie: fc.nat(),
    });
    fc.assert(
      fc.property(cursor, (made) => {
        const text = encodeCursor(made);
        expect(text).toMatch(/^[\w-]+$/);
        expect(decodeCursor(text, SCOPE, 'after')).toEqual(made);
      }),
    );
  });

  it('names neither tenant nor credential nor group', () => {
    const decoded = Buffer.from(encodeCursor(CURSOR), 'base64url').toString();
    for (const secret of ['acme', 'credential-1', '"7"']) expect(decoded).not.toContain(secret);
  });

  it.each([
    ['of another tenant', 'umbrella', 'credential-1', '7', false],
    ['of another credential', 'acme', 'credential-2', '7', false],
    ['of another group', 'acme', 'credential-1', '8', false],
    ['of the same group with its subgroups', 'acme', 'credential-1', '7', true],
  ])('%s is refused', (_name, tenant, credential, group, recursive) => {
    const foreign = encodeCursor({ ...CURSOR, scope: cursorScope(tenant, credential, group, recursive) });
    expect(() => decodeCursor(foreign, SCOPE, 'before')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: ['before'] }),
    );
  });

  it.each([
    ['nothing', ''],
    ['words', 'not a cursor'],
    ['padding', `${encodeCursor(CURSOR)}=`],
    ['a cut cursor', encodeCursor(CURSOR).slice(0, -4)],
    ['other JSON', encodeRaw({ scope: SCOPE })],
    ['too few fields', encodeRaw([1, SCOPE])],
    ['another layout', encodeRaw([2, SCOPE, 's', 1, 2, 3, 'id', 0])],
    ['a window that runs backwards', encodeRaw([1, SCOPE, 's', 2, 1, 3, 'id', 0])],
    ['a window after 9999', encodeRaw([1, SCOPE, 's', 1, 253_402_300_800, 3, 'id', 0])],
    ['fractions of a millisecond', encodeRaw([1, SCOPE, 's', 1, 2.0005, 3, 'id', 0])],
    ['an id that is no text', encodeRaw([1, SCOPE, 's', 1, 2, 3, 4, 0])],
    ['a date that is no number', encodeRaw([1, SCOPE, 's', 1, 2, '3', 'id', 0])],
    ['a negative tie', encodeRaw([1, SCOPE, 's', 1, 2, 3, 'id', -1])],
    ['far too much', encodeRaw([1, SCOPE, 's', 1, 2, 3, 'i'.repeat(9_000), 0])],
  ])('that is %s is refused', (_name, text) => {
    expect(() => decodeCursor(text, SCOPE, 'after')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: ['after'] }),
    );
  });
});
