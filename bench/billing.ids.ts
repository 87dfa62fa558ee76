export const SECOND_MS = 1_000;

/** The api key's own group: a recursive history of it names every group of {@link SUBGROUP_IDS}. */
export const ROOT_GROUP_ID = '1000';
export const SUBGROUP_IDS: readonly string[] = Array.from({ length: 50 }, (_, index) => String(5001 + index));

/** First digit of the group ids that are used once each; it selects the upstream's response. */
export const GROUPS = { plan: '2', history: '3', large: '4', pack: '6', held: '7', rows: '8' } as const;

/** Sizes of the histories whose cost per row is compared. */
export const ROW_COUNTS = [1, 100, 1_000, 5_000, 20_000] as const;
export type RowCount = (typeof ROW_COUNTS)[number];

/** A purchase to which the upstream responds at once, and one that it holds until the release. */
export const PURCHASE_IDS = {
  answered: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
  held: '7d1f0a52-0b4e-4f43-9d0c-5a4c1d0e9b77',
} as const;

/** A group id of nine digits that no other request uses. */
export function groupId(kind: keyof typeof GROUPS, sequence: number): string {
  return GROUPS[kind] + String(sequence % 100_000_000).padStart(8, '0');
}

/** The same, of a group whose recursive history has so many rows: the second digit is the size's place in the list. */
export function rowsGroupId(rows: RowCount, sequence: number): string {
  return GROUPS.rows + String(ROW_COUNTS.indexOf(rows)) + String(sequence % 10_000_000).padStart(7, '0');
}
