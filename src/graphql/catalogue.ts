import { Ctx, Field, FieldResolver, ID, ObjectType, Resolver, Root } from 'type-graphql';
import type { PlanType } from '../domain/billing-history.js';
import type { AvailablePack, AvailablePlan } from '../domain/catalogue.js';
import { type DecimalText, type Money, priceDifference, pricePerDocument, type Readable } from '../domain/money.js';
import type { GroupRef } from '../reads/billing-reads.js';
import type { GatewayContext } from './context.js';
import { PlanTypeEnum } from './enums.js';
import { CostsUpstreamCall } from './federation-directive.js';
import { DecimalScalar, LongScalar, MoneyType } from './scalars.js';

/** A plan together with the group that may choose it; null: the api key's own group. */
export interface PlanOfGroup extends AvailablePlan {
  readonly group: GroupRef | null;
}

const WHOLESALE_PRICE =
  'Price that a reseller pays (`wholesale_price`), without a currency because the upstream names none. Null where ' +
  'the upstream shows none. Needs the scope `billing:wholesale`.';
const PRICE_PER_DOCUMENT =
  '`price` divided by `allowedDocuments`, in the currency of `price`. Exact where the quotient terminates, else ' +
  'rounded half to even to six decimals. Null when either is unknown or there are no documents.';
const CURRENCY =
  'The currency is null where the catalogue names none, which the manual allows. The gateway never guesses it.';

@ObjectType('AvailablePlan', {
  simpleResolvers: true,
  description:
    'A plan from the catalogue of the upstream, available to a group. An unreadable value is null with an error ' +
    'at its path.',
})
export class AvailablePlanType implements AvailablePlan {
  @Field(() => ID, { description: 'Number of the plan (`id`): the `planId` of `changePlan`.' })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Name of the plan (`plan_name`).' })
  readonly name!: Readable<string>;

  @Field(() => PlanTypeEnum, { description: 'Length of a billing period.' })
  readonly type!: PlanType;

  @Field(() => String, {
    nullable: true,
    description: "The upstream's own word (`plan_type`). Null when it left it out.",
  })
  readonly typeRaw!: Readable<string>;

  @Field(() => LongScalar, { nullable: true, description: 'Documents in each period (`allowed_documents`).' })
  readonly allowedDocuments!: Readable<number>;

  @Field(() => MoneyType, { nullable: true, description: `End-user price of one period (\`price\`). ${CURRENCY}` })
  readonly price!: Readable<Money>;

  @Field(() => MoneyType, { nullable: true, description: WHOLESALE_PRICE })
  readonly wholesalePrice!: Readable<Money>;

  @Field(() => DecimalScalar, { nullable: true, description: PRICE_PER_DOCUMENT })
  readonly pricePerDocument!: DecimalText | null;

  @CostsUpstreamCall()
  @Field(() => MoneyType, {
    nullable: true,
    description:
      "`price` minus the price of the group's plan in force, exact: negative where this plan is cheaper. It " +
      'compares the prices of one period each, so also compare `type`. Null when the group has no plan, a price ' +
      'is unknown, or the two do not name the same currency. One call for all plans of a group.',
  })
  readonly differenceToCurrent!: Money | null;
}

@ObjectType('AvailablePack', {
  simpleResolvers: true,
  description:
    'A booster pack that a group may order, from the catalogue of the upstream: documents granted once, in ' +
    'addition to the plan. An unreadable value is null with an error at its path.',
})
export class AvailablePackType implements AvailablePack {
  @Field(() => ID, { description: 'Number of the pack (`id`): the `packId` of `orderBoosterPack`.' })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Name of the pack (`pack_name`).' })
  readonly name!: Readable<string>;

  @Field(() => LongScalar, { nullable: true, description: 'Documents in one pack (`allowed_documents`).' })
  readonly allowedDocuments!: Readable<number>;

  @Field(() => MoneyType, { nullable: true, description: `End-user price of one pack (\`price\`). ${CURRENCY}` })
  readonly price!: Readable<Money>;

  @Field(() => MoneyType, { nullable: true, description: WHOLESALE_PRICE })
  readonly wholesalePrice!: Readable<Money>;

  @Field(() => DecimalScalar, { nullable: true, description: PRICE_PER_DOCUMENT })
  readonly pricePerDocument!: DecimalText | null;
}

@Resolver(() => AvailablePlanType)
export class AvailablePlanResolver {
  @FieldResolver()
  pricePerDocument(@Root() plan: AvailablePlan): DecimalText | null {
    return pricePerDocument(plan.price, plan.allowedDocuments);
  }

  @FieldResolver()
  async differenceToCurrent(@Root() plan: PlanOfGroup, @Ctx() { reads }: GatewayContext): Promise<Money | null> {
    if (plan.group === null) return null;
    const current = await reads.plan(plan.group.id, null);
    return priceDifference(plan.price, current?.price ?? null);
  }
}

@Resolver(() => AvailablePackType)
export class AvailablePackResolver {
  @FieldResolver()
  pricePerDocument(@Root() pack: AvailablePack): DecimalText | null {
    return pricePerDocument(pack.price, pack.allowedDocuments);
  }
}
