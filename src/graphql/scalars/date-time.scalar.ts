import { GraphQLScalarType } from 'graphql';
import { inputText, ScalarInputError } from './scalar-input.js';

const RFC_3339 =
  /^(?<date>\d{4}-\d{2}-\d{2})[Tt](?<time>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d+))?(?<offset>[Zz]|[+-]\d{2}:\d{2})$/;

/** The upstream's windows are unix seconds: before 1970 there are none, and year 10000 leaves RFC 3339. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const EXPECTED = 'DateTime is given as RFC 3339 with an offset, from year 1970 to 9999, such as 2024-03-28T21:00:58Z.';

/**
 * Epoch milliseconds of an RFC 3339 text; finer fractions are cut. Null for anything else, leap seconds included, which no clock
 * here can tell apart.
 */
export function parseRfc3339(text: string): number | null {
  const groups = RFC_3339.exec(text)?.groups;
  if (groups === undefined) return null;
  const { date = '', time = '', fraction = '', offset = '' } = groups;
  const local = `${date}T${time}`;
  const localMs = Date.parse(`${local}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  // Date.parse rolls 30 February over into March and 24:00 into the next day: the round trip shows it.
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

/** Answers are text already, with as many fraction digits as the upstream sent; an input becomes epoch milliseconds. */
export const DateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  description:
    'A moment in RFC 3339, such as `2024-03-28T21:00:58Z`. Answers are always in UTC with as many fraction digits as the upstream sent. ' +
    'An input needs an offset (`Z` or `+13:00`) and a year from 1970 to 9999; fractions finer than a millisecond are cut.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => {
    if (typeof value !== 'string') throw new TypeError('DateTime is answered as text.');
    return value;
  },
  parseValue: parseInput,
  parseLiteral: parseInput,
});
