import type { PlanChoiceQuery } from './__generated__/graphql.ts';

type Plans = NonNullable<NonNullable<PlanChoiceQuery['group']>['availablePlans']>;

const PERIODS = { MONTHLY: 'a month', ANNUAL: 'a year', OTHER: 'a period' } as const;

/** A plan of the catalogue in one line. Figures stay the text that they came as; a currency that nobody named is not made up. */
export function offerOf(plan: Plans[number]): string {
  const price = plan.price === null ? 'price on request' : `${money(plan.price)} ${PERIODS[plan.type]}`;
  const { differenceToCurrent: difference } = plan;
  const change = difference === null ? '' : ` (${difference.amount.startsWith('-') ? '' : '+'}${money(difference)})`;
  return `${plan.name ?? `Plan ${plan.id}`}: ${price}${change}`;
}

function money({ amount, currency }: { readonly amount: string; readonly currency: string | null }): string {
  return currency === null ? amount : `${amount} ${currency}`;
}
