import { Field, ID, InputType } from 'type-graphql';
import { BillingOperationResolutionEnum } from './operation.enum.js';

@InputType('ResolveBillingOperationInput', {
  description: "An operator's decision about a write whose outcome is unknown.",
})
export class ResolveBillingOperationInput {
  @Field(() => ID, { description: 'The key of the write.' })
  readonly idempotencyKey!: string;

  @Field(() => BillingOperationResolutionEnum, { description: 'What the operator found.' })
  readonly outcome!: keyof typeof BillingOperationResolutionEnum;

  @Field(() => String, {
    description: 'How it was found out, for the audit: 1 to 500 characters, no secrets and nothing personal.',
  })
  readonly note!: string;
}
