/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What happened, from `plan_activity`. The upstream documents one word of its list only, so expect `OTHER`. */
export type BillingActivityKind =
  /** A booster pack on top of the plan. */
  | 'BOOSTER'
  /** The end of a plan. */
  | 'CANCEL'
  /** A change to a smaller plan. */
  | 'DOWNGRADE'
  /** A word this gateway does not know, or none: see `kindRaw` for the upstream's own word. */
  | 'OTHER'
  /** The same plan for another period. */
  | 'RENEW'
  /** The group's first plan. */
  | 'SIGNUP'
  /** A change to a larger plan. */
  | 'UPGRADE';

/** Why something failed. The list is closed, and codes are the contract: messages may change. */
export type BillingErrorCode =
  /** An argument or variable breaks a rule; `field` is the path of the input at fault. The value is never repeated. */
  | 'BAD_USER_INPUT'
  /** The caller lacks a scope for something that the operation selects, named a group that it may not act on, or sent a document that is not on the list of a gateway that has one. Whether that group exists is not told. */
  | 'FORBIDDEN'
  /** The idempotencyKey belongs to an earlier write with another input. Nothing was sent. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** A fault of the gateway itself. Its details are in the log under the `requestId`. */
  | 'INTERNAL_SERVER_ERROR'
  /** The write could not be recorded safely beforehand, so it was not sent. */
  | 'LEDGER_UNAVAILABLE'
  /** This gateway or this tenant has no credential for the upstream that the field needs, or the upstream has no catalogue of plans and packs where the gateway looks for it. */
  | 'NOT_CONFIGURED'
  /** What the request names does not exist, as far as the upstream or the ledger tells this caller. */
  | 'NOT_FOUND'
  /** The same write, or another one on the same target, is still under way. */
  | 'OPERATION_IN_PROGRESS'
  /** The operation passes a limit: tokens, depth, aliases, directives, selections, root fields, more than one mutation field, the upstream calls that it would cause, or the rows that it might answer. */
  | 'OPERATION_TOO_COMPLEX'
  /** The write was sent, and nobody knows whether it was carried out: money may have moved. The gateway never sends it again by itself. */
  | 'OUTCOME_UNKNOWN'
  /** An earlier write on the same target has an unknown outcome; `operation` is that write. Nothing was sent. */
  | 'PRIOR_OUTCOME_UNKNOWN'
  /** The tenant, or the upstream, has had too many requests in a short time. */
  | 'RATE_LIMITED'
  /** This replica of the gateway is stopping and takes no more work. */
  | 'SHUTTING_DOWN'
  /** The request carries no valid credential for this gateway. */
  | 'UNAUTHENTICATED'
  /** The upstream answered something that cannot be read. At the path of a single field: that value alone could not be read, and the rest of the answer stands. */
  | 'UPSTREAM_INVALID_RESPONSE'
  /** The upstream understood the request and said no; its own words are in `upstreamMessage` or `extensions.upstream`. */
  | 'UPSTREAM_REJECTED'
  /** The upstream did not answer a read in time. */
  | 'UPSTREAM_TIMEOUT'
  /** The upstream refused the gateway's own credential. The caller's token is not at fault. */
  | 'UPSTREAM_UNAUTHENTICATED'
  /** The upstream could not be reached. Of a write, not one byte was sent, so nothing was charged. */
  | 'UPSTREAM_UNAVAILABLE';

/** What is known about a write. */
export type BillingOperationStatus =
  /** Under way. Ask again. */
  | 'IN_PROGRESS'
  /** Not one byte reached the upstream. The same key may try again. */
  | 'NOT_SENT'
  /** Sent, and nobody knows whether it was carried out. Nothing is sent for this target until it is reconciled or resolved. */
  | 'OUTCOME_UNKNOWN'
  /** Refused by the upstream, nothing was carried out. The same key answers the same again. */
  | 'REJECTED'
  /** Carried out. The same key answers the same again and sends nothing. */
  | 'SUCCEEDED';

/** Which plan, and for whom. */
export type ChangePlanInput = {
  /** Must be true with `heldDocuments: DELETE`, which cannot be undone. */
  confirmDocumentDeletion?: boolean;
  /** The group to change (`group_id`). Default: the api key's own group. */
  groupId?: string | number | null | undefined;
  /** What becomes of documents that wait for capacity (`purge`). */
  heldDocuments?: HeldDocumentsAction;
  /** The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Keep it over retries: the same key with the same input never charges twice. */
  idempotencyKey: string | number;
  /** Number of the plan to change to (`plan_id`): 1 to 18 digits. The plan that is in force renews it: another charge. */
  planId: string | number;
};

/** What becomes of documents that wait for capacity (the upstream's `purge`). Always sent explicitly. */
export type HeldDocumentsAction =
  /** They are deleted and cannot be brought back. Needs `confirmDocumentDeletion: true` and the scope `billing:delete-documents`. */
  | 'DELETE'
  /** They are processed, and count against the new capacity. */
  | 'PROCESS';

/** What to order, and for whom. */
export type OrderBoosterPackInput = {
  /** Must be true with `heldDocuments: DELETE`, which cannot be undone. */
  confirmDocumentDeletion?: boolean;
  /** The group to order for (`group_id`). Default: the api key's own group. */
  groupId?: string | number | null | undefined;
  /** What becomes of documents that wait for capacity (`purge`). */
  heldDocuments?: HeldDocumentsAction;
  /** The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Keep it over retries: the same key with the same input never charges twice. */
  idempotencyKey: string | number;
  /** Number of the booster pack to order (`pack_id`): 1 to 18 digits. */
  packId: string | number;
  /** How many packs: 1 to 100. */
  quantity?: number;
};

