import { Field, ID, ObjectType } from 'type-graphql';
import type { BillingPlan, PlanType } from '../domain/billing-history.js';
import type { DateTimeText, Money, Readable } from '../domain/money.js';
import { PlanTypeEnum } from './enums.js';
import { DateTimeScalar, LongScalar, MoneyType } from './scalars.js';

@ObjectType('BillingPlan', {
  simpleResolvers: true,
  description:
    'A billing plan of a group in one billing period. A value that the upstream left out is null; one that is there and cannot be read is null with an error at its path.',
})
export class BillingPlanType implements BillingPlan {
  @Field(() => ID, {
    nullable: true,
    description:
      "The upstream's number of the plan, from the answer to a plan change or to a question about usage. Null where the plan comes from the history, which names plans but does not number them.",
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
      'What is left as the upstream counts it (`available_documents`), else allowed minus used; never below 0: more can be used than allowed after a downgrade. Booster packs are not counted. Null when it is not known.',
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
