import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sanitiseUpstreamMessage } from '../../../src/observability/redact.js';

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
  });
});
