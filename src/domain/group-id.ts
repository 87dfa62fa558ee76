import { badInput } from './errors.js';

/**
 * A group id that a client names, in canonical form (1 to 18 digits, greater than 0, leading zeros stripped).
 *
 * @param field path of the argument at fault, which the error names
 * @throws BillingError `BAD_USER_INPUT`
 */
export function parseGroupId(text: string, field: readonly string[] = ['id']): string {
  const groupId = parseNumericId(text);
  if (groupId === null) throw badInput('A group id is 1 to 18 digits and greater than 0.', field);
  return groupId;
}

const DIGITS = /^[0-9]{1,18}$/;

/**
 * Canonical form of an upstream id that a client names (group, pack, plan): 1 to 18 ASCII digits, greater than 0.
 * Leading zeros are stripped, so that `007` and `7` are one target. Null when the text is anything else.
 */
export function parseNumericId(text: string): string | null {
  if (!DIGITS.test(text)) return null;
  const canonical = text.replace(/^0+/, '');
  return canonical === '' ? null : canonical;
}
