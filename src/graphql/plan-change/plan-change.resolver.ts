import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../context.js';
import { CostsUpstreamCall, MovesMoney } from '../federation.directive.js';
import { groupOfRow } from '../group/group.reference.js';
import type { PlainFields } from '../payload/plain-fields.js';
import { mutationScopes } from '../scopes.js';
import { ChangePlanInput } from './plan-change.input.js';
import { ChangePlanPayload } from './plan-change.payload.js';

@Resolver()
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
  ): Promise<PlainFields<ChangePlanPayload>> {
    const { value, ...rest } = await writes.changePlan({ ...input, groupId: input.groupId ?? null });
    const group = value === null ? null : groupOfRow(rest.operation?.groupId ?? null, null);
    return { ...rest, plan: value?.plan ?? null, group };
  }
}
