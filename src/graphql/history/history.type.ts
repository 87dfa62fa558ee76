import { Field, Int, ObjectType } from 'type-graphql';
import type { BillingActivity } from '../../domain/billing-activity.js';
import type { HistoryEdge, HistoryPage, HistorySummary } from '../../reads/billing-reads.js';
import { AssumedSize } from '../federation.directive.js';
import { MoneyType } from '../money/money.type.js';
import { PageInfoType } from '../page-info/page-info.type.js';
import { LongScalar } from '../scalars/long.scalar.js';
import { BillingActivityType } from './activity.type.js';

@ObjectType('BillingHistoryEdge', { simpleResolvers: true, description: 'One row of a history with its place in it.' })
export class BillingHistoryEdgeType {
  @Field(() => String, {
    description: 'Opaque place of the row, for `after` and `before`. Valid for the same arguments only.',
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
      'Sum of `usedDocuments` over the rows where it can be read; `unreadableCounts` says how many it lacks. Null when the sum passes 2^53-1.',
  })
  readonly usedDocuments!: number | null;

  @AssumedSize(2)
  @Field(() => [MoneyType], {
    description:
      'Sum of `price`, one per currency by code, prices without a currency last. Sums are exact and have as many decimals as the longest addend.',
  })
  readonly spend!: HistorySummary['spend'];

  @Field(() => Int, { description: 'Rows whose price is there and could not be read: `spend` lacks them.' })
  readonly unreadablePrices!: number;

  @Field(() => Int, {
    description: 'Rows whose `usedDocuments` is there and could not be read: the sum `usedDocuments` lacks them.',
  })
  readonly unreadableCounts!: number;
}

@ObjectType('BillingHistoryConnection', {
  simpleResolvers: true,
  description: 'A page of a billing history, after the Relay connection specification.',
})
export class BillingHistoryConnectionType implements HistoryPage {
  @Field(() => [BillingHistoryEdgeType], { description: 'The rows of this page with their cursors.' })
  readonly edges!: readonly HistoryEdge[];

  @Field(() => [BillingActivityType], {
    description: 'The rows of this page, for clients that need no cursor per row.',
  })
  readonly nodes!: readonly BillingActivity[];

  @Field(() => PageInfoType, { description: 'Where this page stands in the selection.' })
  readonly pageInfo!: HistoryPage['pageInfo'];

  @Field(() => Int, { description: 'Rows in the whole selection.' })
  readonly totalCount!: number;

  @Field(() => BillingHistorySummaryType, { description: 'Figures over the whole selection, not the page.' })
  readonly summary!: HistorySummary;
}
