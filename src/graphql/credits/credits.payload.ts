import { Field, ObjectType } from 'type-graphql';
import type { CreditPurchase } from '../../domain/purchases.js';
import { WritePayloadFields } from '../payload/write.payload.js';
import { CreditPurchaseType } from './credits.type.js';

@ObjectType('PurchaseCreditsPayload', { simpleResolvers: true, description: 'Answer to `purchaseCredits`.' })
export class PurchaseCreditsPayload extends WritePayloadFields {
  @Field(() => CreditPurchaseType, {
    nullable: true,
    description: 'What was bought. Non-null exactly when the purchase succeeded.',
  })
  readonly purchase!: CreditPurchase | null;
}
