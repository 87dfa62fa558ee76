import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isElement,
  readXml,
  type XmlNode,
  type XmlReading,
  XmlStream,
} from '../../../../src/upstreams/xml/xml.reader.js';
import { Utf8Text } from '../../../../src/upstreams/xml/xml-text.js';
import { type ActivityWire, activityWire } from '../../../../src/upstreams/xtracta/history.endpoint.js';
import { HistoryXml } from '../../../../src/upstreams/xtracta/history.rows.js';
import type { WireRecord } from '../../../../src/upstreams/xtracta/xtracta-envelope.js';
import { randomRuns } from '../../../support/suite.sizes.js';

const LIMITS = { maxRows: 30 };
const HISTORY = readFileSync(new URL('../../../fixtures/xtracta/billing-history.xml', import.meta.url));

/** Text beside elements is nobody's value: the reference keeps it as `#text`, the stream drops it. */
function withoutMixedText(node: XmlNode): XmlNode {
  if (typeof node === 'string' || typeof node === 'symbol') return node;
  if (!isElement(node)) return node.map(withoutMixedText);
  const entries = Object.entries(node).filter(([name]) => name !== '#text');
  return Object.fromEntries(entries.map(([name, child]) => [name, withoutMixedText(child)]));
}

/** Of several faults the readers may meet another one first. */
const REFUSED = { kind: 'invalid', reason: 'not-well-formed', element: '' } as const;

function reference(bytes: Buffer): XmlReading {
  const reading = readXml(bytes, LIMITS);
  if (reading.kind === 'invalid') return REFUSED;
  const content = withoutMixedText(reading.content);
  return { ...reading, content: isElement(content) ? content : {} };
}

