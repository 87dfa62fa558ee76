/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Kind of the activity, from `plan_activity`. The upstream documents only one word of its list, so expect `OTHER`. */
export type BillingActivityKind =
  /** A booster pack on top of the plan. */
  | 'BOOSTER'
  /** The end of a plan. */
  | 'CANCEL'
  /** A change to a smaller plan. */
  | 'DOWNGRADE'
  /** The upstream sent no word, or a word that this gateway does not know: see `kindRaw` for the upstream's own word. */
  | 'OTHER'
  /** The same plan for another period. */
  | 'RENEW'
  /** The group's first plan. */
  | 'SIGNUP'
  /** A change to a larger plan. */
  | 'UPGRADE';

/** The billed party (`Billing`). Personal data: sent upstream, never stored or logged. Fields that are left out are not sent. */
export type BillingContactInput = {
  /** Postal address (`Address`), at most 255 characters. */
  address?: string | null | undefined;
  /** Company (`Company`), at most 255 characters. */
  company?: string | null | undefined;
  /** E-mail address (`Email`), at most 255 characters. */
  email?: string | null | undefined;
  /** Mobile number (`Mobile`), at most 255 characters. */
  mobile?: string | null | undefined;
  /** Phone number (`Phone`), at most 255 characters. */
  phone?: string | null | undefined;
};

/** Why something failed. The list is closed, and codes are the contract: messages may change. */
export type BillingErrorCode =
  /** An argument or variable breaks a rule; `field` is the path of the input at fault. The value is never repeated. */
  | 'BAD_USER_INPUT'
  /** The caller lacks a scope for a selected field or named a group outside its permission. Or the gateway has a safelist without the document. The error does not tell whether that group exists. */
  | 'FORBIDDEN'
  /** The idempotencyKey belongs to an earlier write with another input. Nothing was sent. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** A fault of the gateway itself. Its details are in the log under the `requestId`. */
  | 'INTERNAL_SERVER_ERROR'
  /** The write could not be recorded safely beforehand, so it was not sent. */
  | 'LEDGER_UNAVAILABLE'
  /** This gateway or this tenant has no credential for the upstream of the field. Or the upstream has no catalogue of plans and packs at the configured path. */
  | 'NOT_CONFIGURED'
  /** The named object does not exist, as far as the upstream or the ledger tells this caller. */
  | 'NOT_FOUND'
  /** The same write, or another one on the same target, is still running. */
  | 'OPERATION_IN_PROGRESS'
  /** The operation passes a limit. Limits of the document: tokens, depth, aliases, directives, selections, root fields, one mutation field, levels of brackets and of `subgroups`. Limits of the work: upstream calls, and rows and bytes of the response. */
  | 'OPERATION_TOO_COMPLEX'
  /** The write was sent, and nobody knows whether it was carried out: money may have moved. The gateway never sends it again by itself. */
  | 'OUTCOME_UNKNOWN'
  /** An equal write of the tenant, under another idempotencyKey, succeeded a short while ago or is still running; `operation` is that write. Nothing was sent. */
  | 'POSSIBLE_DUPLICATE'
  /** The gateway read the catalogue anew. The catalogue does not offer the item at the `expected` price, or could not be read. Nothing was sent. */
  | 'PRECONDITION_FAILED'
  /** An earlier write on the same target has an unknown outcome; `operation` is that write. Nothing was sent. */
  | 'PRIOR_OUTCOME_UNKNOWN'
  /** The tenant, or the upstream, has had too many requests in a short time. */
  | 'RATE_LIMITED'
  /** This replica of the gateway is stopping and takes no more work. */
  | 'SHUTTING_DOWN'
  /** The write would pass a spending limit of the tenant, which the operator has set. `message` names the limit, the used amount and the moment when it frees up. Nothing was sent. */
  | 'SPENDING_LIMIT_REACHED'
  /** The request carries no valid credential for this gateway. */
  | 'UNAUTHENTICATED'
  /** The response of the upstream cannot be read. At the path of a single field: that value alone could not be read, and the rest of the response is valid. */
  | 'UPSTREAM_INVALID_RESPONSE'
  /** The upstream understood the request and refused it. Its own words are in `upstreamMessage` or `extensions.upstream`. */
  | 'UPSTREAM_REJECTED'
  /** The upstream did not respond to a read in time. */
  | 'UPSTREAM_TIMEOUT'
  /** The upstream refused the gateway's own credential. The caller's token is not at fault. */
  | 'UPSTREAM_UNAUTHENTICATED'
  /** The upstream could not be reached. The gateway sent no byte of a write, so nothing was charged. */
  | 'UPSTREAM_UNAVAILABLE';

