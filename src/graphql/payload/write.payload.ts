import { Field, ObjectType } from 'type-graphql';
import type { BillingOperation, BillingUserError } from '../../billing/billing-writes.js';
import type { BillingWarning } from '../../domain/write.js';
import { AssumedSize } from '../federation.directive.js';
import { BillingOperationType } from '../operation/operation.type.js';
import { BillingUserErrorType } from './user-error.type.js';
import { BillingWarningType } from './warning.type.js';

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
