import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FormMask, maskDocument } from '../../src/ops/recording.js';

/** The class of each character, which a mask must keep. */
function formOf(text: string): string {
  return text
    .replace(/[1-9]/g, '9')
    .replace(/[a-z]/g, 'a')
    .replace(/[A-Z]/g, 'A')
    .replace(/[\p{L}\p{N}\p{S}\p{M}]/gu, (character) => (character.charCodeAt(0) > 0x7f ? '文' : character));
}

const row = (name: string, group: string): string =>
  `<activity><id>0123</id><plan>${name}</plan><plan_type>Monthly</plan_type><price>500.10</price><group_id>${group}</group_id></activity>`;

describe('a masked document', () => {
  it('keeps words, dates, zeros and references, and nothing of anybody', () => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<r><status>200</status><!-- by Bob -->${row('Bob &amp; S&#246;n 7', '100001')}<start_date>2017-08-21T02:16:49+00:00</start_date><x a="Bob"><![CDATA[Bob]]></x></r>`;
    const masked = maskDocument(text, new FormMask());
    expect(masked).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<r><status>200<\/status>/);
    expect(masked).toMatch(/<plan>[A-Z][a-z]{2} &amp; [A-Z]&#246;[a-z] [1-9]<\/plan>/);
    expect(masked).toMatch(/<id>0[1-9]{3}<\/id>.*Monthly.*<price>[1-9]00\.[1-9]0<\/price><group_id>[1-9]0000[1-9]</);
    expect(masked).toContain('<start_date>2017-08-21T02:16:49+00:00</start_date>');
    expect(masked).not.toMatch(/Bob/);
  });

  it('lets equal texts be equal, and others stay others', () => {
    const groups = Array.from({ length: 40 }, (_, index) => String(100_011 + index));
    const mask = new FormMask();
    const masked = groups.map((group) => mask.text(group));
    expect(new Set(masked).size).toBe(groups.length);
    expect(groups.map((group) => mask.text(group))).toEqual(masked);
  });

  it('of any text has its form and its number of bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        fc.pre(!text.includes('&'));
        const masked = new FormMask().text(text);
        expect(formOf(masked)).toBe(formOf(text));
        expect(Buffer.byteLength(masked)).toBe(Buffer.byteLength(text));
      }),
    );
  });

  it('shows nothing of a page that is no XML', () => {
    const masked = maskDocument(
      '<html><a href="https://app.example/?t=Secret12">Hello Bob</a> bob@example.com',
      new FormMask(),
    );
    expect(masked).not.toMatch(/Bob|bob@|Secret|app\.example/);
    expect(masked).toMatch(/^<html><a href="[a-z]{5}:/);
  });

  it('masks a word where none is due: a status that is a sentence, a date that is a name', () => {
    const masked = maskDocument(
      '<r><status>Bob owes 12 dollars, says Alice of the accounts</status></r>',
      new FormMask(),
    );
    expect(masked).not.toMatch(/Bob|Alice/);
  });
});
