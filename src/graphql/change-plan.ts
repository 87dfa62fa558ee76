import { Arg, Ctx, Field, FieldResolver, ID, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { BillingPlan } from '../domain/billing-history.js';
import { namedGroup } from '../domain/billing-history.js';
import { itemOf } from '../domain/catalogue.js';
import { readableOrNull } from '../domain/money.js';
import type { GroupRef } from '../reads/billing-reads.js';
import { AvailablePlanType, type PlanOfGroup } from './catalogue.js';
import type { GatewayContext, PlainFields } from './context.js';
import { CostsUpstreamCall, MovesMoney } from './federation-directive.js';
import { BillingPlanType, GroupType } from './group.type.js';
import {
  ExpectedPriceInput,
  HeldDocumentsFields,
  IDEMPOTENCY_KEY_DESCRIPTION,
  REPEATS_DESCRIPTION,
  WritePayloadFields,
} from './write.payload.js';

@InputType('ChangePlanInput', { description: 'The plan and its group.' })
class ChangePlanInput extends HeldDocumentsFields {
  @Field(() => ID, { description: IDEMPOTENCY_KEY_DESCRIPTION })
  readonly idempotencyKey!: string;

  @Field(() => ID, {
    description:
      'Number of the plan to change to (`plan_id`): 1 to 18 digits. The number of the plan in force renews that ' +
      'plan, which is another charge.',
  })
  readonly planId!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The group to change (`group_id`). Default: the api key's own group.",
  })
  readonly groupId?: string | null;

  @Field(() => ExpectedPriceInput, {
    nullable: true,
    description:
      'The price that the user was shown, for one billing period. The gateway reads the catalogue anew. When the ' +
      'catalogue differs or cannot be read, the gateway sends nothing: `PRECONDITION_FAILED`.',
  })
  readonly expected?: ExpectedPriceInput | null;

  @Field(() => ID, { nullable: true, description: REPEATS_DESCRIPTION })
  readonly repeats?: string | null;
}

@ObjectType('ChangePlanPayload', { simpleResolvers: true, description: 'Result of `changePlan`.' })
class ChangePlanPayload extends WritePayloadFields {
  @Field(() => BillingPlanType, {
    nullable: true,
    description: 'The plan now in force. Non-null exactly when the change succeeded.',
  })
  readonly plan!: BillingPlan | null;

  @Field(() => GroupType, {
    nullable: true,
    description:
      'The group whose plan was changed. Its `plan` is read anew. Null when the change did not succeed, or the ' +
      'number of the group is not known.',
  })
  readonly group!: GroupRef | null;

  @CostsUpstreamCall()
  @Field(() => AvailablePlanType, {
    nullable: true,
    description:
      "The requested plan (`planId` of the input), as the group's catalogue offers it. Null when the change did " +
      'not succeed or the catalogue has no such plan. Null with an error when the catalogue could not be read; ' +
      'the change itself is not affected.',
  })
  readonly catalogue!: PlanOfGroup | null;
}

/** The mutation's payload. The chosen plan is looked up only when a client selects it. */
interface ChangePlanResult extends Omit<PlainFields<ChangePlanPayload>, 'catalogue'> {
  /** Null when the change did not succeed. */
  readonly chosen: { readonly planId: string; readonly group: GroupRef | null } | null;
}

@Resolver(() => ChangePlanPayload)
export class PlanChangeResolver {
  @MovesMoney()
  @CostsUpstreamCall()
  @Mutation(() => ChangePlanPayload, {
    description:
      'Adds, upgrades, downgrades or renews the plan of a group, for all its workflows. This is a charge, made ' +
      'once per `idempotencyKey`.',
  })
  async changePlan(
    @Arg('input', () => ChangePlanInput, { description: 'The plan and its group.' })
    input: PlainFields<ChangePlanInput>,
    @Ctx() { writes, reads }: GatewayContext,
  ): Promise<ChangePlanResult> {
    const { value, ...rest } = await writes.changePlan({ ...input, groupId: input.groupId ?? null });
    if (value === null) return { ...rest, plan: null, group: null, chosen: null };
    const startDate = readableOrNull(value.plan.startDate);
    if (startDate !== null) reads.noteBegun(Date.parse(startDate));
    const group = namedGroup(rest.operation?.groupId ?? null, null);
    return { ...rest, plan: value.plan, group, chosen: { planId: input.planId, group } };
  }

  @FieldResolver()
  async catalogue(@Root() { chosen }: ChangePlanResult, @Ctx() { reads }: GatewayContext): Promise<PlanOfGroup | null> {
    if (chosen === null) return null;
    const { planId, group } = chosen;
    const plan = itemOf((await reads.catalogue(group?.id ?? null, 'catalogue')).plans, planId);
    return plan === null ? null : { ...plan, group };
  }
}
