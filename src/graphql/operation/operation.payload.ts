import { Field, ObjectType } from 'type-graphql';
import type { BillingOperation, BillingUserError } from '../../billing/billing-writes.js';
import { AssumedSize } from '../federation.directive.js';
import { BillingUserErrorType } from '../payload/user-error.type.js';
import { BillingOperationType } from './operation.type.js';

@ObjectType('BillingOperationPayload', {
  simpleResolvers: true,
  description: 'Answer to reconciling or resolving a write.',
})
export class BillingOperationPayload {
  @Field(() => BillingOperationType, {
    nullable: true,
    description: 'The write as it stands now. Null when there is none.',
  })
  readonly operation!: BillingOperation | null;

  @AssumedSize(1)
  @Field(() => [BillingUserErrorType], { description: 'Empty exactly when it was reconciled or resolved.' })
  readonly userErrors!: readonly BillingUserError[];
}