/** Which write it is. */
export type BillingOperationKind =
  /** From `changePlan`. */
  | 'CHANGE_PLAN'
  /** From `orderBoosterPack`. */
  | 'ORDER_BOOSTER_PACK'
  /** From `purchaseCredits`. */
  | 'PURCHASE_CREDITS';

/** An operator's finding about a write whose outcome was unknown. */
export type BillingOperationResolution =
  /** It was not carried out. */
  | 'REJECTED'
  /** It was carried out. */
  | 'SUCCEEDED';

/** State of a write. */
export type BillingOperationStatus =
  /** Under way. Ask again. */
  | 'IN_PROGRESS'
  /** Not one byte reached the upstream. The same key may try again. */
  | 'NOT_SENT'
  /** Sent, and nobody knows whether it was carried out. Nothing is sent for this target until it is reconciled or resolved. */
  | 'OUTCOME_UNKNOWN'
  /** Refused by the upstream, nothing was carried out. The same key returns the same result. */
  | 'REJECTED'
  /** Carried out. The same key returns the same result and sends nothing. */
  | 'SUCCEEDED';

/** Oddities in the upstream's response to a write that succeeded. */
export type BillingWarningCode =
  /** The confirmed group differs from the named group. */
  | 'GROUP_DIFFERS'
  /** The confirmed quantity differs from the ordered quantity. */
  | 'QUANTITY_DIFFERS'
  /** The upstream's response is complete but has no status. */
  | 'STATUS_MISSING'
  /** Net total plus tax is not the gross total. The figures are shown as sent. */
  | 'TOTALS_DIFFER'
  /** The upstream reported an error and a complete result at once. The result counts: money may have moved. */
  | 'UPSTREAM_ERROR_BESIDE_RESULT'
  /** A value of the upstream's response could not be read and is null. */
  | 'VALUE_UNREADABLE';

/** The plan and its group. */
export type ChangePlanInput = {
  /** Must be true with `heldDocuments: DELETE`, which cannot be undone. */
  confirmDocumentDeletion?: boolean;
  /** The price that the user was shown, for one billing period. The gateway reads the catalogue anew. When the catalogue differs or cannot be read, the gateway sends nothing: `PRECONDITION_FAILED`. */
  expected?: ExpectedPriceInput | null | undefined;
  /** The group to change (`group_id`). Default: the api key's own group. */
  groupId?: string | number | null | undefined;
  /** Treatment of documents that wait for capacity (`purge`). */
  heldDocuments?: HeldDocumentsAction;
  /** The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Make it when the user's intent begins. Keep it over retries of the request, a dialog that is opened again, or an agent's repeated tool call. The same key with the same input never charges twice. */
  idempotencyKey: string | number;
  /** Number of the plan to change to (`plan_id`): 1 to 18 digits. The number of the plan in force renews that plan, which is another charge. */
  planId: string | number;
  /** The `idempotencyKey` of an earlier equal write that this one repeats on purpose, as in `operation` of a `POSSIBLE_DUPLICATE`. It must name the newest such write. Without it, an equal write under another key is refused for DUPLICATE_WINDOW_SECONDS (five minutes by default). */
  repeats?: string | number | null | undefined;
};

