/**
 * Whether a mutation may have changed the data of groups: its write was carried out, or its outcome is unknown. A write
 * that was refused or never sent changed nothing.
 */
export function changesWhatGroupsHave(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null || !('userErrors' in payload)) return true;
  const { userErrors } = payload;
  if (!Array.isArray(userErrors) || userErrors.length === 0) return true;
  const [first]: unknown[] = userErrors;
  const code = typeof first === 'object' && first !== null && 'code' in first ? first.code : undefined;
  return code === undefined || code === 'OUTCOME_UNKNOWN';
}
