import type { BillingOperationKind } from '../domain/upstream-operations.js';

/**
 * JSON with object keys sorted by code unit at every depth, so that equal inputs give equal text whatever order their fields were
 * written in. Members that are undefined are left out, as JSON does. Throws `TypeError` for what JSON cannot say exactly: NaN,
 * infinities, bigints, functions, symbols, and objects that are not plain.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      throw new TypeError('A number without a JSON form has no fingerprint.');
    }
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  }
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`A ${typeof value} has no fingerprint.`);
}

/** By its string tag and not by its prototype, which differs between realms. */
function isPlain(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

export interface Fingerprinted {
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly input: unknown;
}

/**
 * What decides whether a key is used again for the same write: the keyed hash of kind, target and normalised input. The credential
 * is left out, so that a replay still works after an api key was rotated.
 */
export function fingerprint(keyedHash: (text: string) => string, write: Fingerprinted): string {
  return keyedHash(`fingerprint\n${canonicalJson({ kind: write.kind, target: write.target, input: write.input })}`);
}
