/**
 * What a write locks while it is unfinished or its outcome is unknown. Orders and plan changes of one group block each other,
 * because both spend on that group and both read the same history to find out what happened.
 */
export function groupTarget(groupId: string | null): string {
  // The key's own group is a target of its own where its id is not known: it can't be told whether it is one that is named elsewhere.
  return groupId === null ? 'group:(own)' : `group:${groupId}`;
}

/** All purchases of a tenant's credits account share one target. */
export const CREDITS_TARGET = 'credits';