/** A price of the catalogue that the user was shown: `price` of `AvailablePack` or `AvailablePlan`. */
export type ExpectedPriceInput = {
  /** The amount. Compared as a number: `"99.5"` is `"99.50"`. */
  amount: string;
  /** The currency. Left out: the amount alone is compared. Given: the catalogue must name the same one. */
  currency?: string | null | undefined;
};

/** Treatment of documents that wait for capacity (the upstream's `purge`). The gateway always sends it explicitly. */
export type HeldDocumentsAction =
  /** They are deleted and cannot be brought back. Needs `confirmDocumentDeletion: true` and the scope `billing:delete-documents`. */
  | 'DELETE'
  /** They are processed, and count against the new capacity. */
  | 'PROCESS';

/** Options of the billing page. The choice about held documents is part of the URL. It takes effect later, when the user changes the plan there. */
export type OpenBillingUiInput = {
  /** Must be true with `heldDocuments: DELETE`, which cannot be undone. */
  confirmDocumentDeletion?: boolean;
  /** Seconds until the URL expires (`expire`): 1 to 259200, which are three days. */
  expireSeconds?: number;
  /** Treatment of documents that wait for capacity (`purge`). */
  heldDocuments?: HeldDocumentsAction;
};

/** The packs and their group. */
export type OrderBoosterPackInput = {
  /** Must be true with `heldDocuments: DELETE`, which cannot be undone. */
  confirmDocumentDeletion?: boolean;
  /** The price that the user was shown, for one pack. The gateway reads the catalogue anew. When the catalogue differs or cannot be read, the gateway sends nothing: `PRECONDITION_FAILED`. */
  expected?: ExpectedPriceInput | null | undefined;
  /** The group to order for (`group_id`). Default: the api key's own group. */
  groupId?: string | number | null | undefined;
  /** Treatment of documents that wait for capacity (`purge`). */
  heldDocuments?: HeldDocumentsAction;
  /** The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Make it when the user's intent begins. Keep it over retries of the request, a dialog that is opened again, or an agent's repeated tool call. The same key with the same input never charges twice. */
  idempotencyKey: string | number;
  /** Number of the booster pack to order (`pack_id`): 1 to 18 digits. */
  packId: string | number;
  /** How many packs: 1 to 100. */
  quantity?: number;
  /** The `idempotencyKey` of an earlier equal write that this one repeats on purpose, as in `operation` of a `POSSIBLE_DUPLICATE`. It must name the newest such write. Without it, an equal write under another key is refused for DUPLICATE_WINDOW_SECONDS (five minutes by default). */
  repeats?: string | number | null | undefined;
};

/** Direction of a plan change. It compares documents, not prices. */
export type PlanChangeDirection =
  /** Fewer documents in a period of the same length. */
  | 'DOWNGRADE'
  /** The plan in force itself: `changePlan` renews it at once, which is another charge. Recognised by the number of the plan. Where the history has no number: by name, documents and price together. */
  | 'RENEWAL'
  /** Not comparable: periods of different or unknown length, equal documents, an unknown figure, or no plan in force. */
  | 'UNKNOWN'
  /** More documents in a period of the same length. */
  | 'UPGRADE';

/** A fact about a plan change that is not known before the change. More values may be added. */
export type PlanChangeUnknown =
  /** The documents in a period of one of the two plans. */
  | 'ALLOWED_DOCUMENTS'
  /** The credit for the unused part of the plan in force. Always listed. */
  | 'CREDIT'
  /** The currency of one of the two prices: the upstream names none, or it cannot be read. */
  | 'CURRENCY'
  /** How many documents are on hold. The change deletes them, or processes them so that they count against the new plan. Always listed. */
  | 'HELD_DOCUMENTS'
  /** The price of one of the two plans: the upstream left it out, or it cannot be read. */
  | 'PRICE'
  /** Whether a period that has begun is charged in part. Always listed. */
  | 'PRORATION'
  /** Whether prices include tax, and how much. Always listed. */
  | 'TAX'
  /** Documents left in the plan in force. */
  | 'UNUSED_DOCUMENTS';

