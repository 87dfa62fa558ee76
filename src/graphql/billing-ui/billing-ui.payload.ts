import { Field, ObjectType } from 'type-graphql';
import type { BillingUserError } from '../../billing/billing-writes.js';
import type { DateTimeText } from '../../domain/instant.js';
import { AssumedSize, IsCredential } from '../federation.directive.js';
import { BillingUserErrorType } from '../payload/user-error.type.js';
import { DateTimeScalar } from '../scalars/date-time.scalar.js';
import { UrlScalar } from '../scalars/url.scalar.js';

@ObjectType('OpenBillingUiPayload', { simpleResolvers: true, description: 'Answer to `openBillingUi`.' })
export class OpenBillingUiPayload {
  @IsCredential()
  @Field(() => UrlScalar, {
    nullable: true,
    description:
      "Opens the billing page of the api key's own group without a log-in: whoever holds it is in, so treat it as a password, and never log or store it. Non-null exactly when it succeeded.",
  })
  readonly url!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'When the URL stops working (`expire`). Null when it did not succeed or the upstream named no sensible moment.',
  })
  readonly expiresAt!: DateTimeText | null;

  @AssumedSize(1)
  @Field(() => [BillingUserErrorType], { description: 'Empty exactly when it succeeded.' })
  readonly userErrors!: readonly BillingUserError[];
}
