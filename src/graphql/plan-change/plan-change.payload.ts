import { Field, ObjectType } from 'type-graphql';
import type { BillingPlan } from '../../domain/billing-plan.js';
import type { GroupRef } from '../../reads/billing-reads.js';
import { GroupType } from '../group/group.type.js';
import { WritePayloadFields } from '../payload/write.payload.js';
import { BillingPlanType } from '../plan/plan.type.js';

@ObjectType('ChangePlanPayload', { simpleResolvers: true, description: 'Answer to `changePlan`.' })
export class ChangePlanPayload extends WritePayloadFields {
  @Field(() => BillingPlanType, {
    nullable: true,
    description: 'The plan now in force. Non-null exactly when the change succeeded.',
  })
  readonly plan!: BillingPlan | null;

  @Field(() => GroupType, {
    nullable: true,
    description:
      'The group whose plan was changed; its own `plan` is read anew. Null when the change did not succeed, or the number of the group is not known.',
  })
  readonly group!: GroupRef | null;
}
