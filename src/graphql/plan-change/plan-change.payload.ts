import { Field, ObjectType } from 'type-graphql';
import type { BillingPlan } from '../../domain/billing-plan.js';
import type { GroupRef } from '../../reads/billing-reads.js';
import { AvailablePlanType, type PlanOfGroup } from '../catalogue/catalogue.type.js';
import { CostsUpstreamCall } from '../federation.directive.js';
import { GroupType } from '../group/group.type.js';
import type { PlainFields } from '../payload/plain-fields.js';
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

  @CostsUpstreamCall()
  @Field(() => AvailablePlanType, {
    nullable: true,
    description:
      "The plan that was asked for (`planId` of the input), as the group's catalogue offers it. Null when the change did not succeed or the catalogue has no such plan; null with an error when the catalogue could not be read, which says nothing about the change.",
  })
  readonly catalogue!: PlanOfGroup | null;
}

/** A payload as its mutation answers it: what was chosen is looked up only when somebody asks. */
export interface ChangePlanAnswer extends Omit<PlainFields<ChangePlanPayload>, 'catalogue'> {
  /** Null when the change did not succeed. */
  readonly chosen: { readonly planId: string; readonly group: GroupRef | null } | null;
}
