export const SECOND_MS = 1_000;

/** The api key's own group: a recursive history of it names every group of {@link SUBGROUP_IDS}. */
export const ROOT_GROUP_ID = '1000';
export const SUBGROUP_IDS: readonly string[] = Array.from({ length: 50 }, (_, index) => String(5001 + index));

/** First digit of the group ids that are used once each; it says which answer the upstream gives. */
export const GROUPS = { plan: '2', history: '3', large: '4', pack: '6' } as const;

/** A group id of nine digits that no other request uses. */
export function groupId(kind: keyof typeof GROUPS, sequence: number): string {
  return GROUPS[kind] + String(sequence % 100_000_000).padStart(8, '0');
}