/** How long a billing period is, from Xtracta `plan_type`. */
export type PlanType =
  /** One calendar year. */
  | 'ANNUAL'
  /** One calendar month. */
  | 'MONTHLY'
  /** The upstream sent no word, or a word that this gateway does not know: see the field with the upstream's own word. */
  | 'OTHER';

/** The purchase and the billed party. */
export type PurchaseCreditsInput = {
  /** The billed party. Default: the account's own details. */
  billing?: BillingContactInput | null | undefined;
  /** The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Make it when the user's intent begins. Keep it over retries of the request, a dialog that is opened again, or an agent's repeated tool call. The same key with the same input never charges twice. */
  idempotencyKey: string | number;
  /** The purchase to make (`PurchaseID`); quantity and price follow from it on the upstream's side. Not the zero UUID. */
  purchaseId: string;
  /** The buyer's own order number (`PurchaseOrder`), at most 255 characters. Some accounts require it. */
  purchaseOrder?: string | null | undefined;
  /** The `idempotencyKey` of an earlier equal write that this one repeats on purpose, as in `operation` of a `POSSIBLE_DUPLICATE`. It must name the newest such write. Without it, an equal write under another key is refused for DUPLICATE_WINDOW_SECONDS (five minutes by default). */
  repeats?: string | number | null | undefined;
};

/** An operator's decision about a write whose outcome is unknown. */
export type ResolveBillingOperationInput = {
  /** The key of the write. */
  idempotencyKey: string | number;
  /** The source of the finding, for the audit: 1 to 500 characters, no secrets and no personal data. */
  note: string;
  /** The finding of the operator. */
  outcome: BillingOperationResolution;
};

export type GroupPlanQueryVariables = Exact<{
  groupId: string | number;
}>;


export type GroupPlanQuery = { group: { id: string, name: string | null, plan: { name: string | null, type: PlanType, typeRaw: string | null, allowedDocuments: number | null, usedDocuments: number | null, remainingDocuments: number | null, startDate: string | null, expiryDate: string | null, price: { amount: string, currency: string | null } | null } | null } | null };

export type GroupPlanAtQueryVariables = Exact<{
  groupId: string | number;
  at: string;
}>;


export type GroupPlanAtQuery = { group: { id: string, atMoment: { name: string | null, type: PlanType, startDate: string | null, expiryDate: string | null } | null, now: { name: string | null, type: PlanType, startDate: string | null, expiryDate: string | null } | null } | null };

export type ManyGroupsQueryVariables = Exact<{
  groupIds: Array<string | number> | string | number;
}>;


export type ManyGroupsQuery = { groups: Array<{ id: string, name: string | null, plan: { name: string | null, remainingDocuments: number | null, expiryDate: string | null } | null } | null> };

export type HistoryFirstPageQueryVariables = Exact<{
  groupId: string | number;
  first?: number | null | undefined;
}>;


export type HistoryFirstPageQuery = { group: { id: string, billingHistory: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ id: string, kind: BillingActivityKind, kindRaw: string | null, planName: string | null, planType: PlanType, creditAmount: string | null, allowedDocuments: number | null, usedDocuments: number | null, startDate: string | null, expiryDate: string | null, price: { amount: string, currency: string | null } | null }> } | null } | null };

export type HistoryRowFragment = { id: string, kind: BillingActivityKind, kindRaw: string | null, planName: string | null, planType: PlanType, creditAmount: string | null, allowedDocuments: number | null, usedDocuments: number | null, startDate: string | null, expiryDate: string | null, price: { amount: string, currency: string | null } | null };