/** Pieces of the given lengths, again and again. */
function inPieces(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? bytes.length;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function streamed(bytes: Buffer, lengths: readonly number[] = [bytes.length]): XmlReading {
  const utf8 = new Utf8Text();
  const stream = new XmlStream(LIMITS);
  for (const piece of inPieces(bytes, lengths)) {
    const part = utf8.write(piece);
    if (part === null) return REFUSED;
    stream.write(part);
  }
  if (utf8.end() === null) return REFUSED;
  const reading = stream.end();
  return reading.kind === 'invalid' ? REFUSED : reading;
}

interface Rows {
  readonly activity: readonly WireRecord<ActivityWire>[];
  readonly plan: readonly WireRecord<ActivityWire>[];
}

/** The rows of a history, by name, and the rest of the document. */
function streamedRows(
  bytes: Buffer,
  lengths: readonly number[],
  limits = LIMITS,
): { readonly rows: Rows; readonly reading: XmlReading } {
  const activity: WireRecord<ActivityWire>[] = [];
  const plan: WireRecord<ActivityWire>[] = [];
  const history = new HistoryXml(limits, { activity: (row) => activity.push(row), plan: (row) => plan.push(row) });
  for (const piece of inPieces(bytes, lengths)) history.write(piece);
  return { rows: { activity, plan }, reading: history.end() };
}

function listOf(node: XmlNode | undefined): readonly XmlNode[] {
  if (node === undefined) return [];
  return typeof node === 'string' || typeof node === 'symbol' || isElement(node) ? [node] : node;
}

function referenceRows(content: Readonly<Record<string, XmlNode>>): Rows {
  const lists = listOf(content['plans']).filter(isElement);
  const rowsOf = (name: string): WireRecord<ActivityWire>[] =>
    lists.flatMap((list) => listOf(list[name])).map((row) => activityWire(row));
  return { activity: rowsOf('activity'), plan: rowsOf('plan') };
}

function expectSameRows(bytes: Buffer, sizes: readonly number[]): void {
  const expected = reference(bytes);
  const { rows, reading } = streamedRows(bytes, sizes);
  expect(reading.kind).toBe(expected.kind);
  if (expected.kind === 'invalid' || reading.kind === 'invalid') return;
  expect(rows).toEqual(referenceRows(expected.content));
  expect('plans' in reading.content).toBe('plans' in expected.content);
}

const text = fc.oneof(
  fc.constantFrom('', ' ', '0123', '500.10', '1e5', '\r\n', '\r', 'a\r\nb', '日本語 😀', '\u0085', '\u2028', ']]&gt;'),
  fc.constantFrom('&amp;', '&lt;b&gt;', '&#233;', '&#xe9;', '&#13;', '&#x1F600;', '&quot;&apos;', '&amp;amp;'),
  fc.string({ maxLength: 8 }).map((value) => value.replace(/[&<>]/g, '')),
);
const oddText = fc.constantFrom(
  '&',
  '<',
  '>',
  ']]>',
  '&;',
  '&#;',
  '&#x;',
  '&#1f;',
  '&a b;',
  '&#</id><id>1;',
  '&x<y/>;',
);
/** What costs the text that it stands in, and nothing else. */
const unreadableText = fc.constantFrom(
  ...[
    '&unknown;',
    '&eacute;',
    '&é-1.x;',
    '&#0;',
    '&#11;',
    '&#xB;',
    '&#xD800;',
    '&#xFFFF;',
    '&#x110000;',
    '&#99999999999;',
  ],
  ...[
    '\u0000',
    '\u000b',
    '\u001f',
    '\ufffe',
    '\uffff',
    'a\u0008b',
    '<![CDATA[\u0001]]>',
    '<!-- \u0001 -->',
    '<?p \u0001?>',
  ],
);
const pieceOfText = fc.oneof(
  { weight: 12, arbitrary: text },
  { weight: 3, arbitrary: text.map((value) => `<![CDATA[${value}]]>`) },
  { weight: 2, arbitrary: fc.constantFrom('<!-- c -->', '<!---->', '<?pi x?>', '<?p?>') },
  { weight: 1, arbitrary: oddText },
  { weight: 2, arbitrary: unreadableText },
  {
    weight: 1,
    arbitrary: fc.constantFrom('<!-- a -- b -->', '<!DOCTYPE r>', '<?xml version="1.0"?>', '<![CDATA[', '<!x>'),
  },
);
const name = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.constantFrom('plans', 'activity', 'plan', 'id', 'price', 'status', 'message', 'plan_name'),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom('x:y', 'xml:z', 'A', '_', 'é', 'a.b-c', 'hasOwnProperty', 'toString', 'length'),
  },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', '1a', 'a b', 'valueOf', '#text') },
);
const attributes = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(' a="1"', " b='&lt;'", ' xmlns="urn:x"', ' __proto__="x"', ' a="1" b="2"', '\n'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ' a=1',
      ' a="1" a="2"',
      ' a="<"',
      ' a',
      ' a="&nope;"',
      ' a="\u0001"',
      ' a="&#0;"',
      ' a="1"b="2"',
    ),
  },
);
const { element } = fc.letrec<{ element: string; node: string }>((tie) => ({
  node: fc.oneof({ maxDepth: 5, depthSize: 'small' }, pieceOfText, tie('element')),
  element: fc
    .tuple(name, attributes, fc.array(tie('node'), { maxLength: 5 }), fc.nat(30))
    .map(([tag, attribute, children, odd]) => {
      if (odd === 0) return `<${tag}${attribute}>${children.join('')}`;
      if (odd === 1) return `<${tag}${attribute}>${children.join('')}</${tag}x>`;
      if (children.length === 0) return `<${tag}${attribute}/>`;
      return `<${tag}${attribute}>${children.join('')}</${tag}${odd < 9 ? ' ' : ''}>`;
    }),
}));
const history = fc
  .tuple(fc.array(element, { maxLength: 4 }), fc.array(element, { maxLength: 4 }), fc.array(element, { maxLength: 3 }))
  .map(
    ([first, second, rest]) =>
      `<r><plans>${first.join(' ')}</plans>${rest.join('\n')}<plans>${second.join('')}</plans></r>`,
  );
