import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { BillingUserError } from '../billing/billing-writes.js';
import { BILLING_ERROR_CODES, type BillingErrorCode } from '../domain/errors.js';
import type { BillingWarning, BillingWarningCode } from '../domain/write.js';
import { ERROR_CATALOGUE } from './error-catalogue.js';
import { AssumedSize } from './federation.directive.js';

/**
 * The closed list of codes as a GraphQL enum: value and name are equal, or defaults would change in the printed schema.
 */
const BillingErrorCodeEnum: Readonly<Record<string, BillingErrorCode>> = Object.fromEntries(
  BILLING_ERROR_CODES.map((code) => [code, code]),
);

registerEnumType(BillingErrorCodeEnum, {
  name: 'BillingErrorCode',
  description: 'Why something failed. The list is closed, and codes are the contract: messages may change.',
  valuesConfig: Object.fromEntries(
    BILLING_ERROR_CODES.map((code) => [code, { description: ERROR_CATALOGUE[code].meaning }]),
  ),
});

@ObjectType('BillingUserError', {
  simpleResolvers: true,
  description: 'Why a valid, authorised write did not succeed, as far as it is known.',
})
export class BillingUserErrorType implements BillingUserError {
  @Field(() => BillingErrorCodeEnum, { description: 'What to decide by; see docs/errors.md for what to do.' })
  readonly code!: BillingErrorCode;

  @Field(() => String, {
    description: 'One sentence in English for a developer or an operator. May change: decide by `code`.',
  })
  readonly message!: string;

  @AssumedSize(3)
  @Field(() => [String], {
    nullable: true,
    description:
      'Path of the input field at fault, outermost first: `["input", "quantity"]`. Null when no single field is.',
  })
  readonly field!: string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The upstream's own status, as text: `<status>` of Xtracta, `ErrorCode` of PurchaseCredits, else the HTTP status. Null when none was received.",
  })
  readonly upstreamStatus!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The upstream's own words (`<message>`, `ErrorReason`): plain text of at most 300 characters, keys, URLs and e-mail addresses removed. Null when there are none.",
  })
  readonly upstreamMessage!: string | null;

  @Field(() => Boolean, {
    description: 'True: the same request may be sent again, with the same `idempotencyKey`, without a second charge.',
  })
  readonly retryable!: boolean;
}

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
