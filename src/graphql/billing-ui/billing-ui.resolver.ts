import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../context.js';
import { CostsUpstreamCall } from '../federation.directive.js';
import type { PlainFields } from '../payload/plain-fields.js';
import { mutationScopes } from '../scopes.js';
import { OpenBillingUiInput } from './billing-ui.input.js';
import { OpenBillingUiPayload } from './billing-ui.payload.js';

/** What the schema promises where the whole input is left out. */
const DEFAULT_INPUT: PlainFields<OpenBillingUiInput> = {
  expireSeconds: 600,
  heldDocuments: 'PROCESS',
  confirmDocumentDeletion: false,
};

@Resolver()
export class BillingUiResolver {
  @CostsUpstreamCall()
  @Authorized(mutationScopes('openBillingUi'))
  @Mutation(() => OpenBillingUiPayload, {
    description:
      "Makes a short-lived URL of the upstream's own billing page, for the api key's own group. Moves no money by itself; every call makes a new URL.",
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
