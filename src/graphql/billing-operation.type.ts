import { Field, ID, Int, ObjectType } from 'type-graphql';
import type {
  BillingOperation,
  BillingOperationStatus,
  Evidence,
  EvidenceFact,
  OperationsPage,
} from '../billing/billing-writes.js';
import type { BillingActivity } from '../domain/billing-history.js';
import type { DateTimeText } from '../domain/money.js';
import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { GroupRef } from '../reads/billing-reads.js';
import { BillingActivityType } from './billing-history.js';
import { BillingEvidenceFactEnum, BillingOperationKindEnum, BillingOperationStatusEnum } from './enums.js';
import { AssumedSize, CostsUpstreamCall } from './federation-directive.js';
import { GroupType } from './group.type.js';
import { PageInfoType } from './page-info.js';
import { DateTimeScalar, UuidScalar } from './scalars.js';

@ObjectType('BillingEvidence', {
  simpleResolvers: true,
  description:
    'A history row compared with a write whose outcome is unknown. A fact in neither list was not reported, or ' +
    'does not apply.',
})
export class BillingEvidenceType implements Evidence {
  @Field(() => BillingActivityType, { description: 'The row of the billing history.' })
  readonly activity!: BillingActivity;

  @AssumedSize(14)
  @Field(() => [BillingEvidenceFactEnum], { description: 'Facts of the row that fit the write.' })
  readonly fits!: readonly EvidenceFact[];

  @AssumedSize(14)
  @Field(() => [BillingEvidenceFactEnum], { description: 'Facts of the row that contradict the write.' })
  readonly doesNotFit!: readonly EvidenceFact[];
}

@ObjectType('BillingOperation', {
  simpleResolvers: true,
  description: "A write as the gateway's ledger remembers it, so that nothing is ever charged twice.",
})
export class BillingOperationType implements Omit<BillingOperation, 'groupId' | 'evidence' | 'evidenceFit'> {
  @Field(() => ID, { description: 'The key that the client chose for the write. Unique per tenant, across all kinds.' })
  readonly idempotencyKey!: string;

  @Field(() => BillingOperationKindEnum, { description: 'Which write it is.' })
  readonly kind!: BillingOperationKind;

  @Field(() => BillingOperationStatusEnum, { description: 'Its present state.' })
  readonly status!: BillingOperationStatus;

  @Field(() => Boolean, {
    description:
      'True when this response comes from the ledger because the key was used before. Nothing was sent this time.',
  })
  readonly replayed!: boolean;

  @Field(() => GroupType, {
    nullable: true,
    description:
      "The group that it changes. Null for credits, and for the api key's own group where its number is not known.",
  })
  readonly group!: GroupRef | null;

  @Field(() => DateTimeScalar, { description: 'When the key was first used.' })
  readonly createdAt!: DateTimeText;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was sent upstream. Null when nothing was sent.',
  })
  readonly sentAt!: DateTimeText | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its outcome was known. Null while it is not.' })
  readonly completedAt!: DateTimeText | null;

  @Field(() => Boolean, {
    description: 'True when it requested the deletion of held documents and is not known to have failed.',
  })
  readonly documentsMayHaveBeenDeleted!: boolean;

  @Field(() => ID, { nullable: true, description: 'The ordered pack. Null unless it is an order of packs.' })
  readonly packId!: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of packs ordered. Null unless it is an order of packs.',
  })
  readonly quantity!: number | null;

  @Field(() => ID, { nullable: true, description: 'The requested plan. Null unless it is a change of plan.' })
  readonly planId!: string | null;

  @Field(() => UuidScalar, {
    nullable: true,
    description: 'The requested purchase. Null unless it is a purchase of credits.',
  })
  readonly purchaseId!: string | null;

  @CostsUpstreamCall()
  @AssumedSize(5)
  @Field(() => [BillingActivityType], {
    description: 'History rows that appeared after it was sent, while its outcome is unknown; else empty.',
  })
  readonly evidence!: readonly BillingActivity[];

  @CostsUpstreamCall()
  @AssumedSize(5)
  @Field(() => [BillingEvidenceType], {
    description: 'The rows of `evidence`, each with the facts that fit this write and those that contradict it.',
  })
  readonly evidenceFit!: readonly Evidence[];
}

@ObjectType('BillingOperationEdge', { simpleResolvers: true, description: 'One write with its cursor.' })
export class BillingOperationEdgeType {
  @Field(() => String, { description: 'Opaque cursor of the write, for `after`.' })
  readonly cursor!: string;

  @Field(() => BillingOperationType, { description: 'The write at this place.' })
  readonly node!: BillingOperation;
}

@ObjectType('BillingOperationConnection', {
  simpleResolvers: true,
  description: 'A page of writes, newest first, after the Relay connection specification.',
})
export class BillingOperationConnectionType implements OperationsPage {
  @Field(() => [BillingOperationEdgeType], { description: 'The writes of this page with their cursors.' })
  readonly edges!: OperationsPage['edges'];

  @Field(() => [BillingOperationType], {
    description: 'The writes of this page, for clients that need no cursor per write.',
  })
  readonly nodes!: readonly BillingOperation[];

  @Field(() => PageInfoType, { description: 'Position of this page in the list.' })
  readonly pageInfo!: OperationsPage['pageInfo'];

  @Field(() => Int, { description: 'Writes in the whole list.' })
  readonly totalCount!: number;
}
