/** The media types of a GraphQL answer; the first is for clients that do not mind. */
const ANSWERS = ['application/json', 'application/graphql-response+json'] as const;

export type AnswerType = (typeof ANSWERS)[number];

interface Range {
  /** `application/json`, `application/*`, or the range of all types. */
  readonly type: string;
  readonly quality: number;
}

/**
 * The media type that an `Accept` header (RFC 9110, 12.5.1) asks an answer to have, or null when it takes neither. Parameters
 * other than `q` are not looked at. To be decided before an operation runs: a write must not be carried out for a client that cannot be
 * told what came of it.
 */
export function answerTypeFor(accept: string | undefined): AnswerType | null {
  if (accept === undefined || accept.trim() === '') return ANSWERS[0];
  const ranges = accept.split(',').map(rangeOf);
  const [json, newer] = ANSWERS.map((type) => preferenceFor(type, ranges));
  if (json === undefined || newer === undefined || Math.max(json.quality, newer.quality) === 0) return null;
  const difference = newer.quality - json.quality || newer.specificity - json.specificity;
  // A client that names both alike knows the newer one, whose status codes tell more. One that names neither may know only JSON.
  const isNewer = difference > 0 || (difference === 0 && newer.specificity === NAMED);
  return ANSWERS[isNewer ? 1 : 0];
}

/** How a type stands to a client: the quality of the most specific range that matches, and how specific that is. */
interface Preference {
  readonly quality: number;
  readonly specificity: number;
}

const NAMED = 2;

/** The most specific range decides, as `application/json;q=0` beside all types means anything but JSON. */
function preferenceFor(type: AnswerType, ranges: readonly Range[]): Preference {
  for (const [at, pattern] of [type, 'application/*', '*/*'].entries()) {
    const matching = ranges.filter((range) => range.type === pattern);
    if (matching.length === 0) continue;
    return { quality: Math.max(...matching.map(({ quality }) => quality)), specificity: NAMED - at };
  }
  return { quality: 0, specificity: 0 };
}

function rangeOf(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = q === undefined ? 1 : Number(q);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
