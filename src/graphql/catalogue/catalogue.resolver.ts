import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { AvailablePack, AvailablePlan } from '../../domain/catalogue.js';
import type { DecimalText, Money } from '../../domain/money.js';
import { priceDifference, pricePerDocument } from '../../domain/price.policy.js';
import type { GatewayContext } from '../context.js';
import { presentPlan } from '../group/group.reference.js';
import { AvailablePackType, AvailablePlanType, type PlanOfGroup } from './catalogue.type.js';

@Resolver(() => AvailablePlanType)
export class AvailablePlanResolver {
  @FieldResolver()
  pricePerDocument(@Root() plan: AvailablePlan): DecimalText | null {
    return pricePerDocument(plan.price, plan.allowedDocuments);
  }

  @FieldResolver()
  async differenceToCurrent(@Root() plan: PlanOfGroup, @Ctx() context: GatewayContext): Promise<Money | null> {
    if (plan.group === null) return null;
    const current = await presentPlan(plan.group, context);
    return priceDifference(plan.price, current?.price ?? null);
  }
}

@Resolver(() => AvailablePackType)
export class AvailablePackResolver {
  @FieldResolver()
  pricePerDocument(@Root() pack: AvailablePack): DecimalText | null {
    return pricePerDocument(pack.price, pack.allowedDocuments);
  }
}
