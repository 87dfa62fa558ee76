import { Arg, Authorized, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { namedGroup } from '../../domain/billing-activity.js';
import { type AvailablePack, itemOf } from '../../domain/catalogue.js';
import type { BoosterPackOrder } from '../../domain/purchases.js';
import type { GroupRef } from '../../reads/billing-reads.js';
import type { GatewayContext } from '../context.js';
import { CostsUpstreamCall, MovesMoney } from '../federation.directive.js';
import type { PlainFields } from '../payload/plain-fields.js';
import { mutationScopes } from '../scopes.js';
import { OrderBoosterPackInput } from './booster-pack.input.js';
import { type OrderBoosterPackAnswer, OrderBoosterPackPayload } from './booster-pack.payload.js';
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
  ): Promise<OrderBoosterPackAnswer> {
    const { value, ...rest } = await writes.orderBoosterPack({ ...input, groupId: input.groupId ?? null });
    const chosen = value === null ? null : { packId: input.packId, groupId: rest.operation?.groupId ?? null };
    return { ...rest, pack: value?.pack ?? null, summary: value?.summary ?? null, chosen };
  }

  @FieldResolver()
  group(@Root() pack: BoosterPackOrder['pack']): GroupRef | null {
    return namedGroup(pack.groupId, null);
  }
}

@Resolver(() => OrderBoosterPackPayload)
export class OrderBoosterPackPayloadResolver {
  @FieldResolver()
  async catalogue(
    @Root() { chosen }: OrderBoosterPackAnswer,
    @Ctx() { reads }: GatewayContext,
  ): Promise<AvailablePack | null> {
    if (chosen === null) return null;
    return itemOf((await reads.catalogue(chosen.groupId, 'catalogue')).packs, chosen.packId);
  }
}
