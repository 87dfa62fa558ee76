import { Directive, Field, ID, ObjectType } from 'type-graphql';
import type { BillingPlan, PlanType } from '../domain/billing-history.js';
import type { AvailablePack } from '../domain/catalogue.js';
import type { DateTimeText, Money, Readable } from '../domain/money.js';
import type { GroupRef, HistoryPage } from '../reads/billing-reads.js';
import { BillingActivityType, BillingHistoryConnectionType } from './billing-history.js';
import { AvailablePackType, AvailablePlanType, type PlanOfGroup } from './catalogue.js';
import { PlanTypeEnum } from './enums.js';
import { AssumedSize, CostsUpstreamCall, SizedConnection } from './federation-directive.js';
import { DateTimeScalar, LongScalar, MoneyType } from './scalars.js';

@Directive('@key(fields: "id")')
@ObjectType('Group', {
  simpleResolvers: true,
  description:
    'A group of the Xtracta account, with its plans, packs and documents. Groups form a tree. An api key has ' +
    'access to its own group and the groups below. Selecting a group costs no upstream call. A field that could ' +
    'not be read is null with an error at its path.',
})
export class GroupType implements Omit<GroupRef, 'name'> {
  @Field(() => ID, { description: "The upstream's number of the group (`group_id`), without leading zeros." })
  readonly id!: string;

  @CostsUpstreamCall()
  @Field(() => String, {
    nullable: true,
    description:
      'Name of the group (`group_name`) in the newest row of its billing history that has begun. Null when no row of ' +
      'the last 400 days names it. A group that a row of a history leads to has the name in that row, which may be ' +
      'an earlier one. Costs one upstream call, which `plan` shares. Costs none for such a group and for a subgroup.',
  })
  readonly name!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "Null when this group's data in the response is fresh. Else the upstream does not respond, and the gateway " +
      'serves earlier responses: the moment of the oldest request behind them. Show it beside the figures. Never ' +
      'after a write on the group, and only where the gateway is set up so (`STALE_READS_SECONDS`). Costs no ' +
      'upstream call.',
  })
  readonly asOf!: string | null;

  @CostsUpstreamCall()
  @Field(() => BillingPlanType, {
    nullable: true,
    description:
      'The plan in force, derived from the billing history: the period that holds the moment and starts last. ' +
      'Booster packs do not count. Where the gateway is set up so, the plan of now is what the upstream counts as ' +
      'current instead, with its number. Null when there is none.',
  })
  readonly plan!: BillingPlan | null;

  @CostsUpstreamCall()
  @SizedConnection(50, ['first', 'last'], ['edges', 'nodes'])
  @Field(() => BillingHistoryConnectionType, {
    nullable: true,
    description:
      'Plans and booster packs by start date, page by page. All pages of one list come from one upstream ' +
      'response, kept for about a minute. Null with an error when it could not be read.',
  })
  readonly billingHistory!: HistoryPage | null;

  @CostsUpstreamCall()
  @AssumedSize(50)
  @Field(() => [GroupType], {
    nullable: true,
    description:
      'Groups below this one, by ascending id, as named by its recursive history of the last year. A group ' +
      'without any billing is not listed.',
  })
  readonly subgroups!: readonly GroupRef[] | null;

  @CostsUpstreamCall()
  @AssumedSize(20)
  @Field(() => [AvailablePlanType], {
    nullable: true,
    description:
      'Plans available to the group, by ascending id. At most a minute old, and read anew after a write on the ' +
      'group. `NOT_CONFIGURED` where the upstream has no catalogue. One call for plans and packs.',
  })
  readonly availablePlans!: readonly PlanOfGroup[] | null;

  @CostsUpstreamCall()
  @AssumedSize(20)
  @Field(() => [AvailablePackType], {
    nullable: true,
    description:
      'Booster packs that the group may order, by ascending id, from the same catalogue as `availablePlans`.',
  })
  readonly availablePacks!: readonly AvailablePack[] | null;
}

// Declared here and not in the class, because activity and group name each other and modules must not import each
// other. It is a plain field, because a resolver would be called for each of thousands of rows.
Field(() => GroupType, {
  nullable: true,
  description:
    'The group of the row (`group_id`). Null when the row names none; it is never guessed from the name. A row whose ' +
    'group cannot be read belongs to no group: neither `plan` nor a sum includes it.',
})(BillingActivityType.prototype, 'group');

@ObjectType('BillingPlan', {
  simpleResolvers: true,
  description:
    'A billing plan of a group in one billing period. A value that the upstream left out is null. An unreadable ' +
    'value is null with an error at its path.',
})
export class BillingPlanType implements BillingPlan {
  @Field(() => ID, {
    nullable: true,
    description:
      "The upstream's number of the plan, from the response to a plan change or a usage request. Null where the " +
      'plan comes from the history, which has names of plans but no numbers.',
  })
  readonly planId!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the plan (`plan_name`, or `plan` of the history).' })
  readonly name!: Readable<string>;

  @Field(() => PlanTypeEnum, { description: 'Length of the billing period.' })
  readonly type!: PlanType;

  @Field(() => String, {
    nullable: true,
    description: "The upstream's own word (`plan_type`). Null when it left it out.",
  })
  readonly typeRaw!: Readable<string>;

  @Field(() => MoneyType, {
    nullable: true,
    description:
      'End-user price of one period (`price`), as reported. The upstream does not say whether tax is included.',
  })
  readonly price!: Readable<Money>;

  @Field(() => LongScalar, { nullable: true, description: 'Documents included in the period (`allowed_documents`).' })
  readonly allowedDocuments!: Readable<number>;

  @Field(() => LongScalar, {
    nullable: true,
    description: 'Documents processed in the period so far (`used_documents`).',
  })
  readonly usedDocuments!: Readable<number>;

  @Field(() => LongScalar, {
    nullable: true,
    description:
      'Documents left as the upstream counts them (`available_documents`), else allowed minus used. Never below ' +
      '0, although usage can pass the allowance after a downgrade. Booster packs are not counted. Null when it is ' +
      'not known.',
  })
  readonly remainingDocuments!: Readable<number>;

  @Field(() => DateTimeScalar, { nullable: true, description: 'First moment of the period (`start_date`).' })
  readonly startDate!: Readable<DateTimeText>;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The last second that still belongs to the period (`expiry_date`).',
  })
  readonly expiryDate!: Readable<DateTimeText>;
}
