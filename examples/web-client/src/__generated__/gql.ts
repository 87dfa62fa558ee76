/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  fragment PlanInForce on Group {\n    id\n    plan {\n      name\n      type\n      typeRaw\n      price {\n        amount\n        currency\n      }\n      remainingDocuments\n      expiryDate\n    }\n  }\n": typeof types.PlanInForceFragmentDoc,
    "\n  query GroupPage($groupId: ID!) {\n    group(id: $groupId) {\n      name\n      ...PlanInForce\n    }\n  }\n": typeof types.GroupPageDocument,
    "\n  query PlanChoice($groupId: ID!) {\n    group(id: $groupId) {\n      id\n      availablePlans {\n        id\n        name\n        type\n        typeRaw\n        allowedDocuments\n        price {\n          amount\n          currency\n        }\n        pricePerDocument\n        differenceToCurrent {\n          amount\n          currency\n        }\n      }\n    }\n  }\n": typeof types.PlanChoiceDocument,
    "\n  query HistoryPage($groupId: ID!, $first: Int!, $after: String) {\n    group(id: $groupId) {\n      id\n      billingHistory(first: $first, after: $after) {\n        totalCount\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n          endCursor\n        }\n        edges {\n          cursor\n          node {\n            id\n            kind\n            kindRaw\n            planName\n            price {\n              amount\n              currency\n            }\n            startDate\n          }\n        }\n      }\n    }\n  }\n": typeof types.HistoryPageDocument,
    "\n  mutation ChangePlan($input: ChangePlanInput!) {\n    changePlan(input: $input) {\n      group {\n        ...PlanInForce\n      }\n      operation {\n        idempotencyKey\n        status\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n": typeof types.ChangePlanDocument,
    "\n  mutation OrderPacks($input: OrderBoosterPackInput!) {\n    orderBoosterPack(input: $input) {\n      pack {\n        id\n        name\n        quantity\n        group {\n          id\n        }\n      }\n      summary {\n        totalAvailableDocuments\n      }\n      operation {\n        idempotencyKey\n        status\n        replayed\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n": typeof types.OrderPacksDocument,
    "\n  mutation Reconcile($idempotencyKey: ID!) {\n    reconcileBillingOperation(idempotencyKey: $idempotencyKey) {\n      operation {\n        idempotencyKey\n        status\n        group {\n          id\n        }\n        evidence {\n          kind\n          planName\n          startDate\n        }\n      }\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n": typeof types.ReconcileDocument,
    "\n  mutation OpenBillingUi {\n    openBillingUi {\n      url\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n": typeof types.OpenBillingUiDocument,
};
const documents: Documents = {
    "\n  fragment PlanInForce on Group {\n    id\n    plan {\n      name\n      type\n      typeRaw\n      price {\n        amount\n        currency\n      }\n      remainingDocuments\n      expiryDate\n    }\n  }\n": types.PlanInForceFragmentDoc,
    "\n  query GroupPage($groupId: ID!) {\n    group(id: $groupId) {\n      name\n      ...PlanInForce\n    }\n  }\n": types.GroupPageDocument,
    "\n  query PlanChoice($groupId: ID!) {\n    group(id: $groupId) {\n      id\n      availablePlans {\n        id\n        name\n        type\n        typeRaw\n        allowedDocuments\n        price {\n          amount\n          currency\n        }\n        pricePerDocument\n        differenceToCurrent {\n          amount\n          currency\n        }\n      }\n    }\n  }\n": types.PlanChoiceDocument,
    "\n  query HistoryPage($groupId: ID!, $first: Int!, $after: String) {\n    group(id: $groupId) {\n      id\n      billingHistory(first: $first, after: $after) {\n        totalCount\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n          endCursor\n        }\n        edges {\n          cursor\n          node {\n            id\n            kind\n            kindRaw\n            planName\n            price {\n              amount\n              currency\n            }\n            startDate\n          }\n        }\n      }\n    }\n  }\n": types.HistoryPageDocument,
    "\n  mutation ChangePlan($input: ChangePlanInput!) {\n    changePlan(input: $input) {\n      group {\n        ...PlanInForce\n      }\n      operation {\n        idempotencyKey\n        status\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n": types.ChangePlanDocument,
    "\n  mutation OrderPacks($input: OrderBoosterPackInput!) {\n    orderBoosterPack(input: $input) {\n      pack {\n        id\n        name\n        quantity\n        group {\n          id\n        }\n      }\n      summary {\n        totalAvailableDocuments\n      }\n      operation {\n        idempotencyKey\n        status\n        replayed\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n": types.OrderPacksDocument,
    "\n  mutation Reconcile($idempotencyKey: ID!) {\n    reconcileBillingOperation(idempotencyKey: $idempotencyKey) {\n      operation {\n        idempotencyKey\n        status\n        group {\n          id\n        }\n        evidence {\n          kind\n          planName\n          startDate\n        }\n      }\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n": types.ReconcileDocument,
    "\n  mutation OpenBillingUi {\n    openBillingUi {\n      url\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n": types.OpenBillingUiDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment PlanInForce on Group {\n    id\n    plan {\n      name\n      type\n      typeRaw\n      price {\n        amount\n        currency\n      }\n      remainingDocuments\n      expiryDate\n    }\n  }\n"): (typeof documents)["\n  fragment PlanInForce on Group {\n    id\n    plan {\n      name\n      type\n      typeRaw\n      price {\n        amount\n        currency\n      }\n      remainingDocuments\n      expiryDate\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query GroupPage($groupId: ID!) {\n    group(id: $groupId) {\n      name\n      ...PlanInForce\n    }\n  }\n"): (typeof documents)["\n  query GroupPage($groupId: ID!) {\n    group(id: $groupId) {\n      name\n      ...PlanInForce\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PlanChoice($groupId: ID!) {\n    group(id: $groupId) {\n      id\n      availablePlans {\n        id\n        name\n        type\n        typeRaw\n        allowedDocuments\n        price {\n          amount\n          currency\n        }\n        pricePerDocument\n        differenceToCurrent {\n          amount\n          currency\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query PlanChoice($groupId: ID!) {\n    group(id: $groupId) {\n      id\n      availablePlans {\n        id\n        name\n        type\n        typeRaw\n        allowedDocuments\n        price {\n          amount\n          currency\n        }\n        pricePerDocument\n        differenceToCurrent {\n          amount\n          currency\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query HistoryPage($groupId: ID!, $first: Int!, $after: String) {\n    group(id: $groupId) {\n      id\n      billingHistory(first: $first, after: $after) {\n        totalCount\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n          endCursor\n        }\n        edges {\n          cursor\n          node {\n            id\n            kind\n            kindRaw\n            planName\n            price {\n              amount\n              currency\n            }\n            startDate\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query HistoryPage($groupId: ID!, $first: Int!, $after: String) {\n    group(id: $groupId) {\n      id\n      billingHistory(first: $first, after: $after) {\n        totalCount\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n          endCursor\n        }\n        edges {\n          cursor\n          node {\n            id\n            kind\n            kindRaw\n            planName\n            price {\n              amount\n              currency\n            }\n            startDate\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangePlan($input: ChangePlanInput!) {\n    changePlan(input: $input) {\n      group {\n        ...PlanInForce\n      }\n      operation {\n        idempotencyKey\n        status\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation ChangePlan($input: ChangePlanInput!) {\n    changePlan(input: $input) {\n      group {\n        ...PlanInForce\n      }\n      operation {\n        idempotencyKey\n        status\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation OrderPacks($input: OrderBoosterPackInput!) {\n    orderBoosterPack(input: $input) {\n      pack {\n        id\n        name\n        quantity\n        group {\n          id\n        }\n      }\n      summary {\n        totalAvailableDocuments\n      }\n      operation {\n        idempotencyKey\n        status\n        replayed\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation OrderPacks($input: OrderBoosterPackInput!) {\n    orderBoosterPack(input: $input) {\n      pack {\n        id\n        name\n        quantity\n        group {\n          id\n        }\n      }\n      summary {\n        totalAvailableDocuments\n      }\n      operation {\n        idempotencyKey\n        status\n        replayed\n      }\n      userErrors {\n        code\n        message\n        upstreamMessage\n        retryable\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Reconcile($idempotencyKey: ID!) {\n    reconcileBillingOperation(idempotencyKey: $idempotencyKey) {\n      operation {\n        idempotencyKey\n        status\n        group {\n          id\n        }\n        evidence {\n          kind\n          planName\n          startDate\n        }\n      }\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation Reconcile($idempotencyKey: ID!) {\n    reconcileBillingOperation(idempotencyKey: $idempotencyKey) {\n      operation {\n        idempotencyKey\n        status\n        group {\n          id\n        }\n        evidence {\n          kind\n          planName\n          startDate\n        }\n      }\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation OpenBillingUi {\n    openBillingUi {\n      url\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation OpenBillingUi {\n    openBillingUi {\n      url\n      userErrors {\n        code\n        message\n        retryable\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;