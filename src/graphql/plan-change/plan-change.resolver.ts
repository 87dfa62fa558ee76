import { Arg, Authorized, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { itemOf } from '../../domain/catalogue.js';
import type { PlanOfGroup } from '../catalogue/catalogue.type.js';
import type { GatewayContext } from '../context.js';
import { CostsUpstreamCall, MovesMoney } from '../federation.directive.js';
import { groupOfRow } from '../group/group.reference.js';
import type { PlainFields } from '../payload/plain-fields.js';
import { mutationScopes } from '../scopes.js';
import { ChangePlanInput } from './plan-change.input.js';
import { type ChangePlanAnswer, ChangePlanPayload } from './plan-change.payload.js';

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
    @Ctx() { writes }: GatewayContext,
  ): Promise<ChangePlanAnswer> {
    const { value, ...rest } = await writes.changePlan({ ...input, groupId: input.groupId ?? null });
    const groupId = rest.operation?.groupId ?? null;
    const done =
      value === null ? null : { group: groupOfRow(groupId, null), chosen: { planId: input.planId, groupId } };
    return { ...rest, plan: value?.plan ?? null, group: done?.group ?? null, chosen: done?.chosen ?? null };
  }

  @FieldResolver()
  async catalogue(@Root() { chosen }: ChangePlanAnswer, @Ctx() { reads }: GatewayContext): Promise<PlanOfGroup | null> {
    if (chosen === null) return null;
    const { planId, groupId } = chosen;
    const plan = itemOf((await reads.catalogue(groupId, 'catalogue')).plans, planId);
    return plan === null ? null : { ...plan, groupId };
  }
}
