import fc from 'fast-check';

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Every character of Unicode, like fast-check's unit `binary`. Reason: that one keeps a map of all 1.1 million
 * characters, which takes 95 MB and a second of processor time in each process.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat(0x10ffff - SURROGATES.count).map(
  (index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  (value) => {
    const code = typeof value === 'string' ? value.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== value || isSurrogate(code))
      throw new Error('No character.');
    return code < SURROGATES.first ? code : code - SURROGATES.count;
  },
);

function isSurrogate(code: number): boolean {
  return code >= SURROGATES.first && code < SURROGATES.first + SURROGATES.count;
}
