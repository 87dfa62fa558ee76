import type { WorldState } from './world.state.js';

/** Whether `groupId` is `ancestorId` itself or stands somewhere below it. */
export function isWithin(state: WorldState, groupId: string, ancestorId: string): boolean {
  let current: string | null = groupId;
  while (current !== null) {
    if (current === ancestorId) return true;
    current = state.groups[current]?.parentId ?? null;
  }
  return false;
}

/** The group and everything below it, in the order of the fixtures. */
export function subtree(state: WorldState, groupId: string): string[] {
  const members = new Set([groupId]);
  const children = new Map<string, string[]>();
  for (const group of Object.values(state.groups)) {
    if (group.parentId === null) continue;
    const siblings = children.get(group.parentId);
    if (siblings === undefined) children.set(group.parentId, [group.id]);
    else siblings.push(group.id);
  }
  // A Set grows while it is walked, so each level adds the next.
  for (const member of members) for (const child of children.get(member) ?? []) members.add(child);
  return [...members];
}
