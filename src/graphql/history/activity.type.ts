import { Field, ID, ObjectType } from 'type-graphql';
import type { BillingActivity, BillingActivityKind, PlanType } from '../../domain/billing-activity.js';
import type { DateTimeText } from '../../domain/instant.js';
import type { DecimalText, Money } from '../../domain/money.js';
import type { Readable } from '../../domain/readable.js';
import { MoneyType } from '../money/money.type.js';
import { PlanTypeEnum } from '../plan/plan-type.enum.js';
import { DateTimeScalar } from '../scalars/date-time.scalar.js';
import { DecimalScalar } from '../scalars/decimal.scalar.js';
import { LongScalar } from '../scalars/long.scalar.js';
import { BillingActivityKindEnum } from './activity.enum.js';

@ObjectType('BillingActivity', {
  simpleResolvers: true,
  description:
    'One row of a billing history (Xtracta `activity`): a plan or a booster pack in one period. A value that the upstream left out is null; one that is there and cannot be read is null with an error at its path.',
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