/** How long a billing period is, from Xtracta `plan_type`. */
export type PlanType =
  /** One calendar year. */
  | 'ANNUAL'
  /** One calendar month. */
  | 'MONTHLY'
  /** A word this gateway does not know, or none: see the field with the upstream's own word. */
  | 'OTHER';

export type PlanInForceFragment = { id: string, plan: { name: string | null, type: PlanType, typeRaw: string | null, remainingDocuments: number | null, expiryDate: string | null, price: { amount: string, currency: string | null } | null } | null };

export type GroupPageQueryVariables = Exact<{
  groupId: string | number;
}>;


export type GroupPageQuery = { group: { name: string | null, id: string, plan: { name: string | null, type: PlanType, typeRaw: string | null, remainingDocuments: number | null, expiryDate: string | null, price: { amount: string, currency: string | null } | null } | null } | null };

export type PlanChoiceQueryVariables = Exact<{
  groupId: string | number;
}>;


export type PlanChoiceQuery = { group: { id: string, availablePlans: Array<{ id: string, name: string | null, type: PlanType, typeRaw: string | null, allowedDocuments: number | null, pricePerDocument: string | null, price: { amount: string, currency: string | null } | null, differenceToCurrent: { amount: string, currency: string | null } | null }> | null } | null };

export type HistoryPageQueryVariables = Exact<{
  groupId: string | number;
  first: number;
  after?: string | null | undefined;
}>;


export type HistoryPageQuery = { group: { id: string, billingHistory: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, edges: Array<{ cursor: string, node: { id: string, kind: BillingActivityKind, kindRaw: string | null, planName: string | null, startDate: string | null, price: { amount: string, currency: string | null } | null } }> } | null } | null };

export type ChangePlanMutationVariables = Exact<{
  input: ChangePlanInput;
}>;


export type ChangePlanMutation = { changePlan: { group: { id: string, plan: { name: string | null, type: PlanType, typeRaw: string | null, remainingDocuments: number | null, expiryDate: string | null, price: { amount: string, currency: string | null } | null } | null } | null, operation: { idempotencyKey: string, status: BillingOperationStatus } | null, userErrors: Array<{ code: BillingErrorCode, message: string, upstreamMessage: string | null, retryable: boolean }> } };

export type OrderPacksMutationVariables = Exact<{
  input: OrderBoosterPackInput;
}>;


export type OrderPacksMutation = { orderBoosterPack: { pack: { id: string, name: string | null, quantity: number | null, group: { id: string } | null } | null, summary: { totalAvailableDocuments: number | null } | null, operation: { idempotencyKey: string, status: BillingOperationStatus, replayed: boolean } | null, userErrors: Array<{ code: BillingErrorCode, message: string, upstreamMessage: string | null, retryable: boolean }> } };

export type ReconcileMutationVariables = Exact<{
  idempotencyKey: string | number;
}>;


export type ReconcileMutation = { reconcileBillingOperation: { operation: { idempotencyKey: string, status: BillingOperationStatus, group: { id: string } | null, evidence: Array<{ kind: BillingActivityKind, planName: string | null, startDate: string | null }> } | null, userErrors: Array<{ code: BillingErrorCode, message: string, retryable: boolean }> } };

export type OpenBillingUiMutationVariables = Exact<{ [key: string]: never; }>;


export type OpenBillingUiMutation = { openBillingUi: { url: string | null, userErrors: Array<{ code: BillingErrorCode, message: string, retryable: boolean }> } };

export const PlanInForceFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PlanInForce"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Group"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"typeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]}}]} as unknown as DocumentNode<PlanInForceFragment, unknown>;
export const GroupPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"GroupPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"PlanInForce"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PlanInForce"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Group"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"typeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]}}]} as unknown as DocumentNode<GroupPageQuery, GroupPageQueryVariables>;
export const PlanChoiceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PlanChoice"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"availablePlans"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"typeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pricePerDocument"}},{"kind":"Field","name":{"kind":"Name","value":"differenceToCurrent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}}]}}]}}]} as unknown as DocumentNode<PlanChoiceQuery, PlanChoiceQueryVariables>;
export const HistoryPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"HistoryPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"billingHistory"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"kindRaw"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<HistoryPageQuery, HistoryPageQueryVariables>;
export const ChangePlanDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ChangePlan"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ChangePlanInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"changePlan"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"PlanInForce"}}]}},{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamMessage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PlanInForce"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Group"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"typeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]}}]} as unknown as DocumentNode<ChangePlanMutation, ChangePlanMutationVariables>;
export const OrderPacksDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"OrderPacks"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"OrderBoosterPackInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"orderBoosterPack"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pack"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"summary"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalAvailableDocuments"}}]}},{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"replayed"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamMessage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<OrderPacksMutation, OrderPacksMutationVariables>;
export const ReconcileDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Reconcile"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reconcileBillingOperation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<ReconcileMutation, ReconcileMutationVariables>;
export const OpenBillingUiDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"OpenBillingUi"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"openBillingUi"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<OpenBillingUiMutation, OpenBillingUiMutationVariables>;