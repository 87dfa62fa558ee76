import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from 'type-graphql';
import type { BillingPlan } from '../domain/billing-history.js';
import type { AvailablePack } from '../domain/catalogue.js';
import { badInput } from '../domain/errors.js';
import type { GroupRef, HistoryPage } from '../reads/billing-reads.js';
import { BillingHistoryArgs, toHistoryRequest } from './billing-history.js';
import type { PlanOfGroup } from './catalogue.js';
import type { GatewayContext } from './context.js';
import { groupNamed } from './context.js';
import { AssumedSize } from './federation-directive.js';
import { GroupType } from './group.type.js';
import { rowSelection } from './request/selection.js';
import { DateTimeScalar } from './scalars.js';

const MAX_GROUPS = 100;

@Resolver(() => GroupType)
export class GroupResolver {
  @Query(() => GroupType, {
    nullable: true,
    description:
      'One group. Costs no upstream call by itself, so it does not tell whether the group exists; its fields do.',
  })
  group(
    @Arg('id', () => ID, { description: 'Number of the group: 1 to 18 digits, greater than 0.' }) id: string,
    @Ctx() context: GatewayContext,
  ): GroupRef {
    return groupNamed(context.caller, id, ['id']);
  }

  @AssumedSize(MAX_GROUPS)
  @Query(() => [GroupType], {
    nullable: 'items',
    description:
      'Several groups, in the requested order. An invalid id, or a group that the caller may not read, is null ' +
      'with an error at its position. The other groups are not affected.',
  })
  groups(
    @Arg('ids', () => [ID], { description: 'At most 100 numbers of groups, each 1 to 18 digits, greater than 0.' })
    ids: string[],
    @Ctx() context: GatewayContext,
  ): readonly (GroupRef | Error)[] {
    if (ids.length > MAX_GROUPS) throw badInput(`At most ${MAX_GROUPS} ids at once.`, ['ids']);
    return ids.map((id, index) => groupOrError(() => groupNamed(context.caller, id, ['ids', String(index)])));
  }

  @FieldResolver()
  name(@Root() group: GroupRef, @Ctx() context: GatewayContext): string | null | Promise<string | null> {
    return group.name === undefined ? context.reads.groupName(group.id) : group.name;
  }

  @FieldResolver()
  async asOf(@Root() group: GroupRef, @Ctx() { reads }: GatewayContext): Promise<string | null> {
    const asOfMs = await reads.asOf(group.id);
    return asOfMs === null ? null : new Date(asOfMs).toISOString();
  }

  @FieldResolver()
  plan(
    @Root() group: GroupRef,
    @Arg('at', () => DateTimeScalar, { nullable: true, description: 'The plan in force at this moment. Default: now.' })
    at: number | null | undefined,
    @Ctx() { reads }: GatewayContext,
  ): Promise<BillingPlan | null> {
    return reads.plan(group.id, at ?? null);
  }

  @FieldResolver()
  async billingHistory(
    @Root() group: GroupRef,
    @Args(() => BillingHistoryArgs) args: BillingHistoryArgs,
    @Ctx() { reads }: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<HistoryPage> {
    const page = await reads.historyPage(toHistoryRequest(group.id, args));
    const { lists, bytes } = rowSelection(info, true);
    const rows = page.rowCount;
    await reads.handOut(rows * lists, lists === 0 ? 0 : bytes / lists);
    return page;
  }

  @FieldResolver()
  async subgroups(
    @Root() group: GroupRef,
    @Ctx() { reads }: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<readonly GroupRef[]> {
    return await counted(await reads.subgroups(group.id), reads, info);
  }

  @FieldResolver()
  async availablePlans(
    @Root() group: GroupRef,
    @Ctx() { reads }: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<readonly PlanOfGroup[]> {
    const { plans } = await reads.catalogue(group.id, 'availablePlans');
    return (await counted(plans, reads, info)).map((plan) => ({ ...plan, group }));
  }

  @FieldResolver()
  async availablePacks(
    @Root() group: GroupRef,
    @Ctx() { reads }: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<readonly AvailablePack[]> {
    return await counted((await reads.catalogue(group.id, 'availablePacks')).packs, reads, info);
  }
}

/** The items of a list, after they were counted against the operation's limit. */
export async function counted<T>(
  items: readonly T[],
  reads: GatewayContext['reads'],
  info: GraphQLResolveInfo,
): Promise<readonly T[]> {
  await reads.handOut(items.length, rowSelection(info, false).bytes);
  return items;
}

/** An error as a list item becomes an error at the path of that item. A thrown error would make the whole list null. */
function groupOrError(read: () => GroupRef): GroupRef | Error {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error : new Error('not an error', { cause: error });
  }
}
