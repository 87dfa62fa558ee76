/**
 * Whether a mutation's payload may have changed what groups have: a write that was carried out, or of which nobody knows. A payload that
 * was refused, or never sent, changed nothing.
 */
export function changesWhatGroupsHave(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null || !('userErrors' in payload)) return true;
  const { userErrors } = payload;
  if (!Array.isArray(userErrors) || userErrors.length === 0) return true;
  const [first]: unknown[] = userErrors;
  const code = typeof first === 'object' && first !== null && 'code' in first ? first.code : undefined;
  return code === undefined || code === 'OUTCOME_UNKNOWN';
}
