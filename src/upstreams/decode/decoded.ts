/**
 * What a decoder makes of a text: the value, nothing (the upstream's ways of saying "unset"), or a text that makes no sense.
 * Decoders are pure and never throw; whoever calls them decides what an unreadable value becomes.
 */
export type Decoded<T> =
  | {
      readonly kind: 'value';
      readonly value: T;
      /** The value is taken to mean what the documents do not say: a date without an offset is one in UTC. To be counted as drift. */
      readonly isAssumed?: true;
    }
  | { readonly kind: 'unset' }
  | { readonly kind: 'unreadable' };

export const UNSET = { kind: 'unset' } as const;
export const UNREADABLE = { kind: 'unreadable' } as const;

export function decoded<T>(value: T): Decoded<T> {
  return { kind: 'value', value };
}
