import { Field, InputType, ObjectType } from 'type-graphql';
import type { BillingOperation, BillingUserError } from '../billing/billing-writes.js';
import type { DecimalText } from '../domain/money.js';
import type { BillingWarning, HeldDocumentsAction } from '../domain/write.js';
import { BillingOperationType } from './billing-operation.type.js';
import { HeldDocumentsActionEnum } from './enums.js';
import { AssumedSize } from './federation.directive.js';
import { CurrencyCodeScalar, DecimalScalar } from './scalars.js';
import { BillingUserErrorType, BillingWarningType } from './user-errors.js';

/** What the answers of all ledgered writes have in common. Not a type of the schema itself. */
@ObjectType({ simpleResolvers: true })
export abstract class WritePayloadFields {
  @Field(() => BillingOperationType, {
    nullable: true,
    description:
      "The ledger's row that the answer is about: for a reused key the row that holds it, for an earlier unknown outcome or a possible duplicate that earlier row. Null where no row exists.",
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

@InputType('ExpectedPriceInput', {
  description: 'A price of the catalogue as the user was shown it: `price` of `AvailablePack` or `AvailablePlan`.',
})
export class ExpectedPriceInput {
  @Field(() => DecimalScalar, { description: 'The amount. Compared as a number: `"99.5"` is `"99.50"`.' })
  readonly amount!: DecimalText;

  @Field(() => CurrencyCodeScalar, {
    nullable: true,
    description: 'The currency. Left out: the amount alone is compared. Given: the catalogue must name the same one.',
  })
  readonly currency?: string | null;
}

/** Said of every write's key in the same words. */
export const IDEMPOTENCY_KEY_DESCRIPTION =
  "The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Make it when the user's intent begins, and keep it over retries: of the request, of a dialog that is opened again, of an agent's tool call. The same key with the same input never charges twice.";

export const REPEATS_DESCRIPTION =
  'The `idempotencyKey` of an earlier equal write that this one knowingly repeats, as `operation` of a `POSSIBLE_DUPLICATE` names it. It must name the newest such write. Without it, an equal write under another key is refused for DUPLICATE_WINDOW_SECONDS (five minutes by default).';
