import { badInput } from './errors.js';
import { parseNumericId } from './numeric-id.js';

/**
 * A group id that a client names, in canonical form (1 to 18 digits, greater than 0, leading zeros stripped).
 *
 * @param field path of the argument at fault, for the error
 * @throws BillingError `BAD_USER_INPUT`
 */
export function parseGroupId(text: string, field: readonly string[] = ['id']): string {
  const groupId = parseNumericId(text);
  if (groupId === null) throw badInput('A group id is 1 to 18 digits and greater than 0.', field);
  return groupId;
}
