import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRetryAfter } from '../../../src/upstreams/http/channel.js';
import {
  type Decoded,
  decodeActivityKind,
  decodeCurrency,
  decodeDateTime,
  decodeDecimal,
  decodeGroupId,
  decodeLong,
  decodePlanType,
  decodeUnixExpiry,
} from '../../../src/upstreams/value.decoders.js';
import { decodeStatus } from '../../../src/upstreams/xtracta/xtracta-envelope.js';
import { randomRuns } from '../../support/suite.sizes.js';

/** The value, or the word for none. */
function shown<T>(decoded: Decoded<T>): T | 'unset' | 'unreadable' {
  return decoded.kind === 'value' ? decoded.value : decoded.kind;
}

describe('a decimal', () => {
  const unchanged = [
    '0',
    '0.10',
    '99',
    '99.50',
    '-5',
    '+5',
    '007',
    '1e5',
    '1E-3',
    '.5',
    '5.',
    '123456789012345678901234567890',
    '-0',
  ];
  it.each(unchanged)('keeps %s as it is', (text) => expect(shown(decodeDecimal(text))).toBe(text));
  it('drops the blanks around it', () => expect(shown(decodeDecimal('\n 12.50 '))).toBe('12.50'));

  const unreadable = [
    '',
    '  ',
    '1,000.00',
    '0x1A',
    'NaN',
    'Infinity',
    'INF',
    '1 000',
    '1e',
    'e5',
    '.',
    '--1',
    '１',
    '1e1000',
    'true',
    '1'.repeat(129),
  ];
  it.each(unreadable)('does not read %j', (text) => expect(shown(decodeDecimal(text))).toBe('unreadable'));

  it('keeps any xs:decimal text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[+-]?\d{1,40}(\.\d{0,40})?$/), (text) =>
        expect(shown(decodeDecimal(text))).toBe(text),
      ),
    );
  });
});

describe('a count', () => {
  it.each<[string, number | string]>([
    ['0', 0],
    ['50', 50],
    ['0050', 50],
    ['+5', 5],
    ['-0', 0],
    [' 7\n', 7],
    ['2147483648', 2147483648],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 'unreadable'],
    ['-1', 'unreadable'],
    ['1.0', 'unreadable'],
    ['1e3', 'unreadable'],
    ['0x1F', 'unreadable'],
    ['unlimited', 'unreadable'],
    ['', 'unreadable'],
  ])('%j is %s', (text, value) => expect(shown(decodeLong(text))).toBe(value));
});

describe('a date and time', () => {
  it.each([
    ['2017-08-21T02:16:49+00:00', '2017-08-21T02:16:49Z'],
    ['2016-05-31T12:52:41+12:00', '2016-05-31T00:52:41Z'],
    ['2016-01-01T00:30:00+01:00', '2015-12-31T23:30:00Z'],
    ['2016-05-31T12:52:41-0330', '2016-05-31T16:22:41Z'],
    ['2015-02-27 12:10:04 (GMT)', '2015-02-27T12:10:04Z'],
    ['2015-02-27 12:10:04 UTC', '2015-02-27T12:10:04Z'],
    ['2015-02-27 12:10:04', '2015-02-27T12:10:04Z'],
    ['2024-03-28T21:00:58.485847+00:00', '2024-03-28T21:00:58.485847Z'],
    ['2024-03-28T21:00:58.5603596', '2024-03-28T21:00:58.5603596Z'],
    ['2024-03-28T21:00:58.100Z', '2024-03-28T21:00:58.100Z'],
    ['2020-02-29T23:59:59Z', '2020-02-29T23:59:59Z'],
    ['2038-01-19T03:14:08Z', '2038-01-19T03:14:08Z'],
    [' 2017-08-21T02:16:49Z\n', '2017-08-21T02:16:49Z'],
  ])('%s is %s', (text, value) => {
    const instant = decodeDateTime(text);
    expect(instant).toMatchObject({ kind: 'value', value: { text: value } });
    if (instant.kind === 'value') expect(instant.value.epochMs).toBe(Date.parse(value));
  });

  it.each(['', '  ', '0000-00-00', '0000-00-00 00:00:00', '0001-01-01T00:00:00', '0001-01-01T00:00:00Z'])(
    'reads %j as never set',
    (text) => expect(shown(decodeDateTime(text))).toBe('unset'),
  );

  const unreadable = [
    'soon',
    '2017-02-30T00:00:00Z',
    '2019-02-29T00:00:00Z',
    '2017-13-01T00:00:00Z',
    '2017-08-21T24:00:00Z',
    '2017-08-21T23:59:60Z',
    '2017-08-21T02:16:49+25:00',
    '2017-08-21T02:16:49+01:99',
    '2017-08-21',
    '21/08/2017 02:16:49',
    '1503281809',
    '9999-12-31T23:59:59-14:00',
    '2017-08-21T02:16:49 CET',
    '12017-08-21T02:16:49Z',
  ];
  it.each(unreadable)('does not read %j', (text) => expect(shown(decodeDateTime(text))).toBe('unreadable'));

  it('names the same moment as its text, whatever the offset', () => {
    const offset = fc.tuple(
      fc.constantFrom('+', '-'),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 59 }),
    );
    const seconds = fc.integer({ min: 0, max: 4_102_444_800 });
    fc.assert(
      fc.property(seconds, offset, (second, [sign, hours, minutes]) => {
        const two = (value: number): string => String(value).padStart(2, '0');
        const text = `${new Date(second * 1000).toISOString().slice(0, 19)}${sign}${two(hours)}:${two(minutes)}`;
        expect(decodeDateTime(text)).toMatchObject({ value: { epochMs: Date.parse(text) } });
      }),
    );
  });
});