export type HistoryNextPageQueryVariables = Exact<{
  groupId: string | number;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type HistoryNextPageQuery = { group: { id: string, billingHistory: { pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, edges: Array<{ cursor: string, node: { id: string, kind: BillingActivityKind, planName: string | null, startDate: string | null } }> } | null } | null };

export type RecursiveHistoryQueryVariables = Exact<{
  groupId: string | number;
  from?: string | null | undefined;
  to?: string | null | undefined;
  activity?: Array<BillingActivityKind> | BillingActivityKind | null | undefined;
  first?: number | null | undefined;
}>;


export type RecursiveHistoryQuery = { group: { id: string, billingHistory: { summary: { count: number, usedDocuments: number | null, unreadablePrices: number, unreadableCounts: number, spend: Array<{ amount: string, currency: string | null }> }, nodes: Array<{ id: string, kind: BillingActivityKind, planName: string | null, startDate: string | null, groupName: string | null, price: { amount: string, currency: string | null } | null, group: { id: string } | null }> } | null } | null };

export type SubgroupsQueryVariables = Exact<{
  groupId: string | number;
}>;


export type SubgroupsQuery = { group: { id: string, subgroups: Array<{ id: string, name: string | null, plan: { name: string | null, type: PlanType, remainingDocuments: number | null } | null }> | null } | null };

export type OrderBoosterPackMutationVariables = Exact<{
  input: OrderBoosterPackInput;
}>;


export type OrderBoosterPackMutation = { orderBoosterPack: { pack: { id: string, name: string | null, allowedDocuments: number | null, quantity: number | null, price: { amount: string, currency: string | null } | null, group: { id: string } | null } | null, summary: { totalUsedDocuments: number | null, totalAvailableDocuments: number | null } | null, operation: { idempotencyKey: string, status: BillingOperationStatus, replayed: boolean } | null, warnings: Array<{ code: BillingWarningCode, message: string }>, userErrors: Array<{ code: BillingErrorCode, message: string, field: Array<string> | null, upstreamStatus: string | null, upstreamMessage: string | null, retryable: boolean }> } };

export type WriteStateFragment = { idempotencyKey: string, status: BillingOperationStatus, replayed: boolean };

export type WriteErrorFragment = { code: BillingErrorCode, message: string, field: Array<string> | null, upstreamStatus: string | null, upstreamMessage: string | null, retryable: boolean };

export type ChangePlanMutationVariables = Exact<{
  input: ChangePlanInput;
}>;


export type ChangePlanMutation = { changePlan: { plan: { planId: string | null, name: string | null, type: PlanType, allowedDocuments: number | null, startDate: string | null, expiryDate: string | null, price: { amount: string, currency: string | null } | null } | null, catalogue: { id: string, allowedDocuments: number | null, pricePerDocument: string | null } | null, group: { id: string, plan: { name: string | null, type: PlanType, remainingDocuments: number | null, expiryDate: string | null } | null } | null, operation: { idempotencyKey: string, status: BillingOperationStatus, replayed: boolean, documentsMayHaveBeenDeleted: boolean } | null, warnings: Array<{ code: BillingWarningCode, message: string }>, userErrors: Array<{ code: BillingErrorCode, message: string, field: Array<string> | null, upstreamStatus: string | null, upstreamMessage: string | null, retryable: boolean }> } };

export type PurchaseCreditsMutationVariables = Exact<{
  input: PurchaseCreditsInput;
}>;


export type PurchaseCreditsMutation = { purchaseCredits: { purchase: { id: string, purchaseId: string, datePurchased: string | null, currency: string | null, netTotal: string | null, tax: string | null, grossTotal: string | null, unitPrice: string | null, quantity: string | null, paid: boolean | null, purchaseType: string | null, invoiceNumber: string | null, result: string | null } | null, operation: { idempotencyKey: string, status: BillingOperationStatus, replayed: boolean } | null, warnings: Array<{ code: BillingWarningCode, message: string }>, userErrors: Array<{ code: BillingErrorCode, message: string, field: Array<string> | null, upstreamStatus: string | null, upstreamMessage: string | null, retryable: boolean }> } };

export type OpenBillingUiMutationVariables = Exact<{
  input?: OpenBillingUiInput | null | undefined;
}>;


export type OpenBillingUiMutation = { openBillingUi: { url: string | null, expiresAt: string | null, userErrors: Array<{ code: BillingErrorCode, message: string, field: Array<string> | null, retryable: boolean }> } };

export type BillingOperationQueryVariables = Exact<{
  idempotencyKey: string | number;
}>;


export type BillingOperationQuery = { billingOperation: { idempotencyKey: string, kind: BillingOperationKind, status: BillingOperationStatus, createdAt: string, sentAt: string | null, completedAt: string | null, documentsMayHaveBeenDeleted: boolean, group: { id: string } | null } | null };

export type UnknownOperationsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type UnknownOperationsQuery = { billingOperations: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ idempotencyKey: string, kind: BillingOperationKind, sentAt: string | null, documentsMayHaveBeenDeleted: boolean, group: { id: string } | null, evidence: Array<{ id: string, kind: BillingActivityKind, planName: string | null, startDate: string | null }> }> } };

