import { Field, ObjectType } from 'type-graphql';
import type { BoosterPackOrder } from '../../domain/purchases.js';
import { WritePayloadFields } from '../payload/write.payload.js';
import { BoosterPackOrderType, BoosterPackSummaryType } from './booster-pack.type.js';

@ObjectType('OrderBoosterPackPayload', { simpleResolvers: true, description: 'Answer to `orderBoosterPack`.' })
export class OrderBoosterPackPayload extends WritePayloadFields {
  @Field(() => BoosterPackOrderType, {
    nullable: true,
    description: 'What was ordered. Non-null exactly when the order succeeded.',
  })
  readonly pack!: BoosterPackOrder['pack'] | null;

  @Field(() => BoosterPackSummaryType, {
    nullable: true,
    description: 'All booster packs after the order. Null when the order did not succeed or the upstream left it out.',
  })
  readonly summary!: BoosterPackOrder['summary'];
}
