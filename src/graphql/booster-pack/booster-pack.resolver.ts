import { Arg, Authorized, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { BoosterPackOrder } from '../../domain/purchases.js';
import type { GroupRef } from '../../reads/billing-reads.js';
import type { GatewayContext } from '../context.js';
import { CostsUpstreamCall, MovesMoney } from '../federation.directive.js';
import { groupOfRow } from '../group/group.reference.js';
import type { PlainFields } from '../payload/plain-fields.js';
import { mutationScopes } from '../scopes.js';
import { OrderBoosterPackInput } from './booster-pack.input.js';
import { OrderBoosterPackPayload } from './booster-pack.payload.js';
import { BoosterPackOrderType } from './booster-pack.type.js';

@Resolver(() => BoosterPackOrderType)
export class BoosterPackResolver {
  @MovesMoney()
  @CostsUpstreamCall()
  @Authorized(mutationScopes('orderBoosterPack'))
  @Mutation(() => OrderBoosterPackPayload, {
    description:
      'Orders booster packs at once: documents on top of the plan. This is a charge, made once per `idempotencyKey`.',
  })
  async orderBoosterPack(
    @Arg('input', () => OrderBoosterPackInput, { description: 'What to order, and for whom.' })
    input: PlainFields<OrderBoosterPackInput>,
    @Ctx() { writes }: GatewayContext,
  ): Promise<PlainFields<OrderBoosterPackPayload>> {
    const { value, ...rest } = await writes.orderBoosterPack({ ...input, groupId: input.groupId ?? null });
    return { ...rest, pack: value?.pack ?? null, summary: value?.summary ?? null };
  }

  @FieldResolver()
  group(@Root() pack: BoosterPackOrder['pack']): GroupRef | null {
    return groupOfRow(pack.groupId, null);
  }
}
