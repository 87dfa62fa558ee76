import { Arg, Authorized, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { namedGroup } from '../../domain/billing-activity.js';
import type { BillingPlan } from '../../domain/billing-plan.js';
import { itemOf } from '../../domain/catalogue.js';
import { readableOrNull } from '../../domain/readable.js';
import type { PlanOfGroup } from '../catalogue/catalogue.type.js';
import type { GatewayContext } from '../context.js';
import { CostsUpstreamCall, MovesMoney } from '../federation.directive.js';
import type { PlainFields } from '../payload/plain-fields.js';
import { mutationScopes } from '../scopes.js';
import { ChangePlanInput } from './plan-change.input.js';
import { type ChangePlanAnswer, ChangePlanPayload } from './plan-change.payload.js';

/** Clocks differ by less on well-kept machines. A plan that starts later than this starts later by intent. */
const CLOCK_DIFFERENCE_MS = 60_000;

/**
 * When to look at the group's plan after the change: the new plan starts, by the upstream's clock, after the request came, and at that
 * moment the old one would still show. Undefined: when the request came.
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
