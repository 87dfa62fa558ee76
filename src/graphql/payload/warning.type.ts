import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { BillingWarning, BillingWarningCode } from '../../domain/write.js';

export const BillingWarningCodeEnum = {
  UPSTREAM_ERROR_BESIDE_RESULT: 'UPSTREAM_ERROR_BESIDE_RESULT',
  QUANTITY_DIFFERS: 'QUANTITY_DIFFERS',
  GROUP_DIFFERS: 'GROUP_DIFFERS',
  TOTALS_DIFFER: 'TOTALS_DIFFER',
  STATUS_MISSING: 'STATUS_MISSING',
  VALUE_UNREADABLE: 'VALUE_UNREADABLE',
} as const satisfies Record<BillingWarningCode, BillingWarningCode>;

registerEnumType(BillingWarningCodeEnum, {
  name: 'BillingWarningCode',
  description: 'What is odd about the answer to a write that succeeded.',
  valuesConfig: {
    UPSTREAM_ERROR_BESIDE_RESULT: {
      description:
        'The upstream reported an error and a whole result at once. The result counts: money may have moved.',
    },
    QUANTITY_DIFFERS: { description: 'The upstream confirmed another quantity than was ordered.' },
    GROUP_DIFFERS: { description: 'The upstream confirmed another group than was named.' },
    TOTALS_DIFFER: { description: 'Net total plus tax is not the gross total. The figures are shown as sent.' },
    STATUS_MISSING: { description: 'The answer is whole but carries no status.' },
    VALUE_UNREADABLE: { description: 'A value of the answer could not be read and is null.' },
  },
});

@ObjectType('BillingWarning', {
  simpleResolvers: true,
  description: 'The write succeeded, and something about its answer is odd. Nothing needs to be sent again.',
})
export class BillingWarningType implements BillingWarning {
  @Field(() => BillingWarningCodeEnum, { description: 'What to decide by.' })
  readonly code!: BillingWarningCode;

  @Field(() => String, { description: 'One sentence in English for a developer or an operator.' })
  readonly message!: string;
}
