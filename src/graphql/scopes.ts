import { defaultFieldResolver, type GraphQLFieldResolver } from 'graphql';
import type { Caller, Scope } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { GatewayContext } from './context.js';

/** Only fields with their own decision lead to this field, or it shows nothing that needs a scope. */
export const INHERITED = 'inherited';

/** Scopes, all of which the caller needs, or {@link INHERITED}. */
type FieldAccess = readonly Scope[] | typeof INHERITED;

type TypeAccess = Readonly<Record<string, FieldAccess>>;

/**
 * Scope for deleting held documents. It depends on an input's value, not on a field, so it has no line in the table.
 */
export const DELETE_DOCUMENTS_SCOPE: Scope = 'billing:delete-documents';

const READ: readonly Scope[] = ['billing:read'];
const WRITE: readonly Scope[] = ['billing:write'];
/** Scope for the reseller's prices. No other scope contains it, because not every reader may see them. */
const WHOLESALE: readonly Scope[] = ['billing:wholesale'];

function inherited(...fields: readonly string[]): TypeAccess {
  return Object.fromEntries(fields.map((field) => [field, INHERITED]));
}

const PAYLOAD_FIELDS = ['operation', 'warnings', 'userErrors'];

/**
 * The access table: one line per type, one decision per field, and no default. The SDL's `@authenticated` and
 * `@requiresScopes` come from it, and the gateway enforces it. A field without a decision fails the start. Fields of
 * `Group` have their own decisions because other subgraphs, entity references and payloads also lead to them.
 */
const ACCESS = {
  Query: {
    group: READ,
    groups: READ,
    billingOperation: READ,
    billingOperations: READ,
    // A representation only names an entity; the entity's own fields decide about access.
    ...inherited('_entities', '_service'),
  },
  Mutation: {
    orderBoosterPack: WRITE,
    changePlan: WRITE,
    reconcileBillingOperation: WRITE,
    purchaseCredits: ['credits:purchase'],
    openBillingUi: ['billing:ui'],
    resolveBillingOperation: ['billing:admin'],
  },
  Group: {
    id: INHERITED,
    name: READ,
    asOf: READ,
    plan: READ,
    billingHistory: READ,
    subgroups: READ,
    availablePlans: READ,
    availablePacks: READ,
    planChangePreview: READ,
  },
  AvailablePack: {
    ...inherited('id', 'name', 'allowedDocuments', 'price', 'pricePerDocument'),
    wholesalePrice: WHOLESALE,
  },
  AvailablePlan: {
    ...inherited('id', 'name', 'type', 'typeRaw', 'allowedDocuments', 'price', 'pricePerDocument'),
    differenceToCurrent: INHERITED,
    wholesalePrice: WHOLESALE,
  },
  BillingOperation: {
    ...inherited('idempotencyKey', 'kind', 'status', 'replayed', 'group', 'createdAt', 'sentAt', 'completedAt'),
    ...inherited('documentsMayHaveBeenDeleted', 'packId', 'quantity', 'planId', 'purchaseId'),
    // Rows of the history need the scope, also inside the payload of a write.
    evidence: READ,
    evidenceFit: READ,
  },
  BillingEvidence: inherited('activity', 'fits', 'doesNotFit'),
  BillingActivity: inherited(
    ...['id', 'kind', 'kindRaw', 'planName', 'planType', 'planTypeRaw', 'price', 'creditAmount'],
    ...['allowedDocuments', 'usedDocuments', 'startDate', 'expiryDate', 'group', 'groupName'],
  ),
  BillingHistoryConnection: inherited('edges', 'nodes', 'pageInfo', 'totalCount', 'summary'),
  BillingHistoryEdge: inherited('cursor', 'node'),
  BillingHistorySummary: inherited('count', 'usedDocuments', 'spend', 'unreadablePrices', 'unreadableCounts'),
  BillingOperationConnection: inherited('edges', 'nodes', 'pageInfo', 'totalCount'),
  BillingOperationEdge: inherited('cursor', 'node'),
  BillingOperationPayload: inherited('operation', 'userErrors'),
  BillingPlan: inherited(
    ...['planId', 'name', 'type', 'typeRaw', 'price', 'allowedDocuments', 'usedDocuments', 'remainingDocuments'],
    ...['startDate', 'expiryDate'],
  ),
  BillingUserError: inherited('code', 'message', 'field', 'upstreamStatus', 'upstreamMessage', 'retryable'),
  BillingWarning: inherited('code', 'message'),
  BoosterPackOrder: inherited('id', 'name', 'allowedDocuments', 'price', 'quantity', 'group'),
  BoosterPackSummary: inherited('totalUsedDocuments', 'totalAvailableDocuments'),
  ChangePlanPayload: { ...inherited('plan', 'group', ...PAYLOAD_FIELDS), catalogue: READ },
  CreditPurchase: inherited(
    ...['id', 'purchaseId', 'datePurchased', 'currency', 'netTotal', 'tax', 'grossTotal', 'unitPrice', 'quantity'],
    ...['paid', 'purchaseType', 'invoiceNumber', 'result', 'userId'],
  ),
  Money: inherited('amount', 'currency'),
  OpenBillingUiPayload: inherited('url', 'expiresAt', 'userErrors'),
  OrderBoosterPackPayload: { ...inherited('pack', 'summary', ...PAYLOAD_FIELDS), catalogue: READ },
  PageInfo: inherited('hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'),
  PlanChangePreview: inherited('from', 'to', 'difference', 'direction', 'unusedDocuments', 'notKnown'),
  PurchaseCreditsPayload: inherited('purchase', ...PAYLOAD_FIELDS),
  _Service: inherited('sdl'),
} as const satisfies Readonly<Record<string, TypeAccess>>;

