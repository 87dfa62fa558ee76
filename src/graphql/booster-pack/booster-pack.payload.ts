import { Field, ObjectType } from 'type-graphql';
import type { AvailablePack } from '../../domain/catalogue.js';
import type { BoosterPackOrder } from '../../domain/purchases.js';
import { AvailablePackType } from '../catalogue/catalogue.type.js';
import { CostsUpstreamCall } from '../federation.directive.js';
import type { PlainFields } from '../payload/plain-fields.js';
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

  @CostsUpstreamCall()
  @Field(() => AvailablePackType, {
    nullable: true,
    description:
      "The pack that was asked for (`packId` of the input), as the group's catalogue offers it. Null when the order did not succeed or the catalogue has no such pack; null with an error when the catalogue could not be read, which says nothing about the order.",
  })
  readonly catalogue!: AvailablePack | null;
}

/** A payload as its mutation answers it: what was chosen is looked up only when somebody asks. */
export interface OrderBoosterPackAnswer extends Omit<PlainFields<OrderBoosterPackPayload>, 'catalogue'> {
  /** Null when the order did not succeed. */
  readonly chosen: { readonly packId: string; readonly groupId: string | null } | null;
}
