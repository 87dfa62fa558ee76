import { Field, ID, InputType } from 'type-graphql';
import { HeldDocumentsFields } from '../payload/held-documents.input.js';
import { IDEMPOTENCY_KEY_DESCRIPTION } from '../payload/idempotency-key.description.js';

@InputType('ChangePlanInput', { description: 'Which plan, and for whom.' })
export class ChangePlanInput extends HeldDocumentsFields {
  @Field(() => ID, { description: IDEMPOTENCY_KEY_DESCRIPTION })
  readonly idempotencyKey!: string;

  @Field(() => ID, {
    description:
      'Number of the plan to change to (`plan_id`): 1 to 18 digits. The plan that is in force renews it: another charge.',
  })
  readonly planId!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The group to change (`group_id`). Default: the api key's own group.",
  })
  readonly groupId?: string | null;
}
