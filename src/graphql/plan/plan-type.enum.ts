import { registerEnumType } from 'type-graphql';
import type { PlanType } from '../../domain/billing-activity.js';

export const PlanTypeEnum = {
  MONTHLY: 'MONTHLY',
  ANNUAL: 'ANNUAL',
  OTHER: 'OTHER',
} as const satisfies Record<PlanType, PlanType>;

registerEnumType(PlanTypeEnum, {
  name: 'PlanType',
  description: 'How long a billing period is, from Xtracta `plan_type`.',
  valuesConfig: {
    MONTHLY: { description: 'One calendar month.' },
    ANNUAL: { description: 'One calendar year.' },
    OTHER: { description: "A word this gateway does not know, or none: see the field with the upstream's own word." },
  },
});
