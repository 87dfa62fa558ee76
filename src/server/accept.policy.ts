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
  let best: { readonly type: AnswerType; readonly quality: number } | null = null;
  for (const type of ANSWERS) {
    const quality = qualityOf(type, ranges);
    if (quality > (best?.quality ?? 0)) best = { type, quality };
  }
  return best?.type ?? null;
}

/** The most specific range decides, as `application/json;q=0` beside all types means anything but JSON. */
function qualityOf(type: AnswerType, ranges: readonly Range[]): number {
  for (const pattern of [type, 'application/*', '*/*']) {
    const matching = ranges.filter((range) => range.type === pattern);
    if (matching.length > 0) return Math.max(...matching.map(({ quality }) => quality));
  }
  return 0;
}

function rangeOf(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = q === undefined ? 1 : Number(q);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
