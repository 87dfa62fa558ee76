import { Arg, Ctx, Field, FieldResolver, ID, ObjectType, Resolver, Root } from 'type-graphql';
import type { BillingPlan } from '../domain/billing-history.js';
import { itemOf } from '../domain/catalogue.js';
import { BillingError, badInput } from '../domain/errors.js';
import { parseNumericId } from '../domain/group-id.js';
import type { Money, Readable } from '../domain/money.js';
import {
  type PlanChangeDirection,
  type PlanChangePreview,
  type PlanChangeUnknown,
  previewPlanChange,
} from '../domain/plan-change.policy.js';
import type { GroupRef } from '../reads/billing-reads.js';
import { AvailablePlanType, type PlanOfGroup } from './catalogue.js';
import type { GatewayContext } from './context.js';
import { PlanChangeDirectionEnum, PlanChangeUnknownEnum } from './enums.js';
import { AssumedSize, CostsUpstreamCall } from './federation-directive.js';
import { BillingPlanType, GroupType } from './group.type.js';
import { LongScalar, MoneyType } from './scalars.js';

@ObjectType('PlanChangePreview', {
  simpleResolvers: true,
  description:
    'Facts about a plan change before `changePlan` is called. The gateway estimates nothing: `notKnown` lists ' +
    'what the upstream alone decides.',
})
export class PlanChangePreviewType implements PlanChangePreview {
  @Field(() => BillingPlanType, {
    nullable: true,
    description: 'The plan in force now. Null when the group has none.',
  })
  readonly from!: BillingPlan | null;

  @Field(() => AvailablePlanType, {
    description:
      "The new plan, as the group's catalogue offers it now. The gateway reads it anew; `availablePlans` may be " +
      'up to a minute old.',
  })
  readonly to!: PlanOfGroup;

  @Field(() => MoneyType, {
    nullable: true,
    description:
      '`to.price` minus `from.price`, exact: negative where the new plan is cheaper. It is the difference of the ' +
      'prices of one period each, not the coming charge. Null unless both prices name the same currency.',
  })
  readonly difference!: Money | null;

  @Field(() => PlanChangeDirectionEnum, { description: 'Direction of the change, by documents in a period.' })
  readonly direction!: PlanChangeDirection;

  @Field(() => LongScalar, {
    nullable: true,
    description:
      'Documents left in the plan in force (`from.remainingDocuments`). Whether they are lost is not known. Null ' +
      'when there is no plan in force, or the number is not known.',
  })
  readonly unusedDocuments!: Readable<number>;

  @AssumedSize(5)
  @Field(() => [PlanChangeUnknownEnum], {
    description: 'Facts that this preview cannot tell. Show them next to the figures.',
  })
  readonly notKnown!: readonly PlanChangeUnknown[];
}

@Resolver(() => GroupType)
export class PlanChangePreviewResolver {
  @CostsUpstreamCall()
  @FieldResolver(() => PlanChangePreviewType, {
    nullable: true,
    description:
      'Facts about a change to that plan, for a page that asks the user before it calls `changePlan`. It changes ' +
      "nothing. Null with `NOT_FOUND` when the group's catalogue has no such plan. Null with the read's error " +
      'when the catalogue or the plan in force could not be read. Two upstream calls.',
  })
  async planChangePreview(
    @Root() group: GroupRef,
    @Arg('planId', () => ID, {
      description: 'Number of the plan to change to, as `availablePlans` has it: 1 to 18 digits, greater than 0.',
    })
    planId: string,
    @Ctx() context: GatewayContext,
  ): Promise<Omit<PlanChangePreview, 'to'> & { readonly to: PlanOfGroup }> {
    if (parseNumericId(planId) === null) {
      throw badInput('A plan id is 1 to 18 digits and greater than 0.', ['planId']);
    }
    const [{ plans }, from] = await Promise.all([
      context.reads.catalogueAnew(group.id, 'planChangePreview'),
      context.reads.planAnew(group.id),
    ]);
    const to = itemOf(plans, planId);
    if (to === null) throw new BillingError('NOT_FOUND', "The group's catalogue has no such plan.");
    return { ...previewPlanChange(from, to, plans), to: { ...to, group } };
  }
}
