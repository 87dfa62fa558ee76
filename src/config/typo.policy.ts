/**
 * Prefixes that only this gateway's settings have, or that are as good as its own: a stranger among them is worth a
 * word.
 */
const OWN_PREFIX = /^(XTRACTA|CREDITS|JWT|LEDGER|CACHE|ROUTER|TENANTS|HISTORY|RATE_LIMIT|DRAIN)_/;

// Kubernetes puts such variables into every container for each service, whatever it is called.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

const SHORTEST_NAME_TO_GUESS = 6;

/** A variable that is not a setting: `meant` is the setting that it is probably a slip of, or null. */
export interface UnknownVariable {
  readonly name: string;
  readonly meant: string | null;
}

/**
 * Variables that look as if they were meant for this gateway: one or two letters away from a setting's name, or under
 * one of its prefixes.
 */
export function unknownVariables(names: Iterable<string>, known: ReadonlySet<string>): UnknownVariable[] {
  const found: UnknownVariable[] = [];
  for (const name of names) {
    if (known.has(name) || SERVICE_LINK.test(name)) continue;
    const meant = nearest(name, known);
    if (meant !== null || OWN_PREFIX.test(name)) found.push({ name, meant });
  }
  return found;
}

function nearest(name: string, known: ReadonlySet<string>): string | null {
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    // Short names are near to everything: POST is no slip of HOST.
    if (candidate.length < SHORTEST_NAME_TO_GUESS) continue;
    const limit = candidate.length < 10 ? 1 : 2;
    const distance = editDistance(name.toUpperCase(), candidate, limit);
    if (distance <= limit && (best === null || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name ?? null;
}

/**
 * Letters to insert, remove, replace or swap with their neighbour; anything above `limit` is answered as `limit + 1`.
 */
export function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          at(previous, column) + 1,
          at(current, column - 1) + 1,
          at(previous, column - 1) + (same ? 0 : 1),
          row > 1 && column > 1 && swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = previous;
    previous = current;
  }
  return Math.min(at(previous, other.length), limit + 1);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
