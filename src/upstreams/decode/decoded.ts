/**
 * What a decoder makes of a text: the value, nothing (the upstream's ways of saying "unset"), or a text that makes no sense.
 * Decoders are pure and never throw; whoever calls them decides what an unreadable value becomes.
 */
export type Decoded<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'unset' }
  | { readonly kind: 'unreadable' };

export const UNSET = { kind: 'unset' } as const;
export const UNREADABLE = { kind: 'unreadable' } as const;

export function decoded<T>(value: T): Decoded<T> {
  return { kind: 'value', value };
}