describe("a billing URL's expiry", () => {
  it.each([
    ['1522895794', '2018-04-05T02:36:34Z'],
    ['1522895794000', '2018-04-05T02:36:34Z'],
    ['1522895794123', '2018-04-05T02:36:34.123Z'],
    ['4102444800', '2100-01-01T00:00:00Z'],
    ['9090', 'unreadable'],
    ['600', 'unreadable'],
    ['0', 'unreadable'],
    ['-1', 'unreadable'],
    ['500000000000', 'unreadable'],
    ['999999999999999', 'unreadable'],
    ['soon', 'unreadable'],
    ['', 'unset'],
  ])('%j is %s', (text, value) => {
    const decoded = decodeUnixExpiry(text);
    expect(decoded.kind === 'value' ? decoded.value.text : decoded.kind).toBe(value);
  });
});

describe('words', () => {
  it.each([
    ['NZD', 'NZD'],
    ['nzd', 'NZD'],
    [' USD ', 'USD'],
    ['', 'unset'],
    ['NZ$', 'unreadable'],
    ['dollars', 'unreadable'],
    ['sample string 1', 'unreadable'],
  ])('the currency %j is %s', (text, value) => expect(shown(decodeCurrency(text))).toBe(value));

  it.each([
    ['Monthly', 'MONTHLY', true],
    ['monthly ', 'MONTHLY', true],
    ['Annual', 'ANNUAL', true],
    ['ANNUALLY', 'ANNUAL', true],
    ['yearly', 'ANNUAL', true],
    ['year', 'ANNUAL', true],
    ['weekly', 'OTHER', false],
    ['', 'OTHER', false],
  ])('the plan type %j is %s', (text, type, known) => expect(decodePlanType(text)).toEqual({ type, known }));

  it.each([
    ['signup', 'SIGNUP', true],
    ['Sign-up', 'SIGNUP', true],
    ['renew', 'RENEW', true],
    ['renewal', 'RENEW', true],
    ['renewed', 'RENEW', true],
    ['UPGRADED', 'UPGRADE', true],
    ['downgrade', 'DOWNGRADE', true],
    ['booster pack', 'BOOSTER', true],
    ['cancelled', 'CANCEL', true],
    ['canceled', 'CANCEL', true],
    ['transferred', 'OTHER', false],
    ['constructor', 'OTHER', false],
  ])('the activity %j is %s', (text, kind, known) => expect(decodeActivityKind(text)).toEqual({ kind, known }));

  it.each([
    ['200', 'ok'],
    ['201', 'ok'],
    ['true', 'ok'],
    ['TRUE', 'ok'],
    ['1', 'ok'],
    ['ok', 'ok'],
    ['Success', 'ok'],
    ['0200', 'ok'],
    ['false', 'refused'],
    ['0', 'refused'],
    ['400', 'refused'],
    ['404', 'refused'],
    ['302', 'refused'],
    ['500', 'serverError'],
    ['503', 'serverError'],
    ['', 'absent'],
    [' ', 'absent'],
    ['maybe', 'invalid'],
    ['2000', 'invalid'],
    ['-200', 'invalid'],
    ['200.0', 'invalid'],
  ])('the status %j is %s', (text, verdict) => expect(decodeStatus(text)).toBe(verdict));

  it.each([
    ['123', '123'],
    ['000123', '123'],
    [' 5 ', '5'],
    ['99999999999999999999', '99999999999999999999'],
    ['', 'unset'],
    ['0', 'unreadable'],
    ['-5', 'unreadable'],
    ['abc', 'unreadable'],
  ])('the group id %j is %s', (text, value) => expect(shown(decodeGroupId(text))).toBe(value));
});

describe('Retry-After', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  it.each<[string | null, number | null]>([
    [null, null],
    ['', null],
    ['3', 3000],
    [' 0 ', 0],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['Thu, 01 Jan 2026 00:00:02 GMT', 2000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['99999999999999999999', null],
  ])('%j means %s ms', (header, ms) => expect(decodeRetryAfter(header, nowMs)).toBe(ms));
});

describe('a date in the usual form', () => {
  it('is read as the same moment as with any other way of writing UTC', () => {
    const two = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'));
    const year = fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, '0'));
    fc.assert(
      fc.property(year, two(13), two(32), two(24), two(60), two(60), (y, mo, d, h, mi, s) => {
        const wall = `${y}-${mo}-${d}T${h}:${mi}:${s}`;
        expect(decodeDateTime(`${wall}+00:00`)).toEqual(decodeDateTime(`${wall}Z`));
      }),
      { numRuns: randomRuns(3_000) },
    );
  });
});
