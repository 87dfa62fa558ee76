import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { DateTimeText, DecimalText } from '../domain/money.js';
import type { BillingContact, CreditPurchase } from '../domain/purchases.js';
import type { GatewayContext, PlainFields } from './context.js';
import { CostsUpstreamCall, MovesMoney, PersonalData } from './federation-directive.js';
import { CurrencyCodeScalar, DateTimeScalar, DecimalScalar, UuidScalar } from './scalars.js';
import { IDEMPOTENCY_KEY_DESCRIPTION, REPEATS_DESCRIPTION, WritePayloadFields } from './write.payload.js';

@InputType('BillingContactInput', {
  description:
    'The billed party (`Billing`). Personal data: sent upstream, never stored or logged. Fields that are left out ' +
    'are not sent.',
})
class BillingContactInput {
  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Postal address (`Address`), at most 255 characters.' })
  readonly address?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Company (`Company`), at most 255 characters.' })
  readonly company?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'E-mail address (`Email`), at most 255 characters.' })
  readonly email?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Mobile number (`Mobile`), at most 255 characters.' })
  readonly mobile?: string | null;

  @PersonalData()
  @Field(() => String, { nullable: true, description: 'Phone number (`Phone`), at most 255 characters.' })
  readonly phone?: string | null;
}

@InputType('PurchaseCreditsInput', { description: 'The purchase and the billed party.' })
class PurchaseCreditsInput {
  @Field(() => ID, { description: IDEMPOTENCY_KEY_DESCRIPTION })
  readonly idempotencyKey!: string;

  @Field(() => UuidScalar, {
    description:
      "The purchase to make (`PurchaseID`); quantity and price follow from it on the upstream's side. Not the " +
      'zero UUID.',
  })
  readonly purchaseId!: string;

  @Field(() => String, {
    nullable: true,
    description: "The buyer's own order number (`PurchaseOrder`), at most 255 characters. Some accounts require it.",
  })
  readonly purchaseOrder?: string | null;

  @Field(() => BillingContactInput, {
    nullable: true,
    description: "The billed party. Default: the account's own details.",
  })
  readonly billing?: BillingContactInput | null;

  @Field(() => ID, { nullable: true, description: REPEATS_DESCRIPTION })
  readonly repeats?: string | null;
}

@ObjectType('CreditPurchase', {
  simpleResolvers: true,
  description:
    'A purchase of credits (PurchaseCredits `ResponseData`). A value that was left out, or could not be read, is ' +
    'null. An unreadable value also has a warning.',
})
class CreditPurchaseType implements CreditPurchase {
  @Field(() => ID, { description: "The upstream's id of the purchase (`Detail.ID`)." })
  readonly id!: string;

  @Field(() => UuidScalar, {
    description: "The `purchaseId` of the input. The upstream's response does not repeat it.",
  })
  readonly purchaseId!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Moment of the purchase (`DatePurchased`).' })
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

  @Field(() => String, {
    nullable: true,
    description:
      "The upstream's free text about the outcome (`Result`): at most 300 characters, without keys, URLs, e-mail " +
      'addresses and the details of the input.',
  })
  readonly result!: string | null;

  @PersonalData()
  @Field(() => String, {
    nullable: true,
    description:
      'The account user (`Identification.UserId`), possibly an e-mail address. Personal data: not stored, so null ' +
      'when replayed.',
  })
  readonly userId!: string | null;
}

@ObjectType('PurchaseCreditsPayload', { simpleResolvers: true, description: 'Result of `purchaseCredits`.' })
class PurchaseCreditsPayload extends WritePayloadFields {
  @Field(() => CreditPurchaseType, {
    nullable: true,
    description: 'The bought credits. Non-null exactly when the purchase succeeded.',
  })
  readonly purchase!: CreditPurchase | null;
}

@Resolver()
export class CreditsResolver {
  @MovesMoney()
  @CostsUpstreamCall()
  @Mutation(() => PurchaseCreditsPayload, {
    description: 'Buys credits for the account. This is a charge, made once per `idempotencyKey`.',
  })
  async purchaseCredits(
    @Arg('input', () => PurchaseCreditsInput, { description: 'The purchase and the billed party.' })
    input: PlainFields<PurchaseCreditsInput>,
    @Ctx() { writes }: GatewayContext,
  ): Promise<PlainFields<PurchaseCreditsPayload>> {
    const { value, ...rest } = await writes.purchaseCredits({
      idempotencyKey: input.idempotencyKey,
      repeats: input.repeats,
      purchaseId: input.purchaseId,
      purchaseOrder: input.purchaseOrder ?? null,
      billing: toContact(input.billing ?? null),
    });
    return { ...rest, purchase: value };
  }
}

function toContact(input: BillingContactInput | null): BillingContact | null {
  if (input === null) return null;
  const { address = null, company = null, email = null, mobile = null, phone = null } = input;
  return { address, company, email, mobile, phone };
}
