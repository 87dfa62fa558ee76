import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readDocument, readXml, UNREADABLE_TEXT } from '../../../../src/upstreams/xml/xml.reader.js';
import { anyCharacter } from '../../../support/character.arbitrary.js';
import { randomRuns } from '../../../support/suite.sizes.js';

const LIMITS = { maxRows: 100 };

describe.each([
  ['fast-xml-parser behind a strict check', readXml],
  ['the strict parser alone', readDocument],
])('an XML response, read by %s', (_name, reader) => {
  const read = (text: string | Uint8Array) => reader(Buffer.from(text), LIMITS);

  /** The text of the only element in `<r><a>…</a></r>`. */
  function textOf(xml: string): unknown {
    const reading = read(`<r><a>${xml}</a></r>`);
    return reading.kind === 'document' ? Object.values(reading.content)[0] : reading.reason;
  }

  it.each([
    ['0123', '0123'],
    ['+5', '+5'],
    ['0x1F', '0x1F'],
    ['1e3', '1e3'],
    ['12345678901234567890', '12345678901234567890'],
    ['-0', '-0'],
    ['true', 'true'],
    [' a  b ', ' a  b '],
    ['', ''],
    ['   ', '   '],
    ['Caf&#233; &#xe9; &#x1F600;', 'Café é 😀'],
    ['&amp;lt; &amp;amp; &amp;#233;', '&lt; &amp; &#233;'],
    ['&lt;b&gt; &quot; &apos;', '<b> " \''],
    ['<![CDATA[<b>&amp;</b>]]>', '<b>&amp;</b>'],
    ['x<![CDATA[ ]]>y', 'x y'],
    ['<![CDATA[a]]]]><![CDATA[>b]]>', 'a]]>b'],
    ['1<!-- one -->2', '12'],
    ['a\r\nb', 'a\nb'],
    ['日本語 😀', '日本語 😀'],
  ])('reads %j as the text %j', (xml, text) => expect(textOf(xml)).toBe(text));

  it.each([
    ['nothing', ''],
    ['blanks', ' \n '],
    ['NUL', '\u0000\u0000'],
    ['an unclosed root', '<r><a>1</a>'],
    ['a cut in a tag', '<r><a>1</a'],
    ['crossed tags', '<r><a><b></a></b></r>'],
    ['two roots', '<r/><r/>'],
    ['text after the root', '<r/>junk'],
    ['text before the root', 'junk<r/>'],
    ['JSON', '{"a":1}'],
    ['an ampersand alone in an attribute', '<r a="a & b"/>'],
    ['an ampersand alone beside the root', '<r/>&'],
    ['an ampersand at the end', '<r><a>1 &'],
    ['a reference at the end', '<r><a>&#1'],
    ['what XML forbids in text behind an ampersand alone', '<r>&]]>;</r>'],
    ['an undefined entity in an attribute', '<r a="&unknown;"/>'],
    ['a forbidden character in an attribute', '<r a="\u0001"/>'],
    ['a forbidden character in a tag', '<r \u0001/>'],
    ['a forbidden character in a name', '<r\u0001/>'],
    ['a forbidden character beside the root', '<r/>\u0001'],
    ['an undefined entity beside the root', '&unknown;<r/>'],
    ['a forbidden character in a comment before the root', '<!-- \u0001 --><r/>'],
    ['an unquoted attribute', '<r a=1/>'],
    ['an attribute given twice', '<r a="1" a="2"/>'],
    ['an element named __proto__', '<r><__proto__>x</__proto__></r>'],
  ])('is refused with %s', (_name, text) =>
    expect(read(text)).toMatchObject({ kind: 'invalid', reason: 'not-well-formed' }),
  );

  it.each([
    ['without entities', '<!DOCTYPE r><r/>'],
    ['of a system', '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x"><r/>'],
    ['twice', '<!DOCTYPE r><!DOCTYPE r><r/>'],
    ['with a billion laughs', '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><r>&b;</r>'],
    ['with an external entity', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'],
    ['that redefines amp', '<!DOCTYPE r [<!ENTITY amp "EVIL">]><r>&amp;</r>'],
  ])('is refused with a DOCTYPE %s', (_name, text) => expect(read(text)).toMatchObject({ kind: 'invalid' }));

  it('is refused when it is not UTF-8', () => {
    expect(read(Buffer.from('<r>Café</r>', 'latin1'))).toMatchObject({ reason: 'encoding' });
    expect(read(Buffer.from('\ufeff<r/>', 'utf16le'))).toMatchObject({ kind: 'invalid' });
    expect(read('<?xml version="1.0" encoding="UTF-16"?><r/>')).toMatchObject({ reason: 'encoding' });
    expect(read('<?xml version="1.0" encoding="UTF-7"?><r/>')).toMatchObject({ reason: 'encoding' });
    expect(read('<?xml version="1.0" encoding="EBCDIC-CP-US"?><r/>')).toMatchObject({ reason: 'encoding' });
    const latin1 = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><r>Café</r>', 'latin1');
    expect(read(latin1)).toMatchObject({ reason: 'encoding' });
  });

  it.each([
    ['&#11;'],
    ['&#0;'],
    ['&#xFFFF;'],
    ['&#xD800;'],
    ['&#x110000;'],
    ['&#9999999999999999999999;'],
    ['&unknown;'],
    ['&eacute;'],
    ['&'],
    [' & '],
    ['& b; '],
    ['T&'],
    ['&&'],
    ['&;'],
    ['&#;'],
    ['&#x;'],
    ['&#xZZ;'],
    ['&#1'],
    ['&a b;'],
    ['&amp'],
    ['&\n'],
    ['&"'],
    ['&\u000b'],
    ['&#<!-- -->1;'],
    ['&<![CDATA[x;]]>'],
    ['\u000b'],
    ['\u0000'],
    ['\ufffe'],
    ['<![CDATA[\u0001]]>'],
  ])('loses the text that holds %j, and no other', (odd) => {
    const document = `<r><a>x</a><b>A${odd}B &amp; C</b><c><d>1${odd}</d><e>2</e>${odd}</c><f>y</f></r>`;
    const reading = read(document);
    if (reading.kind !== 'document') throw new Error(reading.reason);
    const { a, b, c, f } = reading.content;
    expect([a, b, f]).toEqual(['x', UNREADABLE_TEXT, 'y']);
    expect(c).toMatchObject({ d: UNREADABLE_TEXT, e: '2' });
  });

  it('keeps ampersands that are none of its references', () => {
    expect(textOf('<![CDATA[Tom & Jerry &; AT&T]]>')).toBe('Tom & Jerry &; AT&T');
    expect(textOf('1<!-- & --><?x & ?>2')).toBe('12');
  });

  it('ends a reference where its element ends', () => {
    const reading = read('<r><a>&#</a><b>1;</b></r>');
    expect(reading).toMatchObject({ kind: 'document', content: { a: UNREADABLE_TEXT, b: '1;' } });
  });

  it('names the innermost element that was open at a fault', () => {
    expect(read('<r><a><b>1 <2</b></a></r>')).toMatchObject({ kind: 'invalid', element: 'b' });
    expect(read('<r><a>1</a><c>2')).toMatchObject({ kind: 'invalid', element: 'c' });
    expect(read('<r><a>1</a></r>junk')).toMatchObject({ kind: 'invalid', element: '' });
  });

  it.each([
    ['<?xml version="1.0" encoding="ISO-8859-1"?><r>x</r>', ['encoding']],
    ['<?xml version="1.0" encoding="windows-1252"?><r>Café</r>', ['encoding']],
    ['<?xml version="1.0" encoding="us-ascii"?><r/>', []],
    ['<?xml version="1.0" encoding="US-ASCII"?><r>Café</r>', ['encoding']],
    [
      '<?php <!DOCTYPE r SYSTEM "file:///etc/passwd"><?xml version="1.0" encoding="UTF-8"?><r/>',
      ['processing-instruction'],
    ],
    ['<?xml version="1.0"?><?xml-stylesheet href="a"?><r/>', ['processing-instruction']],
    ['<r><?php x?></r>', []],
  ])('reads %s, and says what is odd', (text, odd) => {
    const reading = read(text);
    expect(reading.kind === 'document' && [...reading.oddities]).toEqual(odd);
  });

  it.each([
    '\ufeff<r/>',
    '\n\n<?xml version="1.0"?><r/>',
    '\ufeff \r\n<?xml version="1.0" encoding="utf-8"?><r/>',
    '<r/>\n',
    '<r/><!-- end -->',
  ])('is accepted as %j', (text) => expect(read(text)).toMatchObject({ kind: 'document', root: 'r' }));

  it('drops attributes and processing instructions', () => {
    expect(read('<r a="1"><?php x?><b __proto__="2">t</b></r>')).toMatchObject({ content: { b: 't' } });
  });

  it('is refused when it is 17 deep, and accepted when it is 16 deep', () => {
    const deep = (depth: number): string => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
    expect(read(deep(16))).toMatchObject({ kind: 'document' });
    expect(read(deep(17))).toMatchObject({ kind: 'invalid', reason: 'too-deep' });
    expect(read(deep(100_000))).toMatchObject({ kind: 'invalid', reason: 'too-deep' });
  });

  it('is refused with more rows than the limit, or with as many elements as only an attack has', () => {
    const rows = (count: number): string => `<r><plans>${'<activity/>'.repeat(count)}</plans></r>`;
    expect(read(rows(100))).toMatchObject({ kind: 'document' });
    expect(read(rows(101))).toMatchObject({ reason: 'too-many-rows' });
    expect(read(`<r>${'<a/>'.repeat(10_000)}</r>`)).toMatchObject({ reason: 'too-many-rows' });
  });

  it('may hold as many references as it likes', () => {
    const reading = reader(Buffer.from(`<r>${'<a>&amp;&#233;&lt;</a>'.repeat(50_000)}</r>`), { maxRows: 20_000 });
    expect(reading).toMatchObject({ kind: 'document' });
  });

  it('keeps any text, written as character data, as references or as CDATA', () => {
    const legal = /^[\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
    const text = fc.string({ unit: anyCharacter, maxLength: 40 }).filter((value) => legal.test(value));
    const escaped = (value: string): string => value.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    const referenced = (value: string): string =>
      Array.from(value, (sign) => `&#x${(sign.codePointAt(0) ?? 0).toString(16)};`).join('');
    const quoted = (value: string): string => `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
    fc.assert(
      fc.property(text, fc.constantFrom(escaped, referenced, quoted), (value, write) => {
        expect(textOf(write(value))).toBe(value);
      }),
      { numRuns: randomRuns(1_000) },
    );
  });
});