const prolog = fc.constantFrom(
  '',
  '\ufeff',
  '\n ',
  '\ufeff\n<?xml version="1.0"?>',
  '<?xml version="1.0" encoding="UTF-8"?>\n',
  '<?xml version="1.0" encoding="ISO-8859-1"?>',
  '<?php echo 1; ?>',
);
const oddProlog = fc.constantFrom(
  '<?xml version="1.1"?>',
  '<?xml version="1.0" encoding="UTF-16"?>',
  '<!DOCTYPE r><!-- -->',
  'junk',
);
const epilog = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', '\n', '<!-- end -->') },
  fc.constantFrom('junk', '<r/>', '\ufeff'),
);
const document = fc
  .tuple(fc.oneof({ weight: 8, arbitrary: prolog }, oddProlog), fc.oneof(history, element), epilog)
  .map((parts) => Buffer.from(parts.join('')));
const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

/** Histories as they come, mostly: what is odd stands beside rows that are not. */
const COLUMNS = [
  'id',
  'plan',
  'plan_type',
  'price',
  'credit_amount',
  'price_currency',
  'allowed_documents',
  'used_documents',
  'plan_activity',
  'start_date',
  'expiry_date',
  'group_name',
  'group_id',
];
const blanks = fc.constantFrom('', '\n', ' ', '\n\t  ', '\r\n');
const usualValue = fc.constantFrom(
  '12',
  '0123',
  '99.50',
  'Smith &amp; Sons',
  ']] >',
  'é😀',
  '2026-01-01T00:00:00+00:00',
);
const column = (name: string) =>
  fc.oneof(
    { weight: 30, arbitrary: usualValue.map((value) => `<${name}>${value}</${name}>`) },
    { weight: 3, arbitrary: fc.constantFrom('', `<${name}/>`, `<${name}></${name}>`) },
    { weight: 1, arbitrary: fc.constantFrom(`<${name} />`, `<${name} a="1">1</${name}>`, `<${name}>1</${name} >`) },
    { weight: 1, arbitrary: text.map((value) => `<${name}>${value}</${name}>`) },
    { weight: 1, arbitrary: pieceOfText.map((value) => `<${name}>${value}</${name}>`) },
    { weight: 1, arbitrary: unreadableText.map((value) => `<${name}>A${value}B</${name}>`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(`<${name}>1</${name}><${name}>2</${name}>`, '<tax>1</tax>', 'x', '<!---->'),
    },
  );
const columns = fc.tuple(fc.tuple(...COLUMNS.map(column)), blanks).map(([cells, gap]) => cells.join(gap));
const shuffled = fc.shuffledSubarray(COLUMNS).map((names) => names.map((name) => `<${name}>1</${name}>`).join(''));
const usualRow = fc.tuple(fc.oneof({ weight: 9, arbitrary: columns }, shuffled), blanks);
const MARKS = [
  '<!-- <plans> -->',
  '<!-- </activity> -->',
  '<![CDATA[</activity>]]>',
  '<?p </activity> ?>',
  '<?p <plans> ?>',
  '<activity/>',
  '<activity></activity >',
  '<plan><plan_name>P</plan_name><id>1</id></plan>',
  '<other><activity><id>1</id></activity></other>',
  '<activity a="</activity>"/>',
  '<activity a="1"><id>2</id></activity>',
  '</plans><plans>',
  '</plans><plans >',
  '</plans>',
  ']]',
  '>',
  'x',
];
const rowOrMark = fc.oneof(
  { weight: 8, arbitrary: usualRow.map(([cells, gap]) => `${gap}<activity>${cells}${gap}</activity>`) },
  { weight: 1, arbitrary: fc.constantFrom(...MARKS) },
);
const likely = fc
  .tuple(
    prolog,
    fc.constantFrom('', ...MARKS),
    fc.constantFrom('<plans>', '<plans >'),
    fc.array(rowOrMark, { maxLength: 6 }),
  )
  .map(([start, before, open, rows]) =>
    Buffer.from(`${start}<r><status>200</status>${before}${open}${rows.join('')}\n</plans></r>`),
  );

describe('the two readers of XML', () => {
  it('agree on every document, sound or not, in whatever pieces it arrives', () => {
    fc.assert(
      fc.property(document, lengths, (bytes, sizes) => {
        expect(streamed(bytes, sizes)).toEqual(reference(bytes));
      }),
      { numRuns: randomRuns(3_000) },
    );
  });

  it('agree on every document that was cut', () => {
    fc.assert(
      fc.property(document, fc.double({ min: 0, max: 1, noNaN: true }), lengths, (bytes, share, sizes) => {
        const cut = bytes.subarray(0, Math.floor(bytes.length * share));
        expect(streamed(cut, sizes)).toEqual(reference(cut));
      }),
      { numRuns: randomRuns(1_500) },
    );
  });

  it("agree on the manual's sample with any bytes in its midst", () => {
    const position = fc.nat({ max: HISTORY.length });
    fc.assert(
      fc.property(position, position, fc.uint8Array({ maxLength: 6 }), lengths, (from, to, noise, sizes) => {
        const parts = [HISTORY.subarray(0, Math.min(from, to)), noise, HISTORY.subarray(Math.max(from, to))];
        const bytes = Buffer.concat(parts);
        expect(streamed(bytes, sizes)).toEqual(reference(bytes));
      }),
      { numRuns: randomRuns(1_500) },
    );
  });

  it('agree on what is a row', () => {
    fc.assert(
      fc.property(fc.oneof(document, likely), lengths, (bytes, sizes) => {
        expectSameRows(bytes, sizes);
      }),
      { numRuns: randomRuns(6_000) },
    );
  });

  it('agree on the rows of a history that was cut, or has any bytes in its midst', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const noise = fc.oneof(
      fc.constant(Buffer.alloc(0)),
      fc.constantFrom('<', '>', '&', ']]>', '<!--', '-->', '</activity>', '\r').map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(likely, share, share, noise, lengths, (bytes, from, to, between, sizes) => {
        const [begin, end] = [Math.floor(bytes.length * from), Math.floor(bytes.length * to)];
        const parts = [bytes.subarray(0, begin), between, bytes.subarray(end > begin ? bytes.length : end)];
        expectSameRows(Buffer.concat(parts), sizes);
      }),
      { numRuns: randomRuns(4_000) },
    );
  });

  it('agree on plain markup, whether the parser reads it or not', () => {
    const start = fc.constantFrom('', '\n<?xml version="1.0" encoding="UTF-8"?>\n', '<?xml version="1.0"?>');
    fc.assert(
      fc.property(start, fc.oneof(history, element), epilog, lengths, (first, root, last, sizes) => {
        // The parser reads all that follows a comment.
        const [plain, parsed] = ['', '<!---->'].map((mark) => Buffer.from(`${first}${mark}${root}${last}`));
        expect(streamed(plain ?? Buffer.alloc(0), sizes)).toEqual(streamed(parsed ?? Buffer.alloc(0), sizes));
      }),
      { numRuns: randomRuns(3_000) },
    );
  });

  it.each([1, 2, 3, 7])('agree on characters that are cut after %i bytes', (size) => {
    const bytes = Buffer.from('\ufeff<r><a>é日😀\u{10ffff}é</a></r>');
    expect(streamed(bytes, [size])).toEqual(reference(bytes));
    const broken = Buffer.concat([bytes.subarray(0, 12), Buffer.from([0xe2, 0x82]), bytes.subarray(12)]);
    expect(streamed(broken, [size])).toEqual(reference(broken));
  });

  it('agree on the limits', () => {
    const rows = (count: number): Buffer => Buffer.from(`<r><plans>${'<activity/>'.repeat(count)}</plans></r>`);
    for (const bytes of [
      rows(30),
      rows(31),
      Buffer.from('<a>'.repeat(17)),
      Buffer.from(`<r>${'<a/>'.repeat(961)}</r>`),
    ]) {
      expect(streamed(bytes)).toEqual(reference(bytes));
    }
  });
});
