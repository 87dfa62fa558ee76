import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FormMask, maskDocument } from '../../src/ops/recording.js';
import { examineDocument } from '../../src/upstreams/xtracta/document-examination.js';

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
  it('keeps words, dates, zeros and the references of XML, and nothing of anybody', () => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<r><status>200</status><!-- by Bob -->${row('Bob &amp; S&#246;n 7', '100001')}<start_date>2017-08-21T02:16:49+00:00</start_date><x a="Bob"><![CDATA[Bob]]></x></r>`;
    const masked = maskDocument(text, new FormMask());
    expect(masked).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<r><status>200<\/status>/);
    expect(masked).toMatch(/<plan>[A-Z][a-z]{2} &amp; [A-Z]&#233;[a-z] [1-9]<\/plan>/);
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

  it.each([
    ['references', '<r><group_name>&#26481;&#x4EAC;&#74;&#x4A;&amp;&#10;</group_name></r>', /26481|4EAC|#74|4A/i],
    ['an instruction', '<?xml version="1.0"?><?php $customer="Jane > all"; ?><r/>', /php|Jane|all/],
    ['a style sheet', '<?xml-stylesheet href="https://a.example/?t=Secret12"?><r/>', /href|Secret|example/],
    ['attributes', `<r><a href="https://a.example/?t=Secret12" title='Jane'/></r>`, /Secret|Jane|example/],
  ])('shows nothing of %s', (_what, text, secret) => {
    const masked = maskDocument(text, new FormMask());
    expect(masked).not.toMatch(secret);
    expect(examineDocument(Buffer.from(masked)).fault).toBeNull();
  });

  it.each([
    ['status', '200', 'true', '403'],
    ['plan_type', 'Monthly', 'annual'],
    ['plan_activity', 'signup', 'booster pack'],
    ['price_currency', 'NZD'],
    ['start_date', '2017-08-21T02:16:49+00:00', '2015-02-27 12:10:04 (GMT)', '0000-00-00 00:00:00'],
    ['message', 'The request has been successfully processed'],
  ])('keeps known words and dates of %s, and no other text', (element, ...kept) => {
    const masked = (text: string) => maskDocument(`<r><${element}>${text}</${element}></r>`, new FormMask());
    for (const text of kept) expect(masked(text)).toContain(`>${text}<`);
    for (const text of ['Jane Smith 021-555', 'Jane', 'Acme (gold)'])
      expect(masked(text)).not.toMatch(/Jane|Smith|Acme/);
  });

  it.each([
    ['an HTML page', '<html><a href=https://app.example/?t=Secret12 title=Jane>Hello Bob</a> <bob@a.example><br>'],
    ['a cut document', '<r><plans><activity><plan_name>Bob</plan_name><Jane'],
    ['JSON', '{"error":"Bob at https://app.example/?t=Secret12"}'],
  ])('shows nothing of %s in place of XML', (_what, body) => {
    const masked = maskDocument(body, new FormMask());
    expect(masked).not.toMatch(/Bob|bob|Jane|Secret|app\.example|href|error/);
    expect(formOf(masked)).toBe(formOf(body));
  });

  it('masks a word where none is due: a status that is a sentence, a date that is a name', () => {
    const masked = maskDocument(
      '<r><status>Bob owes 12 dollars, says Alice of the accounts</status></r>',
      new FormMask(),
    );
    expect(masked).not.toMatch(/Bob|Alice/);
  });
});
