/** `fail`: the gateway cannot work. `doubt`: it works, and somebody should know. `open`: not settled by what was read. */
export type Verdict = 'ok' | 'doubt' | 'fail' | 'open';

/** One line of the doctor's table. */
export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found in one word, for programs; null where nothing was. */
  readonly value: string | null;
  readonly seen: string;
  readonly means: string;
  /** What to change, or what the finding is about; null: nothing. */
  readonly setting: string | null;
}

export function check(
  name: string,
  verdict: Verdict,
  value: string | null,
  seen: string,
  means: string,
  setting: string | null,
): Check {
  return { name, verdict, value, seen, means, setting };
}

/** What the responses do not tell. */
export function open(name: string, why: string): Check {
  return check(name, 'open', null, why, 'not settled', null);
}

const MOST = 8;

/** Words of a response as a list: few, and short. */
export function listed(words: readonly string[]): string {
  const shown = words.slice(0, MOST).map((word) => word.slice(0, 60));
  const more = words.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}
