import { Field, ID, ObjectType } from 'type-graphql';
import type { Money } from '../../domain/money.js';
import type { BoosterPackOrder } from '../../domain/purchases.js';
import type { GroupRef } from '../../reads/billing-reads.js';
import { GroupType } from '../group/group.type.js';
import { MoneyType } from '../money/money.type.js';
import { LongScalar } from '../scalars/long.scalar.js';

@ObjectType('BoosterPackOrder', { simpleResolvers: true, description: 'Booster packs that were ordered (`pack`).' })
export class BoosterPackOrderType implements Omit<BoosterPackOrder['pack'], 'groupId'> {
  @Field(() => ID, {
    description: "The upstream's id of the newly ordered pack; not necessarily the `packId` that was asked for.",
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
      'End-user price as reported (`price`). The upstream does not say whether for one pack or for all, nor in which currency.',
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
export class BoosterPackSummaryType {
  @Field(() => LongScalar, { nullable: true, description: 'Documents used of all packs (`total_used_documents`).' })
  readonly totalUsedDocuments!: number | null;

  @Field(() => LongScalar, {
    nullable: true,
    description: 'Documents left in all packs (`total_available_documents`).',
  })
  readonly totalAvailableDocuments!: number | null;
}
