import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { BillingContact } from '../../domain/purchases.js';
import type { GatewayContext } from '../context.js';
import { CostsUpstreamCall, MovesMoney } from '../federation.directive.js';
import type { PlainFields } from '../payload/plain-fields.js';
import { mutationScopes } from '../scopes.js';
import { BillingContactInput, PurchaseCreditsInput } from './credits.input.js';
import { PurchaseCreditsPayload } from './credits.payload.js';

@Resolver()
export class CreditsResolver {
  @MovesMoney()
  @CostsUpstreamCall()
  @Authorized(mutationScopes('purchaseCredits'))
  @Mutation(() => PurchaseCreditsPayload, {
    description: 'Buys credits for the account. This is a charge, made once per `idempotencyKey`.',
  })
  async purchaseCredits(
    @Arg('input', () => PurchaseCreditsInput, { description: 'Which purchase, and whom to bill.' })
    input: PlainFields<PurchaseCreditsInput>,
    @Ctx() { writes }: GatewayContext,
  ): Promise<PlainFields<PurchaseCreditsPayload>> {
    const { value, ...rest } = await writes.purchaseCredits({
      idempotencyKey: input.idempotencyKey,
      purchaseId: input.purchaseId,
      purchaseOrder: input.purchaseOrder ?? null,
      billing: toContact(input.billing ?? null),
    });
    return { ...rest, purchase: value };
  }
}

function toContact(input: BillingContactInput | null): BillingContact | null {
  if (input === null) return null;
  const { address = null, company = null, email = null, mobile = null, phone = null } = input;
  return { address, company, email, mobile, phone };
}
