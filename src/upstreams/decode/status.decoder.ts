/**
 * What `<status>` says. `ok`: it worked. `refused`: the upstream says no. `serverError`: it failed, and what it did before is not
 * known. `absent`: nothing said, which the schema allows (`minOccurs="0"`). `invalid`: said twice, or in a word nobody knows.
 */
export type StatusVerdict = 'ok' | 'refused' | 'serverError' | 'absent' | 'invalid';

const OK_WORDS = new Set(['true', '1', 'ok', 'success']);
const REFUSED_WORDS = new Set(['false', '0']);

/**
 * The manual describes the element as a boolean on one page, as the integer 200 on another and as "a code" on the rest, so all are
 * read: 2xx, `true`, `1`, `ok` and `success` are yes; 5xx is a failure; every other code, `false` and `0` are no.
 */
export function decodeStatus(text: string): StatusVerdict {
  const word = text.trim().toLowerCase();
  if (word === '') return 'absent';
  if (OK_WORDS.has(word)) return 'ok';
  if (REFUSED_WORDS.has(word)) return 'refused';
  if (!/^0*[1-9]\d{2}$/.test(word)) return 'invalid';
  const hundreds = Math.floor(Number(word) / 100);
  if (hundreds === 2) return 'ok';
  return hundreds === 5 ? 'serverError' : 'refused';
}
