import { Field, ID, ObjectType } from 'type-graphql';
import type { DateTimeText } from '../../domain/instant.js';
import type { DecimalText } from '../../domain/money.js';
import type { CreditPurchase } from '../../domain/purchases.js';
import { PersonalData } from '../federation.directive.js';
import { CurrencyCodeScalar } from '../scalars/currency-code.scalar.js';
import { DateTimeScalar } from '../scalars/date-time.scalar.js';
import { DecimalScalar } from '../scalars/decimal.scalar.js';
import { UuidScalar } from '../scalars/uuid.scalar.js';

@ObjectType('CreditPurchase', {
  simpleResolvers: true,
  description:
    'A purchase of credits (PurchaseCredits `ResponseData`). A value that was left out, or could not be read, is null; the latter with a warning.',
})
export class CreditPurchaseType implements CreditPurchase {
  @Field(() => ID, { description: "The upstream's id of the purchase (`Detail.ID`)." })
  readonly id!: string;

  @Field(() => UuidScalar, { description: 'The `purchaseId` that was asked for. The answer does not repeat it.' })
  readonly purchaseId!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was bought (`DatePurchased`).' })
  readonly datePurchased!: DateTimeText | null;

  @Field(() => CurrencyCodeScalar, { nullable: true, description: 'Currency of the figures below (`Currency`).' })
  readonly currency!: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Price before tax (`NetTotal`), as sent.' })
  readonly netTotal!: DecimalText | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Tax (`Tax`), as sent.' })
  readonly tax!: DecimalText | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Price with tax (`GrossTotal`), as sent, never recomputed.',
  })
  readonly grossTotal!: DecimalText | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Price of one credit (`UnitPrice`), as sent.' })
  readonly unitPrice!: DecimalText | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Credits bought (`Quantity`). May have decimals.' })
  readonly quantity!: DecimalText | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it is paid (`Paid`). False is a purchase on account, not a failure.',
  })
  readonly paid!: boolean | null;

  @Field(() => String, { nullable: true, description: "The upstream's category of the purchase (`PurchaseType`)." })
  readonly purchaseType!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Number of the invoice (`InvoiceNumber`). Null when there is none yet.',
  })
  readonly invoiceNumber!: string | null;

  @Field(() => String, { nullable: true, description: "The upstream's free text about the outcome (`Result`)." })
  readonly result!: string | null;

  @PersonalData()
  @Field(() => String, {
    nullable: true,
    description:
      'The account user (`Identification.UserId`), possibly an e-mail address. Personal data: not stored, so null when replayed.',
  })
  readonly userId!: string | null;
}