export type ReconcileOperationMutationVariables = Exact<{
  idempotencyKey: string | number;
}>;


export type ReconcileOperationMutation = { reconcileBillingOperation: { operation: { idempotencyKey: string, status: BillingOperationStatus, completedAt: string | null, evidence: Array<{ id: string, kind: BillingActivityKind, planName: string | null, startDate: string | null, price: { amount: string, currency: string | null } | null }> } | null, userErrors: Array<{ code: BillingErrorCode, message: string, retryable: boolean }> } };

export type ResolveOperationMutationVariables = Exact<{
  input: ResolveBillingOperationInput;
}>;


export type ResolveOperationMutation = { resolveBillingOperation: { operation: { idempotencyKey: string, status: BillingOperationStatus, completedAt: string | null } | null, userErrors: Array<{ code: BillingErrorCode, message: string, field: Array<string> | null, retryable: boolean }> } };

export type AvailablePlansQueryVariables = Exact<{
  groupId: string | number;
}>;


export type AvailablePlansQuery = { group: { id: string, plan: { planId: string | null, name: string | null, type: PlanType, remainingDocuments: number | null, price: { amount: string, currency: string | null } | null } | null, availablePlans: Array<{ id: string, name: string | null, type: PlanType, typeRaw: string | null, allowedDocuments: number | null, pricePerDocument: string | null, price: { amount: string, currency: string | null } | null, differenceToCurrent: { amount: string, currency: string | null } | null }> | null } | null };

export type AvailablePacksQueryVariables = Exact<{
  groupId: string | number;
}>;


export type AvailablePacksQuery = { group: { id: string, availablePacks: Array<{ id: string, name: string | null, allowedDocuments: number | null, pricePerDocument: string | null, price: { amount: string, currency: string | null } | null, wholesalePrice: { amount: string, currency: string | null } | null }> | null } | null };

export type PlanChangePreviewQueryVariables = Exact<{
  groupId: string | number;
  planId: string | number;
}>;


export type PlanChangePreviewQuery = { group: { id: string, planChangePreview: { direction: PlanChangeDirection, unusedDocuments: number | null, notKnown: Array<PlanChangeUnknown>, from: { planId: string | null, name: string | null, type: PlanType, allowedDocuments: number | null, price: { amount: string, currency: string | null } | null } | null, to: { id: string, name: string | null, type: PlanType, allowedDocuments: number | null, price: { amount: string, currency: string | null } | null }, difference: { amount: string, currency: string | null } | null } | null } | null };

export type RepeatOrderMutationVariables = Exact<{
  input: OrderBoosterPackInput;
}>;


export type RepeatOrderMutation = { orderBoosterPack: { pack: { id: string, name: string | null, quantity: number | null } | null, operation: { idempotencyKey: string, status: BillingOperationStatus, replayed: boolean, packId: string | null, quantity: number | null, createdAt: string } | null, warnings: Array<{ code: BillingWarningCode, message: string }>, userErrors: Array<{ code: BillingErrorCode, message: string, retryable: boolean }> } };

