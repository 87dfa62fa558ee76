import { Field, ObjectType } from 'type-graphql';
import type { BillingUserError } from '../../billing/billing-writes.js';
import type { BillingErrorCode } from '../../domain/errors.js';
import { AssumedSize } from '../federation.directive.js';
import { BillingErrorCodeEnum } from './user-error.enum.js';

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