const TABLE: ReadonlyMap<string, ReadonlyMap<string, FieldAccess>> = new Map(
  Object.entries(ACCESS).map(([type, fields]) => [type, new Map(Object.entries(fields))]),
);

/** The decision for a field, or undefined where there is none. */
export function accessOf(typeName: string, fieldName: string): FieldAccess | undefined {
  return TABLE.get(typeName)?.get(fieldName);
}

/** Whether the caller has every scope of a decision. Without a decision the result is false. */
export function holdsScopes(caller: Caller, access: FieldAccess | undefined): boolean {
  if (access === undefined) return false;
  return access === INHERITED || access.every((scope) => caller.scopes.has(scope));
}

/** Every coordinate that has a decision, as `Type.field`. */
export function decidedCoordinates(): readonly string[] {
  return [...TABLE].flatMap(([type, fields]) => [...fields.keys()].map((field) => `${type}.${field}`));
}

/**
 * Throws `FORBIDDEN` with the names of the missing scopes. They help the person who set up the token and reveal no
 * data.
 */
export function requireScopes(caller: Caller, needed: Iterable<Scope>): void {
  const missing = [...new Set(needed)].filter((scope) => !caller.scopes.has(scope)).sort();
  if (missing.length > 0) {
    throw new BillingError('FORBIDDEN', `This operation needs the scope ${missing.join(', ')}.`);
  }
}

/**
 * Second lock on every field that needs a scope: its resolver refuses a caller without it. The admission reads the
 * document; this lock does not. So a field that the admission overlooked, or that an executor added by mistake, still
 * shows nothing, and money does not depend on the presence of a plugin.
 */
export function withScopeLock(
  access: FieldAccess | undefined,
  resolve: GraphQLFieldResolver<unknown, GatewayContext> | undefined,
): GraphQLFieldResolver<unknown, GatewayContext> | undefined {
  if (access === undefined || access === INHERITED) return resolve;
  const resolver = resolve ?? defaultFieldResolver;
  return (source, args, context, info) => {
    if (!holdsScopes(context.caller, access)) requireScopes(context.caller, access);
    return resolver(source, args, context, info);
  };
}
