import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { anyCharacter } from '../support/character.arbitrary.js';

const FOLDER = resolve(import.meta.dirname, '../../operations');
/** The example operations. */
export const DOCUMENTS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.graphql'))
  .map((file) => readFileSync(resolve(FOLDER, file), 'utf8'));
/** Variables of the example operations by name; an operation without any is not in it. */
export const EXAMPLES: Readonly<Record<string, object>> = JSON.parse(
  readFileSync(resolve(FOLDER, 'variables.json'), 'utf8'),
);
const SCHEMA_NAMES = [
  ...new Set(readFileSync(resolve(FOLDER, '../schema.graphql'), 'utf8').match(/\b[a-z]\w+(?=[(:])/g)),
];
const PUNCTUATORS = ['{', '}', '(', ')', '[', ']', '!', '$', '&', '...', ':', '=', '@', '|', '"', '"""', '#', ',', ' '];

const word = fc.oneof(
  fc.constantFrom(...SCHEMA_NAMES),
  fc.constantFrom(
    'query',
    'mutation',
    'subscription',
    'fragment',
    'on',
    'null',
    'true',
    '__typename',
    '__schema',
    '__type',
  ),
  fc.constantFrom('_entities', '_service', '@include(if: true)', '@skip(if: $x)', 'Group', '__proto__', 'constructor'),
  fc.constantFrom(...PUNCTUATORS),
  fc.constantFrom('1', '-1', '1e999', '0x1', '9007199254740993', '"text"', '$x', 'x:', '\u0000', '\uD800', '🎉'),
);

/** Words of the language in random order. */
const soup = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '));

/** A tree of fields of the schema, which may fit together. */
export const { selection } = fc.letrec<{ selection: string; field: string }>((tie) => ({
  selection: fc
    .array(tie('field'), { minLength: 1, maxLength: 4, depthIdentifier: 'tree' })
    .map((fields) => `{ ${fields.join(' ')} }`),
  field: fc.oneof(
    { depthIdentifier: 'tree', maxDepth: 6, depthSize: 'small' },
    fc.constantFrom('id', 'name', '__typename', 'totalCount', ...SCHEMA_NAMES),
    fc
      .tuple(
        fc.constantFrom(
          'group(id: "100001")',
          'groups(ids: ["1", "100002"])',
          'subgroups',
          'plan',
          'billingHistory',
          'nodes',
          'edges',
          'node',
          'a: group(id: 7)',
          '... on Group',
          'billingOperations(first: 2)',
          'summary',
        ),
        tie('selection'),
      )
      .map(([name, inner]) => `${name} ${inner}`),
  ),
}));

/** An example operation of which a part is missing, doubled or exchanged. */
const mutated = fc
  .tuple(
    fc.constantFrom(...DOCUMENTS),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat({ max: 30 }),
    fc.array(word, { maxLength: 3 }),
  )
  .map(([document, where, length, words]) => {
    const place = Math.floor(where * document.length);
    return `${document.slice(0, place)}${words.join(' ')}${document.slice(place + length)}`;
  });

const bomb = fc.oneof(
  fc.nat({ max: 6_000 }).map((count) => '{a'.repeat(count)),
  fc.nat({ max: 2_000 }).map((count) => `{ ${'__typename '.repeat(count)} }`),
  fc
    .nat({ max: 40 })
    .map(
      (count) =>
        `{ group(id: "1") { ...f0 } } ${Array.from({ length: count }, (_, i) => `fragment f${i} on Group { ...f${i + 1} ...f${i + 1} }`).join(' ')}`,
    ),
  fc.nat({ max: 300 }).map((count) => `{ __typename ${'@include(if: true) '.repeat(count)} }`),
  fc.nat({ max: 3_000 }).map((count) => `{ groups(ids: ${'['.repeat(count)}`),
);

/** A document of any kind: right, nearly right, wrong, and too large. */
export const document = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...DOCUMENTS) },
  { weight: 3, arbitrary: mutated },
  { weight: 3, arbitrary: selection },
  { weight: 2, arbitrary: soup },
  { weight: 1, arbitrary: bomb },
  { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 200 }) },
);
