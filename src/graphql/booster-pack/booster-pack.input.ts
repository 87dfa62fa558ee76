import { Field, ID, InputType, Int } from 'type-graphql';
import { HeldDocumentsFields } from '../payload/held-documents.input.js';
import { IDEMPOTENCY_KEY_DESCRIPTION } from '../payload/idempotency-key.description.js';

@InputType('OrderBoosterPackInput', { description: 'What to order, and for whom.' })
export class OrderBoosterPackInput extends HeldDocumentsFields {
  @Field(() => ID, { description: IDEMPOTENCY_KEY_DESCRIPTION })
  readonly idempotencyKey!: string;

  @Field(() => ID, { description: 'Number of the booster pack to order (`pack_id`): 1 to 18 digits.' })
  readonly packId!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The group to order for (`group_id`). Default: the api key's own group.",
  })
  readonly groupId?: string | null;

  @Field(() => Int, { defaultValue: 1, description: 'How many packs: 1 to 100.' })
  readonly quantity!: number;
}
