import type { BillingActivity } from '../domain/billing-activity.js';
import type { GroupRef } from './billing-reads.js';
import { groupNameIn } from './history-answer.js';
import { compareIds } from './history-order.policy.js';

/** The groups that a recursive history names besides its own, each once, by ascending id. */
export function groupsBelow(groupId: string, rows: readonly BillingActivity[]): GroupRef[] {
  const groups: GroupRef[] = [];
  for (const [id, named] of Map.groupBy(rows, (row) => row.groupId)) {
    if (id !== null && id !== groupId) groups.push({ id, name: groupNameIn(named) });
  }
  return groups.sort((a, b) => compareIds(a.id, b.id));
}
