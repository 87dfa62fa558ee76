import { Field, ID, InputType } from 'type-graphql';
import { PersonalData } from '../federation.directive.js';
import { IDEMPOTENCY_KEY_DESCRIPTION } from '../payload/idempotency-key.description.js';
import { UuidScalar } from '../scalars/uuid.scalar.js';

@InputType('BillingContactInput', {
  description:
    'Whom to bill (`Billing`). Personal data: sent upstream, never stored or logged. What is left out is not sent.',
})
export class BillingContactInput {
  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Postal address (`Address`), at most 255 characters.' })
  readonly address?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Company (`Company`), at most 255 characters.' })
  readonly company?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'E-mail address (`Email`), at most 255 characters.' })
  readonly email?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Mobile number (`Mobile`), at most 255 characters.' })
  readonly mobile?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Phone number (`Phone`), at most 255 characters.' })
  readonly phone?: string | null;
}

@InputType('PurchaseCreditsInput', { description: 'Which purchase, and whom to bill.' })
export class PurchaseCreditsInput {
  @Field(() => ID, { description: IDEMPOTENCY_KEY_DESCRIPTION })
  readonly idempotencyKey!: string;

  @Field(() => UuidScalar, {
    description:
      "The purchase to make (`PurchaseID`); quantity and price follow from it on the upstream's side. Not the zero UUID.",
  })
  readonly purchaseId!: string;

  @Field(() => String, {
    nullable: true,
    description: "The buyer's own order number (`PurchaseOrder`), at most 255 characters. Some accounts require it.",
  })
  readonly purchaseOrder?: string | null;

  @Field(() => BillingContactInput, {
    nullable: true,
    description: "Whom to bill. Default: the account's own details.",
  })
  readonly billing?: BillingContactInput | null;
}