export const HistoryRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"HistoryRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BillingActivity"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"kindRaw"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"planType"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"creditAmount"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"usedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]} as unknown as DocumentNode<HistoryRowFragment, unknown>;
export const WriteStateFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"WriteState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BillingOperation"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"replayed"}}]}}]} as unknown as DocumentNode<WriteStateFragment, unknown>;
export const WriteErrorFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"WriteError"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BillingUserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamStatus"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamMessage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]} as unknown as DocumentNode<WriteErrorFragment, unknown>;
export const GroupPlanDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"GroupPlan"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"typeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"usedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]}}]}}]} as unknown as DocumentNode<GroupPlanQuery, GroupPlanQueryVariables>;
export const GroupPlanAtDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"GroupPlanAt"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"at"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTime"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","alias":{"kind":"Name","value":"atMoment"},"name":{"kind":"Name","value":"plan"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"at"},"value":{"kind":"Variable","name":{"kind":"Name","value":"at"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}},{"kind":"Field","alias":{"kind":"Name","value":"now"},"name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]}}]}}]} as unknown as DocumentNode<GroupPlanAtQuery, GroupPlanAtQueryVariables>;
export const ManyGroupsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ManyGroups"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupIds"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"groups"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"ids"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupIds"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]}}]}}]} as unknown as DocumentNode<ManyGroupsQuery, ManyGroupsQueryVariables>;
export const HistoryFirstPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"HistoryFirstPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}},"defaultValue":{"kind":"IntValue","value":"5"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"billingHistory"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"HistoryRow"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"HistoryRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BillingActivity"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"kindRaw"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"planType"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"creditAmount"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"usedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]} as unknown as DocumentNode<HistoryFirstPageQuery, HistoryFirstPageQueryVariables>;
export const HistoryNextPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"HistoryNextPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}},"defaultValue":{"kind":"IntValue","value":"5"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"billingHistory"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<HistoryNextPageQuery, HistoryNextPageQueryVariables>;
export const RecursiveHistoryDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RecursiveHistory"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"from"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTime"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"to"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTime"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"activity"}},"type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"BillingActivityKind"}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}},"defaultValue":{"kind":"IntValue","value":"10"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"billingHistory"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"from"},"value":{"kind":"Variable","name":{"kind":"Name","value":"from"}}},{"kind":"Argument","name":{"kind":"Name","value":"to"},"value":{"kind":"Variable","name":{"kind":"Name","value":"to"}}},{"kind":"Argument","name":{"kind":"Name","value":"includeSubgroups"},"value":{"kind":"BooleanValue","value":true}},{"kind":"Argument","name":{"kind":"Name","value":"activity"},"value":{"kind":"Variable","name":{"kind":"Name","value":"activity"}}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"EnumValue","value":"START_DATE_ASC"}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"summary"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"count"}},{"kind":"Field","name":{"kind":"Name","value":"usedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"spend"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"unreadablePrices"}},{"kind":"Field","name":{"kind":"Name","value":"unreadableCounts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}},{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"groupName"}}]}}]}}]}}]}}]} as unknown as DocumentNode<RecursiveHistoryQuery, RecursiveHistoryQueryVariables>;
export const SubgroupsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Subgroups"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subgroups"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SubgroupsQuery, SubgroupsQueryVariables>;
export const OrderBoosterPackDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"OrderBoosterPack"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"OrderBoosterPackInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"orderBoosterPack"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pack"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"summary"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalUsedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"totalAvailableDocuments"}}]}},{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"WriteState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"WriteError"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"WriteState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BillingOperation"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"replayed"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"WriteError"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BillingUserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamStatus"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamMessage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]} as unknown as DocumentNode<OrderBoosterPackMutation, OrderBoosterPackMutationVariables>;
export const ChangePlanDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ChangePlan"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ChangePlanInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"changePlan"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"planId"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}},{"kind":"Field","name":{"kind":"Name","value":"catalogue"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"pricePerDocument"}}]}},{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"expiryDate"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"replayed"}},{"kind":"Field","name":{"kind":"Name","value":"documentsMayHaveBeenDeleted"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamStatus"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamMessage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<ChangePlanMutation, ChangePlanMutationVariables>;
export const PurchaseCreditsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"PurchaseCredits"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PurchaseCreditsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"purchaseCredits"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"purchase"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"purchaseId"}},{"kind":"Field","name":{"kind":"Name","value":"datePurchased"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"netTotal"}},{"kind":"Field","name":{"kind":"Name","value":"tax"}},{"kind":"Field","name":{"kind":"Name","value":"grossTotal"}},{"kind":"Field","name":{"kind":"Name","value":"unitPrice"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"paid"}},{"kind":"Field","name":{"kind":"Name","value":"purchaseType"}},{"kind":"Field","name":{"kind":"Name","value":"invoiceNumber"}},{"kind":"Field","name":{"kind":"Name","value":"result"}}]}},{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"replayed"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamStatus"}},{"kind":"Field","name":{"kind":"Name","value":"upstreamMessage"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<PurchaseCreditsMutation, PurchaseCreditsMutationVariables>;
export const OpenBillingUiDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"OpenBillingUi"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"OpenBillingUiInput"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"openBillingUi"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<OpenBillingUiMutation, OpenBillingUiMutationVariables>;
export const BillingOperationDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"BillingOperation"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"billingOperation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"documentsMayHaveBeenDeleted"}}]}}]}}]} as unknown as DocumentNode<BillingOperationQuery, BillingOperationQueryVariables>;
export const UnknownOperationsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"UnknownOperations"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}},"defaultValue":{"kind":"IntValue","value":"20"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"billingOperations"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"status"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"OUTCOME_UNKNOWN"}]}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"group"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"sentAt"}},{"kind":"Field","name":{"kind":"Name","value":"documentsMayHaveBeenDeleted"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}}]}}]}}]}}]}}]} as unknown as DocumentNode<UnknownOperationsQuery, UnknownOperationsQueryVariables>;
export const ReconcileOperationDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ReconcileOperation"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reconcileBillingOperation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"planName"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"startDate"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<ReconcileOperationMutation, ReconcileOperationMutationVariables>;
export const ResolveOperationDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ResolveOperation"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ResolveBillingOperationInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"resolveBillingOperation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"completedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<ResolveOperationMutation, ResolveOperationMutationVariables>;
export const AvailablePlansDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AvailablePlans"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"planId"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"remainingDocuments"}}]}},{"kind":"Field","name":{"kind":"Name","value":"availablePlans"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"typeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pricePerDocument"}},{"kind":"Field","name":{"kind":"Name","value":"differenceToCurrent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}}]}}]}}]} as unknown as DocumentNode<AvailablePlansQuery, AvailablePlansQueryVariables>;
export const AvailablePacksDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AvailablePacks"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"availablePacks"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pricePerDocument"}},{"kind":"Field","name":{"kind":"Name","value":"wholesalePrice"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}}]}}]}}]} as unknown as DocumentNode<AvailablePacksQuery, AvailablePacksQueryVariables>;
export const PlanChangePreviewDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PlanChangePreview"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"planId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"group"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"groupId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"planChangePreview"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"planId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"planId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"direction"}},{"kind":"Field","name":{"kind":"Name","value":"from"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"planId"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"to"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"allowedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"difference"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"unusedDocuments"}},{"kind":"Field","name":{"kind":"Name","value":"notKnown"}}]}}]}}]}}]} as unknown as DocumentNode<PlanChangePreviewQuery, PlanChangePreviewQueryVariables>;
export const RepeatOrderDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RepeatOrder"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"OrderBoosterPackInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"orderBoosterPack"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pack"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}}]}},{"kind":"Field","name":{"kind":"Name","value":"operation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"idempotencyKey"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"replayed"}},{"kind":"Field","name":{"kind":"Name","value":"packId"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]}}]} as unknown as DocumentNode<RepeatOrderMutation, RepeatOrderMutationVariables>;