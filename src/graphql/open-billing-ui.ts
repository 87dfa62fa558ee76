import { Arg, Ctx, Field, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { BillingUserError } from '../billing/billing-writes.js';
import type { DateTimeText } from '../domain/money.js';
import type { GatewayContext, PlainFields } from './context.js';
import { AssumedSize, CostsUpstreamCall, IsCredential } from './federation-directive.js';
import { DateTimeScalar, UrlScalar } from './scalars.js';
import { BillingUserErrorType, HeldDocumentsFields } from './write.payload.js';

@InputType('OpenBillingUiInput', {
  description:
    'Options of the billing page. The choice about held documents is part of the URL. It takes effect later, when ' +
    'the user changes the plan there.',
})
class OpenBillingUiInput extends HeldDocumentsFields {
  @Field(() => Int, {
    defaultValue: 600,
    description: 'Seconds until the URL expires (`expire`): 1 to 259200, which are three days.',
  })
  readonly expireSeconds!: number;
}

@ObjectType('OpenBillingUiPayload', { simpleResolvers: true, description: 'Result of `openBillingUi`.' })
class OpenBillingUiPayload {
  @IsCredential()
  @Field(() => UrlScalar, {
    nullable: true,
    description:
      "Opens the billing page of the api key's own group without a log-in. Everybody who has the URL has access: " +
      'treat it like a password, and never log or store it. Non-null exactly when it succeeded.',
  })
  readonly url!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'Moment when the URL stops working (`expire`). Null when it did not succeed or the upstream named no ' +
      'plausible moment.',
  })
  readonly expiresAt!: DateTimeText | null;

  @AssumedSize(1)
  @Field(() => [BillingUserErrorType], { description: 'Empty exactly when it succeeded.' })
  readonly userErrors!: readonly BillingUserError[];
}

/** The schema's defaults, for a client that leaves out the whole input. */
const DEFAULT_INPUT: PlainFields<OpenBillingUiInput> = {
  expireSeconds: 600,
  heldDocuments: 'PROCESS',
  confirmDocumentDeletion: false,
};

@Resolver()
export class BillingUiResolver {
  @CostsUpstreamCall()
  @Mutation(() => OpenBillingUiPayload, {
    description:
      "Makes a short-lived URL of the upstream's own billing page, for the api key's own group. Moves no money by " +
      'itself; every call makes a new URL.',
  })
  async openBillingUi(
    @Arg('input', () => OpenBillingUiInput, {
      nullable: true,
      description: 'Default: ten minutes, held documents processed.',
    })
    input: PlainFields<OpenBillingUiInput> | null | undefined,
    @Ctx() { writes }: GatewayContext,
  ): Promise<PlainFields<OpenBillingUiPayload>> {
    const { session, userErrors } = await writes.openBillingUi(input ?? DEFAULT_INPUT);
    return { url: session?.url ?? null, expiresAt: session?.expiresAt ?? null, userErrors };
  }
}
