import {
  GraphQLID,
  type GraphQLInputType,
  GraphQLScalarType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isInterfaceType,
  isObjectType,
  Kind,
  parseType,
  typeFromAST,
  type ValueNode,
} from 'graphql';
import { Directive, Field, ObjectType } from 'type-graphql';
import type { DecimalText, Money, Readable } from '../domain/money.js';

interface TextScalarConfig {
  readonly name: string;
  readonly description: string;
  readonly specifiedByURL?: string;
  /** Form of an input. The error never repeats the given value. */
  readonly pattern: RegExp;
}

/**
 * A scalar whose values are text and never change. Only input is checked. Reason: a decoder has already read the
 * upstream's values, and a change here would alter a figure.
 */
function textScalar(config: TextScalarConfig): GraphQLScalarType<string, string> {
  const parseText = (text: string): string => {
    if (!config.pattern.test(text)) throw new ScalarInputError(`This is not a ${config.name}.`);
    return text;
  };
  return new GraphQLScalarType<string, string>({
    name: config.name,
    description: config.description,
    ...(config.specifiedByURL === undefined ? {} : { specifiedByURL: config.specifiedByURL }),
    serialize: (value) => {
      if (typeof value !== 'string') throw new TypeError(`${config.name} must be text in a response.`);
      return value;
    },
    parseValue: (value) => parseText(inputText(config.name, value)),
    parseLiteral: (node) => parseText(inputText(config.name, node)),
  });
}

/**
 * The error of an input that one of our scalars refuses. Its message names the expected form and never repeats the
 * value, so clients may see it.
 */
export class ScalarInputError extends Error {
  override readonly name = 'ScalarInputError';
}

/**
 * The text of a string from a variable or from the document. The error names the scalar and never the value, because a
 * client may have put a secret into the wrong field.
 */
function inputText(scalar: string, input: unknown): string {
  if (typeof input === 'string') return input;
  if (isStringNode(input)) return input.value;
  throw new ScalarInputError(`${scalar} is given as a string.`);
}

function isStringNode(input: unknown): input is Extract<ValueNode, { kind: Kind.STRING }> {
  return typeof input === 'object' && input !== null && 'kind' in input && input.kind === Kind.STRING;
}

/**
 * The text of an id in JSON: a string, or a whole number within ±(2^53-1). Reason: a JSON parser rounds a larger number
 * before this code sees it. Two ids, and with them two orders, would become one.
 *
 * @throws ScalarInputError for anything else
 */
export function idText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new ScalarInputError('An ID is given as a string, or as a whole number from -(2^53-1) to 2^53-1.');
}

/**
 * The built-in `ID` with a stricter input. A literal in a document keeps its digits, yet a large one is refused like a
 * variable. Reason: a client that builds documents from JSON numbers has already rounded it.
 */
const IdScalar = new GraphQLScalarType<string, string>({
  ...GraphQLID.toConfig(),
  parseValue: idText,
  parseLiteral: (node) => {
    if (node.kind === Kind.INT) {
      idText(Number(node.value));
      return node.value;
    }
    return idText(node.kind === Kind.STRING ? node.value : undefined);
  },
});

/**
 * Makes {@link idText} the rule for every `ID` input of the schema: arguments, input fields, variables, and lists of
 * them. Changes the schema in place, before its first use. Reason: graphql-js builds every schema with its own `ID`,
 * and the copies that tools make keep it.
 */
export function useSafeIds(schema: GraphQLSchema): void {
  schema.getTypeMap()[IdScalar.name] = IdScalar;
  const renew = (input: { type: GraphQLInputType }): void => {
    // Looked up by name, so that the lookup finds the replaced ID.
    const type = typeFromAST(schema, parseType(String(input.type)));
    if (isInputType(type)) input.type = type;
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isInputObjectType(type)) Object.values(type.getFields()).forEach(renew);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) field.args.forEach(renew);
  }
}

/**
 * Counts of documents. Reason: the upstream's integers are unbounded, and GraphQL's Int ends at 2^31-1. Above 2^53-1 a
 * JSON number would lose digits, so the decoder refuses such values before.
 */
export const LongScalar = new GraphQLScalarType<number, number>({
  name: 'Long',
  description: 'An integer from -(2^53-1) to 2^53-1, as a JSON number: any JSON parser reads it exactly.',
  serialize: (value) => safeInteger(value),
  parseValue: (value) => safeInteger(value),
  parseLiteral: (node) => safeInteger(node.kind === Kind.INT ? Number(node.value) : null),
});

function safeInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new ScalarInputError('Long is an integer from -(2^53-1) to 2^53-1.');
  }
  return value;
}

/** Money and credits: exact base-10 text from the upstream to the client. */
export const DecimalScalar = textScalar({
  name: 'Decimal',
  description:
    'An exact base-10 number in a string, such as `"99.50"`. It is the text of the upstream, digit for digit: ' +
    '`"99"` and `"99.00"` both occur, ' +
    'and so may a sign or an exponent. Read it with a decimal library; a binary float would alter it.',
  pattern: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/,
});

const RFC_3339 =
  /^(?<date>\d{4}-\d{2}-\d{2})[Tt](?<time>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d+))?(?<offset>[Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Last moment of year 9999, because RFC 3339 ends there. The first is 1970, because the upstream's windows are unix
 * seconds.
 */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const EXPECTED = 'DateTime is given as RFC 3339 with an offset, from year 1970 to 9999, such as 2024-03-28T21:00:58Z.';

/**
 * Epoch milliseconds of an RFC 3339 text; finer fractions are cut. Null for anything else. Leap seconds are null too,
 * because no clock here can represent them.
 */
export function parseRfc3339(text: string): number | null {
  const groups = RFC_3339.exec(text)?.groups;
  if (groups === undefined) return null;
  const { date = '', time = '', fraction = '', offset = '' } = groups;
  const local = `${date}T${time}`;
  const localMs = Date.parse(`${local}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  // Date.parse rolls 30 February over into March and 24:00 into the next day. The round trip detects both.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString().slice(0, 19) !== local) return null;
  const offsetMs = parseOffset(offset);
  if (offsetMs === null) return null;
  const epochMs = localMs - offsetMs;
  return epochMs >= 0 && epochMs <= LATEST_MS ? epochMs : null;
}

function parseOffset(offset: string): number | null {
  if (offset === 'Z' || offset === 'z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 23 || minutes > 59) return null;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function parseInput(input: unknown): number {
  const epochMs = parseRfc3339(inputText('DateTime', input));
  if (epochMs === null) throw new ScalarInputError(EXPECTED);
  return epochMs;
}

/**
 * Values of responses are text, with as many fraction digits as the upstream sent. An input becomes epoch milliseconds.
 */
export const DateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  description:
    'A moment in RFC 3339, such as `2024-03-28T21:00:58Z`. Responses are always in UTC with as many fraction ' +
    'digits as the upstream sent. ' +
    'An input needs an offset (`Z` or `+13:00`) and a year from 1970 to 9999; fractions finer than a millisecond ' +
    'are cut.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => {
    if (typeof value !== 'string') throw new TypeError('DateTime must be text in a response.');
    return value;
  },
  parseValue: parseInput,
  parseLiteral: parseInput,
});

export const UuidScalar = textScalar({
  name: 'UUID',
  description:
    'A UUID in its canonical form of 36 characters: `9beb5f68-6493-4cc4-b55e-187541a9d22b`. Upper and lower case ' +
    'are equal.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc9562',
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
});

export const CurrencyCodeScalar = textScalar({
  name: 'CurrencyCode',
  description: 'A currency as a three-letter code of ISO 4217, such as `NZD`, as the upstream wrote it.',
  specifiedByURL: 'https://www.iso.org/iso-4217-currency-codes.html',
  pattern: /^[A-Z]{3}$/,
});

export const UrlScalar = textScalar({
  name: 'URL',
  description: 'An absolute URL. Its text is exactly the text that the upstream sent.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  pattern: /^https?:\/\/\S+$/,
});

@Directive('@shareable')
@ObjectType('Money', {
  simpleResolvers: true,
  description: 'An exact amount of money, digit for digit as the upstream wrote it.',
})
export class MoneyType implements Money {
  @Field(() => DecimalScalar, {
    description: 'The amount in whole units of the currency: `"99.50"` are 99 dollars 50.',
  })
  readonly amount!: DecimalText;

  @Field(() => CurrencyCodeScalar, {
    nullable: true,
    description:
      'Null where the upstream names no currency, as in its responses to orders and plan changes. The gateway ' +
      'never guesses it. Do not add up amounts without a currency.',
  })
  readonly currency!: Readable<string>;
}
