import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  documentsInPacks,
  formatCount,
  formatDate,
  formatDecimal,
  formatDifference,
  formatMoney,
} from '../src/figures.ts';

const EN = { locale: 'en-NZ' };
/** Between a code and its amount no line may break. */
const space = (text: string) => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  for (const [text, shown] of [
    ['99', '99'],
    ['99.00', '99.00'],
    ['1234567.5', '1,234,567.5'],
    ['-0.10', '-0.10'],
    ['123456789012345678901234567890.01', '123,456,789,012,345,678,901,234,567,890.01'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    // Shown as they came: nothing may be read into them.
    ['1e5', '1e5'],
    ['+5', '+5'],
    ['007', '007'],
    ['0.123456789012345678901234', '0.123456789012345678901234'],
    ['nonsense', 'nonsense'],
    ['', ''],
  ] as const) {
    it(`writes the decimal ${text || '(empty)'} as ${shown || '(empty)'}`, () => {
      assert.equal(formatDecimal(text, EN), shown);
    });
  }

  it('names the currency by its code, and none where the upstream names none', () => {
    assert.equal(space(formatMoney({ amount: '1234.50', currency: 'NZD' }, EN)), 'NZD 1,234.50');
    assert.equal(formatMoney({ amount: '1234.50', currency: null }, EN), '1,234.50');
    assert.equal(formatMoney({ amount: '1e3', currency: 'NZD' }, EN), 'NZD 1e3');
    assert.equal(formatMoney({ amount: '5', currency: '??' }, EN), '?? 5');
    assert.equal(space(formatMoney({ amount: '99.5', currency: 'JPY' }, EN)), 'JPY 99.5');
  });

  it('gives a difference its sign, and zero none', () => {
    assert.equal(space(formatDifference({ amount: '2000.50', currency: 'NZD' }, EN)), '+NZD 2,000.50');
    assert.equal(space(formatDifference({ amount: '-450.10', currency: 'NZD' }, EN)), '-NZD 450.10');
    assert.equal(space(formatDifference({ amount: '0.00', currency: 'NZD' }, EN)), 'NZD 0.00');
  });

  it('shows what is missing', () => {
    assert.deepEqual(
      [formatMoney(null), formatDecimal(undefined), formatCount(null), formatDate(null)],
      ['—', '—', '—', '—'],
    );
    assert.equal(formatCount(0), '0');
  });

  it('writes a moment in the time zone of the user', () => {
    const last = '2026-12-31T10:59:59Z';
    assert.equal(formatDate(last, { locale: 'en-NZ', timeZone: 'Pacific/Auckland' }), '31 Dec 2026');
    assert.equal(formatDate('2026-12-31T11:00:00Z', { locale: 'en-NZ', timeZone: 'Pacific/Auckland' }), '1 Jan 2027');
    assert.equal(formatDate('whenever'), 'whenever');
  });

  it('alters no digit, whatever the amount and the locale', () => {
    const amount = fc.tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.stringMatching(/^\d{0,22}$/));
    fc.assert(
      fc.property(amount, fc.constantFrom('en-NZ', 'de-DE', 'fr-FR', 'hi-IN', 'de-CH'), ([whole, fraction], locale) => {
        const text = fraction === '' ? String(whole) : `${whole}.${fraction}`;
        assert.equal(formatDecimal(text, { locale }).replace(/\D/g, ''), text.replace(/\D/g, ''));
        assert.equal(
          formatMoney({ amount: text, currency: 'NZD' }, { locale }).replace(/\D/g, ''),
          text.replace(/\D/g, ''),
        );
      }),
      { numRuns: Number(process.env['PIXEL_RUNS'] ?? 200) },
    );
  });

  it('counts what is left in packs in force, and what it cannot count', () => {
    const now = Date.parse('2026-06-15T00:00:00Z');
    const pack = { kind: 'BOOSTER', allowedDocuments: 100, usedDocuments: 30, expiryDate: '2026-07-01T00:00:00Z' };
    assert.deepEqual(
      documentsInPacks(
        [
          pack,
          { ...pack, kind: 'RENEW' },
          { ...pack, expiryDate: '2026-06-14T00:00:00Z' },
          { ...pack, usedDocuments: 120 },
          { ...pack, usedDocuments: null },
          { ...pack, expiryDate: null },
        ],
        now,
      ),
      { left: 70, unknown: 2 },
    );
  });
});
