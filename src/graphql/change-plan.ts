import {
  Arg,
  Authorized,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import type { BillingPlan } from '../domain/billing-history.js';
import { namedGroup } from '../domain/billing-history.js';
import { itemOf } from '../domain/catalogue.js';
import { readableOrNull } from '../domain/money.js';
import type { GroupRef } from '../reads/billing-reads.js';
import { AvailablePlanType, type PlanOfGroup } from './catalogue.js';
import type { GatewayContext, PlainFields } from './context.js';
import { CostsUpstreamCall, MovesMoney } from './federation.directive.js';
import { BillingPlanType, GroupType } from './group.type.js';
import { mutationScopes } from './scopes.js';
import {
  ExpectedPriceInput,
  HeldDocumentsFields,
  IDEMPOTENCY_KEY_DESCRIPTION,
  REPEATS_DESCRIPTION,
  WritePayloadFields,
} from './write.payload.js';

@InputType('ChangePlanInput', { description: 'Which plan, and for whom.' })
class ChangePlanInput extends HeldDocumentsFields {
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

  @Field(() => ExpectedPriceInput, {
    nullable: true,
    description:
      'The price that the user was shown, for one billing period. The gateway reads the catalogue anew; `PRECONDITION_FAILED`, and nothing sent, when it says otherwise or cannot be read.',
  })
  readonly expected?: ExpectedPriceInput | null;

  @Field(() => ID, { nullable: true, description: REPEATS_DESCRIPTION })
  readonly repeats?: string | null;
}

@ObjectType('ChangePlanPayload', { simpleResolvers: true, description: 'Answer to `changePlan`.' })
class ChangePlanPayload extends WritePayloadFields {
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
interface ChangePlanAnswer extends Omit<PlainFields<ChangePlanPayload>, 'catalogue'> {
  /** Null when the change did not succeed. */
  readonly chosen: { readonly planId: string; readonly group: GroupRef | null } | null;
}

/** Clocks differ by less on well-kept machines. A plan that starts later than this starts later by intent. */
const CLOCK_DIFFERENCE_MS = 60_000;

/**
 * When to look at the group's plan after the change: the new plan starts, by the upstream's clock, after the request
 * came, and at that moment the old one would still show. Undefined: when the request came.
 */
function planMoment(plan: BillingPlan, nowMs: number): { readonly planAtMs?: number } {
  const startMs = Date.parse(readableOrNull(plan.startDate) ?? '');
  return startMs > nowMs && startMs <= nowMs + CLOCK_DIFFERENCE_MS ? { planAtMs: startMs } : {};
}

@Resolver(() => ChangePlanPayload)
export class PlanChangeResolver {
  @MovesMoney()
  @CostsUpstreamCall()
  @Authorized(mutationScopes('changePlan'))
  @Mutation(() => ChangePlanPayload, {
    description:
      'Adds, upgrades, downgrades or renews the plan of a group, for all its workflows. This is a charge, made once per `idempotencyKey`.',
  })
  async changePlan(
    @Arg('input', () => ChangePlanInput, { description: 'Which plan, and for whom.' })
    input: PlainFields<ChangePlanInput>,
    @Ctx() { writes, nowMs }: GatewayContext,
  ): Promise<ChangePlanAnswer> {
    const { value, ...rest } = await writes.changePlan({ ...input, groupId: input.groupId ?? null });
    if (value === null) return { ...rest, plan: null, group: null, chosen: null };
    const named = namedGroup(rest.operation?.groupId ?? null, null);
    const group = named === null ? null : { ...named, ...planMoment(value.plan, nowMs) };
    return { ...rest, plan: value.plan, group, chosen: { planId: input.planId, group } };
  }

  @FieldResolver()
  async catalogue(@Root() { chosen }: ChangePlanAnswer, @Ctx() { reads }: GatewayContext): Promise<PlanOfGroup | null> {
    if (chosen === null) return null;
    const { planId, group } = chosen;
    const plan = itemOf((await reads.catalogue(group?.id ?? null, 'catalogue')).plans, planId);
    return plan === null ? null : { ...plan, group };
  }
}
