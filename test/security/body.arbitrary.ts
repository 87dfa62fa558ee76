import fc from 'fast-check';
import { anyCharacter } from '../support/character.arbitrary.js';

/** A response on the wire. */
export interface FuzzedResponse {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Buffer;
}

const position = fc.double({ min: 0, max: 1, noNaN: true });

/** Insertions into a body: markup, other languages, numbers at their limits, and every byte. */
function noise(canary: string): fc.Arbitrary<Buffer> {
  const text = fc.constantFrom(
    '<',
    '>',
    '&',
    '&amp;',
    '&#0;',
    '&#xD800;',
    '&unknown;',
    ']]>',
    '<![CDATA[',
    '<!--',
    '-->',
    '<?php ',
    '<a>',
    '</a>',
    '<a/>',
    '<pack>',
    '</pack>',
    '<status>',
    '</status>',
    '<status>500</status>',
    '<status>400</status>',
    '<status>false</status>',
    '<!DOCTYPE r SYSTEM "file:///etc/passwd">',
    '<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>',
    '\uFEFF',
    '\u0000',
    '\u0085',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    'null',
    'true',
    '1e400',
    '-0',
    '99999999999999999999999',
    '"__proto__":{"ID":"x"},',
    '"Detail":null,',
    '\\u0000',
    '\\ud800',
    canary,
  );
  return fc.oneof(
    { weight: 6, arbitrary: text.map((part) => Buffer.from(part)) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 8 }).map((part) => Buffer.from(part)) },
    { weight: 1, arbitrary: fc.nat({ max: 3_000 }).map((depth) => Buffer.from('<n>'.repeat(depth))) },
  );
}

type Change = (body: Buffer) => Buffer;

/** One change of a body: cut, insert, remove, replace, double or exchange. */
function change(canary: string): fc.Arbitrary<Change> {
  const at = (body: Buffer, where: number): number => Math.round(where * body.length);
  const between = (body: Buffer, one: number, other: number): [number, number] => {
    const [from = 0, to = 0] = [at(body, one), at(body, other)].sort((a, b) => a - b);
    return [from, to];
  };
  return fc.oneof(
    position.map((where) => (body: Buffer) => body.subarray(0, at(body, where))),
    fc.tuple(position, noise(canary)).map(([where, part]) => (body: Buffer) => {
      const place = at(body, where);
      return Buffer.concat([body.subarray(0, place), part, body.subarray(place)]);
    }),
    fc.tuple(position, fc.nat({ max: 12 }), noise(canary)).map(([where, length, part]) => (body: Buffer) => {
      const place = at(body, where);
      return Buffer.concat([body.subarray(0, place), part, body.subarray(place + length)]);
    }),
    fc.tuple(position, position).map(([one, other]) => (body: Buffer) => {
      const [from, to] = between(body, one, other);
      return Buffer.concat([body.subarray(0, from), body.subarray(to)]);
    }),
    fc.tuple(position, position, position).map(([one, other, where]) => (body: Buffer) => {
      const part = body.subarray(...between(body, one, other));
      const place = at(body, where);
      return Buffer.concat([body.subarray(0, place), part, body.subarray(place)]);
    }),
    // The text of one element or the value of one field, as a whole: the result is usually well-formed.
    fc
      .tuple(
        fc.nat({ max: 40 }),
        fc.constantFrom('', ' ', '-1', '1e5', '0123', 'NaN', '500', '400', 'true', 'false', canary, 'null', '𝟙', '+5'),
      )
      .map(([number, value]) => (body: Buffer) => {
        let seen = -1;
        const text = body.toString('latin1').replace(/>[^<]+<|:\s*("[^"]*"|[\d.]+|true)/g, (found) => {
          seen += 1;
          if (seen !== number) return found;
          return found.startsWith('>') ? `>${value}<` : `: ${value}`;
        });
        return Buffer.from(text, 'latin1');
      }),
  );
}

/** Good responses with one to four changes, mostly with a good status. */
export function fuzzedResponse(bodies: readonly Buffer[], canary: string): fc.Arbitrary<FuzzedResponse> {
  return fc
    .record({
      base: fc.constantFrom(...bodies),
      changes: fc.array(change(canary), { minLength: 1, maxLength: 4 }),
      status: fc.oneof(
        { weight: 6, arbitrary: fc.constant(200) },
        { weight: 1, arbitrary: fc.constantFrom(201, 202, 206, 301, 307, 400, 401, 403, 404, 409, 422, 429, 500, 503) },
      ),
      contentType: fc.constantFrom('text/xml; charset=UTF-8', 'application/json; charset=utf-8', 'text/html', null),
    })
    .map(({ base, changes, ...head }) => ({ ...head, body: changes.reduce((body, apply) => apply(body), base) }));
}
