import type { PlanType } from '../../domain/billing-activity.js';

/** The manual says "Monthly or annual"; the schema is an open string. */
const PLAN_TYPES: ReadonlyMap<string, PlanType> = new Map([
  ['monthly', 'MONTHLY'],
  ['month', 'MONTHLY'],
  ['annual', 'ANNUAL'],
  ['annually', 'ANNUAL'],
  ['yearly', 'ANNUAL'],
  ['year', 'ANNUAL'],
]);

/** The plan's type, and whether the word was known; an unknown one is `OTHER`. */
export function decodePlanType(text: string): { readonly type: PlanType; readonly known: boolean } {
  const type = PLAN_TYPES.get(text.trim().toLowerCase());
  return { type: type ?? 'OTHER', known: type !== undefined };
}
