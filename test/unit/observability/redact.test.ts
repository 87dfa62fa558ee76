import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { holdsSecret, isSafeCode, sanitiseUpstreamMessage } from '../../../src/observability/redact.js';

const KEY = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';

describe('an upstream message', () => {
  it.each([
    ['Invalid pack', 'Invalid pack'],
    ['  two\n\tlines\u0000here ', 'two lines here'],
    ['<b>Bold</b> &amp; plain', 'Bold &amp; plain'],
    ['<script>alert(1)</script', 'alert(1) /script'],
    ['see https://portal.test/x?t=abc now', 'see [removed] now'],
    ['see www.portal.test/x', 'see [removed]'],
    ['mail bob.builder+x@example.co.nz today', 'mail [removed] today'],
    ['Authorization: Bearer abc.def', '[removed]'],
    ['sent bearer abc', 'sent [removed]'],
    ['api_key=12345 is unknown', '[removed] is unknown'],
    ['Plan 12 costs 99.50 NZD', 'Plan 12 costs 99.50 NZD'],
    [`key ${KEY} refused`, 'key [removed] refused'],
    ['token dc51PzHjXgHBF.ZjapmmxZep_Gn9kkHs5tVSyRa0GE4-', 'token [removed]'],
    ['abc\u202edef\u200b', 'abcdef'],
    ['lone \ud800 half', 'lone \ufffd half'],
    ['', ''],
  ])('%j becomes %j', (text, expected) => expect(sanitiseUpstreamMessage(text)).toBe(expected));

  it('has at most 300 characters, and no half of one', () => {
    const cut = sanitiseUpstreamMessage('😀 '.repeat(400));
    expect(Array.from(cut)).toHaveLength(300);
    expect(cut.isWellFormed()).toBe(true);
  });

  it.each([
    ['as it is', 'no k-12 here'],
    ['with a tag in the middle', 'no k-<b></b>12 here'],
    ['in a URL', 'no https://x.test/?k=k-12 here'],
  ])('loses a known secret %s', (_name, text) => {
    expect(sanitiseUpstreamMessage(text, ['k-12'])).not.toMatch(/k-12/);
  });

  it('loses a known secret that is percent-encoded', () => {
    expect(sanitiseUpstreamMessage('got a%2Fb%3Dc', ['a/b=c'])).toBe('got [removed]');
  });

  const COMPANY = 'Auckland Dental Ltd';
  const ADDRESS = '7 Hidden Lane,\r\n  Suite 2\nAuckland';
  it.each<[string, readonly string[], string, string]>([
    ['that begins another one', ['Auckland', COMPANY], `to ${COMPANY} today`, 'to [removed] today'],
    [
      'that overlaps another one',
      ['Lane, Auckland', COMPANY],
      'at Lane, Auckland Dental Ltd, now',
      'at [removed], now',
    ],
    ['that ends inside another one', ['x to=ab', 'abcdef'], 'x to=abcdef!', '[removed]!'],
    ['beside another one', ['Auckland', COMPANY], `${COMPANY} ${COMPANY}, Auckland`, '[removed] [removed], [removed]'],
    ['in capitals', [COMPANY], 'AUCKLAND DENTAL LTD is unknown', '[removed] is unknown'],
    ['in small letters, of another alphabet', ['ЗУБЫ Ёж'], 'нет зубы ёж', 'нет [removed]'],
    ['with other blanks', [`  ${COMPANY}\t`], 'to Auckland\n\tDental  Ltd', 'to [removed]'],
    ['of several lines', [ADDRESS], `to ${ADDRESS}.`, 'to [removed].'],
    ['of several lines, on one', [ADDRESS], 'to 7 Hidden Lane, Suite 2 Auckland.', 'to [removed].'],
    ['of several lines, with commas', [ADDRESS], 'to 7 hidden lane, suite 2, auckland.', 'to [removed].'],
    ['encoded as a form', [COMPANY], 'company=auckland+dental+ltd', 'company=[removed]'],
    ['encoded with a capital', ['École Dentaire'], 'for %C3%89cole%20Dentaire', 'for [removed]'],
    ['encoded in small letters', ['A&B Café Ltd'], 'a%26b%20caf%c3%a9%20ltd', '[removed]'],
    ['with characters of patterns', ['(021) 5+5*1?'], 'call (021) 5+5*1?', 'call [removed]'],
    ['of one or two characters, which stays', ['e', ' NZ\n', ' '], 'the phone in NZ', 'the phone in NZ'],
  ])('loses a known secret %s', (_name, secrets, text, expected) => {
    for (const listed of [secrets, secrets.toReversed()]) expect(sanitiseUpstreamMessage(text, listed)).toBe(expected);
  });

  it('loses a known secret whose end lies behind the part that is read', () => {
    for (let before = 3980; before <= 4000; before += 1) {
      expect(sanitiseUpstreamMessage(`<${'b'.repeat(before - 2)}>${COMPANY}`, [COMPANY])).not.toContain('A');
    }
  });

  it('never shows a part of personal data, however many details contain or begin one another', () => {
    const word = fc.constantFrom('Auck', 'land', 'DENTAL', 'ltd', '021', '555', 'Ère');
    const detail = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
    const isCapital = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(detail, { minLength: 1, maxLength: 6 }), isCapital, (details, capitals) => {
        const written = details.map((text, index) => (capitals[index] === true ? text.toUpperCase() : text));
        const expected = details.map(() => '[removed]').join('; ');
        expect(sanitiseUpstreamMessage(written.join('; '), details)).toBe(expected);
      }),
    );
  });

  it('never shows a key, wherever it stands, and never a control character', () => {
    const around = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(around, around, (before, after) => {
        const text = sanitiseUpstreamMessage(`${before}${KEY}${after}`, [KEY]);
        expect(text).not.toContain(KEY);
        expect(text).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it('takes no longer for a hostile text', () => {
    expect(sanitiseUpstreamMessage('<'.repeat(1_000_000)).length).toBeLessThanOrEqual(300);
    expect(sanitiseUpstreamMessage('a@'.repeat(500_000)).length).toBeLessThanOrEqual(300);
    expect(sanitiseUpstreamMessage('key='.repeat(500_000)).length).toBeLessThanOrEqual(300);
    const secrets = [`${'a '.repeat(127)}b`, `b${', '.repeat(127)}`, '\n,'.repeat(127), 'aaa'];
    for (const text of ['a ', ', ', 'a', '%20']) {
      expect(sanitiseUpstreamMessage(text.repeat(500_000), secrets).length).toBeLessThanOrEqual(300);
    }
  });
});

describe('a code of an upstream', () => {
  const secrets = ['101', 'Acme', 'PO-JANE-4711', KEY];

  it.each([
    ['20101', true],
    ['Acme 101', true],
    ['9007199254740993', true],
    ['INV 2026/000123-A', true],
    ['1000 credits @ 0.05', true],
    ['9beb5f68-6493-4cc4-b55e-187541a9d22b', true],
    ['  ', true],
    ['', true],
    ['7'.repeat(300), true],
    ['7'.repeat(301), false],
    ['for PO-JANE-4711', false],
    ['po-jane-4711', false],
    [`x${KEY}`, false],
    ['jane@dental.example', false],
    ['https://portal.test/7', false],
    ['www.portal.test', false],
  ])('%j passes exactly: %s', (text, isSafe) => expect(isSafeCode(text, secrets)).toBe(isSafe));

  it('may be an address where only credentials matter', () => {
    expect(holdsSecret('jane@dental.example', [KEY])).toBe(false);
    expect(holdsSecret(`jane ${KEY.toUpperCase()}`, [KEY])).toBe(true);
  });
});
