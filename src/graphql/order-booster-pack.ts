import { Arg, Ctx, Field, FieldResolver, ID, InputType, Int, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import { namedGroup } from '../domain/billing-history.js';
import { type AvailablePack, itemOf } from '../domain/catalogue.js';
import type { Money } from '../domain/money.js';
import type { BoosterPackOrder } from '../domain/purchases.js';
import type { GroupRef } from '../reads/billing-reads.js';
import { AvailablePackType } from './catalogue.js';
import type { GatewayContext, PlainFields } from './context.js';
import { CostsUpstreamCall, MovesMoney } from './federation-directive.js';
import { GroupType } from './group.type.js';
import { LongScalar, MoneyType } from './scalars.js';
import {
  ExpectedPriceInput,
  HeldDocumentsFields,
  IDEMPOTENCY_KEY_DESCRIPTION,
  REPEATS_DESCRIPTION,
  WritePayloadFields,
} from './write.payload.js';

@InputType('OrderBoosterPackInput', { description: 'The packs and their group.' })
class OrderBoosterPackInput extends HeldDocumentsFields {
  @Field(() => ID, { description: IDEMPOTENCY_KEY_DESCRIPTION })
  readonly idempotencyKey!: string;

  @Field(() => ID, { description: 'Number of the booster pack to order (`pack_id`): 1 to 18 digits.' })
  readonly packId!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The group to order for (`group_id`). Default: the api key's own group.",
  })
  readonly groupId?: string | null;

  @Field(() => Int, { defaultValue: 1, description: 'How many packs: 1 to 100.' })
  readonly quantity!: number;

  @Field(() => ExpectedPriceInput, {
    nullable: true,
    description:
      'The price that the user was shown, for one pack. The gateway reads the catalogue anew. When the catalogue ' +
      'differs or cannot be read, the gateway sends nothing: `PRECONDITION_FAILED`.',
  })
  readonly expected?: ExpectedPriceInput | null;

  @Field(() => ID, { nullable: true, description: REPEATS_DESCRIPTION })
  readonly repeats?: string | null;
}

@ObjectType('BoosterPackOrder', { simpleResolvers: true, description: 'Booster packs that were ordered (`pack`).' })
class BoosterPackOrderType implements Omit<BoosterPackOrder['pack'], 'groupId'> {
  @Field(() => ID, {
    description: "The upstream's id of the newly ordered pack. It may differ from the requested `packId`.",
  })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Name of the pack (`plan_name`).' })
  readonly name!: string | null;

  @Field(() => LongScalar, {
    nullable: true,
    description: 'Documents in one pack, not in all of them (`allowed_documents`).',
  })
  readonly allowedDocuments!: number | null;

  @Field(() => MoneyType, {
    nullable: true,
    description:
      'End-user price as reported (`price`). The upstream says neither whether it is for one pack or for all, nor ' +
      'in which currency.',
  })
  readonly price!: Money | null;

  @Field(() => LongScalar, { nullable: true, description: 'How many packs the upstream confirmed (`quantity`).' })
  readonly quantity!: number | null;

  @Field(() => GroupType, {
    nullable: true,
    description: 'The group that the packs belong to (`group_id`). Null when not reported.',
  })
  readonly group!: GroupRef | null;
}

@ObjectType('BoosterPackSummary', {
  simpleResolvers: true,
  description: 'The state of all booster packs after the order (`pack_summary`).',
})
class BoosterPackSummaryType {
  @Field(() => LongScalar, { nullable: true, description: 'Documents used of all packs (`total_used_documents`).' })
  readonly totalUsedDocuments!: number | null;

  @Field(() => LongScalar, {
    nullable: true,
    description: 'Documents left in all packs (`total_available_documents`).',
  })
  readonly totalAvailableDocuments!: number | null;
}

@ObjectType('OrderBoosterPackPayload', { simpleResolvers: true, description: 'Result of `orderBoosterPack`.' })
class OrderBoosterPackPayload extends WritePayloadFields {
  @Field(() => BoosterPackOrderType, {
    nullable: true,
    description: 'The ordered packs. Non-null exactly when the order succeeded.',
  })
  readonly pack!: BoosterPackOrder['pack'] | null;

  @Field(() => BoosterPackSummaryType, {
    nullable: true,
    description: 'All booster packs after the order. Null when the order did not succeed or the upstream left it out.',
  })
  readonly summary!: BoosterPackOrder['summary'];

  @CostsUpstreamCall()
  @Field(() => AvailablePackType, {
    nullable: true,
    description:
      "The requested pack (`packId` of the input), as the group's catalogue offers it. Null when the order did " +
      'not succeed or the catalogue has no such pack. Null with an error when the catalogue could not be read; ' +
      'the order itself is not affected.',
  })
  readonly catalogue!: AvailablePack | null;
}

/** The mutation's payload. The chosen pack is looked up only when a client selects it. */
interface OrderBoosterPackResult extends Omit<PlainFields<OrderBoosterPackPayload>, 'catalogue'> {
  /** Null when the order did not succeed. */
  readonly chosen: { readonly packId: string; readonly groupId: string | null } | null;
}

@Resolver(() => BoosterPackOrderType)
export class BoosterPackResolver {
  @MovesMoney()
  @CostsUpstreamCall()
  @Mutation(() => OrderBoosterPackPayload, {
    description:
      'Orders booster packs at once: documents in addition to the plan. This is a charge, made once per ' +
      '`idempotencyKey`.',
  })
  async orderBoosterPack(
    @Arg('input', () => OrderBoosterPackInput, { description: 'The packs and their group.' })
    input: PlainFields<OrderBoosterPackInput>,
    @Ctx() { writes }: GatewayContext,
  ): Promise<OrderBoosterPackResult> {
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
    @Root() { chosen }: OrderBoosterPackResult,
    @Ctx() { reads }: GatewayContext,
  ): Promise<AvailablePack | null> {
    if (chosen === null) return null;
    return itemOf((await reads.catalogue(chosen.groupId, 'catalogue')).packs, chosen.packId);
  }
}
