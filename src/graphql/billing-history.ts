import { ArgsType, Field, ID, Int, ObjectType } from 'type-graphql';
import type { BillingActivity, BillingActivityKind, PlanType } from '../domain/billing-history.js';
import type { DateTimeText, DecimalText, Money, Readable } from '../domain/money.js';
import type {
  BillingHistoryOrder,
  HistoryEdge,
  HistoryPage,
  HistoryRequest,
  HistorySummary,
} from '../reads/billing-reads.js';
import { BillingActivityKindEnum, BillingHistoryOrderEnum, PlanTypeEnum } from './enums.js';
import { AssumedSize } from './federation-directive.js';
import { PageInfoType } from './page-info.js';
import { DateTimeScalar, DecimalScalar, LongScalar, MoneyType } from './scalars.js';

@ArgsType()
export class BillingHistoryArgs {
  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Rows that start at this moment or later (`billing_from`). Default: one year before `to`.',
  })
  readonly from?: number | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Rows that start at this moment or earlier (`billing_to`). Default: now.',
  })
  readonly to?: number | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Also rows of the groups below this one (`recursive=1`).' })
  readonly includeSubgroups!: boolean;

  @Field(() => [BillingActivityKindEnum], { nullable: true, description: 'Only rows of these kinds. Default: all.' })
  readonly activity?: BillingActivityKind[] | null;

  @Field(() => BillingHistoryOrderEnum, { defaultValue: 'START_DATE_DESC', description: 'Order of the rows.' })
  readonly orderBy!: BillingHistoryOrder;

  @Field(() => Int, {
    nullable: true,
    description: 'Rows from the start, at most 5,000. Default, without `last`: 50. Not together with `last`.',
  })
  readonly first?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Rows after this cursor: `pageInfo.endCursor` of the previous page.',
  })
  readonly after?: string | null;

  @Field(() => Int, { nullable: true, description: 'Rows from the end, at most 5,000. Not together with `first`.' })
  readonly last?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Rows before this cursor: `pageInfo.startCursor` of the next page.',
  })
  readonly before?: string | null;
}

/** The arguments as a request to the reads. An argument that was left out is null. */
export function toHistoryRequest(groupId: string, args: BillingHistoryArgs): HistoryRequest {
  return {
    groupId,
    fromMs: args.from ?? null,
    toMs: args.to ?? null,
    includeSubgroups: args.includeSubgroups,
    activity: args.activity ?? null,
    orderBy: args.orderBy,
    first: args.first ?? null,
    after: args.after ?? null,
    last: args.last ?? null,
    before: args.before ?? null,
  };
}

@ObjectType('BillingActivity', {
  simpleResolvers: true,
  description:
    'One row of a billing history (Xtracta `activity`): a plan or a booster pack in one period. A value that the ' +
    'upstream left out is null. An unreadable value is null with an error at its path.',
})
export class BillingActivityType implements Omit<BillingActivity, 'startMs' | 'expiryMs' | 'groupId' | 'group'> {
  @Field(() => ID, { description: 'The upstream\'s id of the row, text as sent: leading zeros are kept, `"0123"`.' })
  readonly id!: string;

  @Field(() => BillingActivityKindEnum, { description: 'What happened.' })
  readonly kind!: BillingActivityKind;

  @Field(() => String, {
    nullable: true,
    description: "The upstream's own word (`plan_activity`). Null when it left it out.",
  })
  readonly kindRaw!: Readable<string>;

  @Field(() => String, { nullable: true, description: 'Name of the plan or pack (`plan`).' })
  readonly planName!: Readable<string>;

  @Field(() => PlanTypeEnum, { description: 'Length of the billing period.' })
  readonly planType!: PlanType;

  @Field(() => String, {
    nullable: true,
    description: "The upstream's own word (`plan_type`). Null when it left it out.",
  })
  readonly planTypeRaw!: Readable<string>;

  @Field(() => MoneyType, {
    nullable: true,
    description:
      'End-user price (`price`, `price_currency`), as reported. The upstream does not say whether tax is included.',
  })
  readonly price!: Readable<Money>;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Credit granted with the row (`credit_amount`). The upstream does not document its unit.',
  })
  readonly creditAmount!: Readable<DecimalText>;

  @Field(() => LongScalar, { nullable: true, description: 'Documents included (`allowed_documents`).' })
  readonly allowedDocuments!: Readable<number>;

  @Field(() => LongScalar, { nullable: true, description: 'Documents processed (`used_documents`).' })
  readonly usedDocuments!: Readable<number>;

  @Field(() => DateTimeScalar, { nullable: true, description: 'First moment of the period (`start_date`).' })
  readonly startDate!: Readable<DateTimeText>;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The last second that still belongs to the period (`expiry_date`).',
  })
  readonly expiryDate!: Readable<DateTimeText>;

  @Field(() => String, {
    nullable: true,
    description: 'Name of the group as this row has it (`group_name`). Names are not unique.',
  })
  readonly groupName!: Readable<string>;
}

@ObjectType('BillingHistoryEdge', { simpleResolvers: true, description: 'One row of a history with its cursor.' })
export class BillingHistoryEdgeType {
  @Field(() => String, {
    description: 'Opaque cursor of the row, for `after` and `before`. Valid for the same arguments only.',
  })
  readonly cursor!: HistoryEdge['cursor'];

  @Field(() => BillingActivityType, { description: 'The row at this place.' })
  readonly node!: BillingActivity;
}

@ObjectType('BillingHistorySummary', {
  simpleResolvers: true,
  description: 'Exact figures over the whole selection (window, filter, groups), not over the page.',
})
export class BillingHistorySummaryType implements HistorySummary {
  @Field(() => Int, { description: 'Rows in the selection.' })
  readonly count!: number;

  @Field(() => LongScalar, {
    nullable: true,
    description:
      'Sum of `usedDocuments` over the rows where it is readable; `unreadableCounts` counts the other rows. Null ' +
      'when the sum passes 2^53-1.',
  })
  readonly usedDocuments!: number | null;

  @AssumedSize(2)
  @Field(() => [MoneyType], {
    description:
      'Sums of `price`, one per currency, ordered by currency code. Prices without a currency come last. Sums are ' +
      'exact, with as many decimals as the longest addend.',
  })
  readonly spend!: HistorySummary['spend'];

  @Field(() => Int, { description: 'Rows with an unreadable price or group: `spend` does not include them.' })
  readonly unreadablePrices!: number;

  @Field(() => Int, {
    description: 'Rows with an unreadable `usedDocuments` or group: the sum `usedDocuments` does not include them.',
  })
  readonly unreadableCounts!: number;
}

@ObjectType('BillingHistoryConnection', {
  simpleResolvers: true,
  description: 'A page of a billing history, after the Relay connection specification.',
})
export class BillingHistoryConnectionType implements Omit<HistoryPage, 'rowCount'> {
  @Field(() => [BillingHistoryEdgeType], { description: 'The rows of this page with their cursors.' })
  readonly edges!: readonly HistoryEdge[];

  @Field(() => [BillingActivityType], {
    description: 'The rows of this page, for clients that need no cursor per row.',
  })
  readonly nodes!: readonly BillingActivity[];

  @Field(() => PageInfoType, { description: 'Position of this page in the selection.' })
  readonly pageInfo!: HistoryPage['pageInfo'];

  @Field(() => Int, { description: 'Rows in the whole selection.' })
  readonly totalCount!: number;

  @Field(() => BillingHistorySummaryType, { description: 'Figures over the whole selection, not the page.' })
  readonly summary!: HistorySummary;
}
