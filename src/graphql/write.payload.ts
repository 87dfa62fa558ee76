import { Field, InputType, ObjectType } from 'type-graphql';
import type { BillingOperation, BillingUserError } from '../billing/billing-writes.js';
import type { BillingWarning, HeldDocumentsAction } from '../domain/write.js';
import { BillingOperationType } from './billing-operation.type.js';
import { HeldDocumentsActionEnum } from './enums.js';
import { AssumedSize } from './federation.directive.js';
import { BillingUserErrorType, BillingWarningType } from './user-errors.js';

/** What the answers of all ledgered writes have in common. Not a type of the schema itself. */
@ObjectType({ simpleResolvers: true })
export abstract class WritePayloadFields {
  @Field(() => BillingOperationType, {
    nullable: true,
    description:
      "The ledger's row that the answer is about: for a reused key the row that holds it, for an earlier unknown outcome that earlier row. Null where no row exists.",
  })
  readonly operation!: BillingOperation | null;

  @AssumedSize(2)
  @Field(() => [BillingWarningType], { description: 'What is odd about the answer of a write that succeeded.' })
  readonly warnings!: readonly BillingWarning[];

  @AssumedSize(1)
  @Field(() => [BillingUserErrorType], { description: 'Empty exactly when the write succeeded.' })
  readonly userErrors!: readonly BillingUserError[];
}

/** What writes that touch held documents have in common. Not a type of the schema itself. */
@InputType()
export abstract class HeldDocumentsFields {
  @Field(() => HeldDocumentsActionEnum, {
    defaultValue: 'PROCESS',
    description: 'What becomes of documents that wait for capacity (`purge`).',
  })
  readonly heldDocuments!: HeldDocumentsAction;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Must be true with `heldDocuments: DELETE`, which cannot be undone.',
  })
  readonly confirmDocumentDeletion!: boolean;
}

/** Said of every write's key in the same words. */
export const IDEMPOTENCY_KEY_DESCRIPTION =
  "The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Keep it over retries: the same key with the same input never charges twice.";
