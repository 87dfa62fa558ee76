import type { BillingActivityKind } from './__generated__/graphql.ts';

const WORDS: Readonly<Record<BillingActivityKind, string>> = {
  SIGNUP: 'Signed up',
  RENEW: 'Renewed',
  UPGRADE: 'Upgraded',
  DOWNGRADE: 'Downgraded',
  BOOSTER: 'Booster pack',
  CANCEL: 'Cancelled',
  OTHER: 'Other',
};

/** A row's kind in words. A word that the upstream adds comes as OTHER with its own text, which is shown as it is. */
export function wordOf(row: { readonly kind: BillingActivityKind; readonly kindRaw: string | null }): string {
  return row.kind === 'OTHER' && row.kindRaw !== null ? row.kindRaw : WORDS[row.kind];
}
