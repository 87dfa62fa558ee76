import { ArgsType, Field, Int } from 'type-graphql';
import type { BillingActivityKind } from '../../domain/billing-activity.js';
import type { BillingHistoryOrder, HistoryRequest } from '../../reads/billing-reads.js';
import { DateTimeScalar } from '../scalars/date-time.scalar.js';
import { BillingActivityKindEnum, BillingHistoryOrderEnum } from './activity.enum.js';

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
    description: 'Cursor after which to start: `pageInfo.endCursor` of the page before.',
  })
  readonly after?: string | null;

  @Field(() => Int, { nullable: true, description: 'Rows from the end, at most 5,000. Not together with `first`.' })
  readonly last?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor before which to end: `pageInfo.startCursor` of the page after.',
  })
  readonly before?: string | null;
}

/** The arguments as the question that the reads answer; what was left out is null there. */
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
