import type { BillingActivityKind } from '../../domain/billing-activity.js';

/** The manual's sample shows `signup` alone and its schema an open string: the rest are the words that it uses in its prose. */
const KINDS: ReadonlyMap<string, BillingActivityKind> = new Map([
  ...words('SIGNUP', 'signup', 'signedup', 'new'),
  ...words('RENEW', 'renew', 'renewal', 'renewed', 'autorenew', 'autorenewal', 'autorenewed'),
  ...words('UPGRADE', 'upgrade', 'upgraded'),
  ...words('DOWNGRADE', 'downgrade', 'downgraded'),
  ...words('BOOSTER', 'booster', 'boosterpack', 'pack'),
  ...words('CANCEL', 'cancel', 'canceled', 'cancelled', 'cancellation'),
]);

function words(kind: BillingActivityKind, ...spellings: readonly string[]): [string, BillingActivityKind][] {
  return spellings.map((spelling) => [spelling, kind]);
}

/** What a history row records, and whether the word was known; an unknown one is `OTHER`. Case, blanks, `-` and `_` do not matter. */
export function decodeActivityKind(text: string): { readonly kind: BillingActivityKind; readonly known: boolean } {
  const kind = KINDS.get(text) ?? KINDS.get(text.toLowerCase().replace(/[\s_-]+/g, ''));
  return { kind: kind ?? 'OTHER', known: kind !== undefined };
}
