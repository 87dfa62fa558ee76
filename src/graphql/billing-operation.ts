import type { GraphQLResolveInfo } from 'graphql';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Info,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import type {
  BillingOperation,
  BillingOperationStatus,
  BillingUserError,
  Evidence,
  OperationsPage,
} from '../billing/billing-writes.js';
import { type BillingActivity, namedGroup } from '../domain/billing-history.js';
import type { GroupRef } from '../reads/billing-reads.js';
import { BillingOperationConnectionType, BillingOperationType } from './billing-operation.type.js';
import type { GatewayContext, PlainFields } from './context.js';
import { BillingOperationResolutionEnum, BillingOperationStatusEnum } from './enums.js';
import { AssumedSize, CostsUpstreamCall, SizedConnection } from './federation-directive.js';
import { rowSelection } from './request/selection.js';
import { BillingUserErrorType } from './write.payload.js';

@InputType('ResolveBillingOperationInput', {
  description: "An operator's decision about a write whose outcome is unknown.",
})
class ResolveBillingOperationInput {
  @Field(() => ID, { description: 'The key of the write.' })
  readonly idempotencyKey!: string;

  @Field(() => BillingOperationResolutionEnum, { description: 'The finding of the operator.' })
  readonly outcome!: keyof typeof BillingOperationResolutionEnum;

  @Field(() => String, {
    description: 'The source of the finding, for the audit: 1 to 500 characters, no secrets and no personal data.',
  })
  readonly note!: string;
}

@ObjectType('BillingOperationPayload', {
  simpleResolvers: true,
  description: 'Result of reconciling or resolving a write.',
})
class BillingOperationPayload {
  @Field(() => BillingOperationType, {
    nullable: true,
    description: 'The write in its present state. Null when there is none.',
  })
  readonly operation!: BillingOperation | null;

  @AssumedSize(1)
  @Field(() => [BillingUserErrorType], { description: 'Empty exactly when it was reconciled or resolved.' })
  readonly userErrors!: readonly BillingUserError[];
}

@Resolver(() => BillingOperationType)
export class BillingOperationResolver {
  @Query(() => BillingOperationType, {
    nullable: true,
    description: 'One write by its key. Null when this tenant has no write with that key.',
  })
  billingOperation(
    @Arg('idempotencyKey', () => ID, { description: 'The key of the write.' }) idempotencyKey: string,
    @Ctx() { writes }: GatewayContext,
  ): Promise<BillingOperation | null> {
    return writes.operation(idempotencyKey);
  }

  @SizedConnection(null, ['first'], ['edges', 'nodes'])
  @Query(() => BillingOperationConnectionType, { description: "The tenant's writes, newest first." })
  billingOperations(
    @Arg('status', () => [BillingOperationStatusEnum], {
      nullable: true,
      description: 'Only writes of these states. Default: all.',
    })
    status: BillingOperationStatus[] | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'Writes on a page, at most 100.' })
    first: number | null,
    @Arg('after', () => String, {
      nullable: true,
      description: 'Writes after this cursor: `pageInfo.endCursor` of the previous page.',
    })
    after: string | null | undefined,
    @Ctx() { writes }: GatewayContext,
  ): Promise<OperationsPage> {
    return writes.operations(status ?? null, first, after ?? null);
  }

  @CostsUpstreamCall()
  @Mutation(() => BillingOperationPayload, {
    description:
      'Reads the history and settles a write with an unknown outcome if the history proves it. Without proof the ' +
      'outcome stays unknown, with the rows as `evidence`. Never sends the write again.',
  })
  reconcileBillingOperation(
    @Arg('idempotencyKey', () => ID, { description: 'The key of the write.' }) idempotencyKey: string,
    @Ctx() { writes }: GatewayContext,
  ): Promise<PlainFields<BillingOperationPayload>> {
    return writes.reconcile(idempotencyKey);
  }

  @Mutation(() => BillingOperationPayload, {
    description:
      "Records an operator's decision about a write whose outcome is unknown. Audited; sends nothing upstream.",
  })
  resolveBillingOperation(
    @Arg('input', () => ResolveBillingOperationInput, { description: 'The decision.' })
    input: PlainFields<ResolveBillingOperationInput>,
    @Ctx() { writes }: GatewayContext,
  ): Promise<PlainFields<BillingOperationPayload>> {
    return writes.resolve(input);
  }

  @FieldResolver()
  group(@Root() operation: BillingOperation): GroupRef | null {
    return namedGroup(operation.groupId, null);
  }

  @FieldResolver()
  async evidence(
    @Root() operation: BillingOperation,
    @Ctx() { reads }: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<readonly BillingActivity[]> {
    const rows = await evidenceOf(operation, reads);
    await reads.handOut(rows.length, rowSelection(info, false).bytes);
    return rows.map(({ activity }) => activity);
  }

  @FieldResolver()
  async evidenceFit(
    @Root() operation: BillingOperation,
    @Ctx() { reads }: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<readonly Evidence[]> {
    const rows = await evidenceOf(operation, reads);
    await reads.handOut(rows.length, rowSelection(info, false).bytes);
    return rows;
  }
}

/** The evidence of each write, read once per operation however many aliases select it. */
const evidenceRead = new WeakMap<BillingOperation, Promise<readonly Evidence[]>>();

function evidenceOf(operation: BillingOperation, reads: GatewayContext['reads']): Promise<readonly Evidence[]> {
  const known = evidenceRead.get(operation);
  if (known !== undefined) return known;
  // Evidence exists only for a write that was sent for a group and whose outcome is unknown.
  if (operation.status === 'OUTCOME_UNKNOWN' && operation.groupId !== null && operation.sentAt !== null) {
    reads.countCall();
  }
  // Reading the catalogue makes one or two more upstream calls.
  const rows = operation.evidenceFit(() => reads.countCall());
  evidenceRead.set(operation, rows);
  return rows;
}

@Resolver(() => BillingOperationConnectionType)
export class BillingOperationConnectionResolver {
  @FieldResolver()
  nodes(@Root() page: OperationsPage): readonly BillingOperation[] {
    return page.edges.map((edge) => edge.node);
  }
}
