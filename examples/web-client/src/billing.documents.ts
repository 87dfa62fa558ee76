import { graphql } from './__generated__/gql.ts';

/**
 * What the pages show of a plan. One fragment for the query and for the mutation that changes it: a plan has no id of its own and is
 * replaced in the cache as a whole, so what a mutation does not select is missing afterwards and would be fetched again.
 */
export const PlanInForce = graphql(`
  fragment PlanInForce on Group {
    id
    plan {
      name
      type
      typeRaw
      price {
        amount
        currency
      }
      remainingDocuments
      expiryDate
    }
  }
`);

export const GroupPage = graphql(`
  query GroupPage($groupId: ID!) {
    group(id: $groupId) {
      name
      ...PlanInForce
    }
  }
`);

/** What somebody needs who chooses a plan. The difference is null unless both prices name the same currency. */
export const PlanChoice = graphql(`
  query PlanChoice($groupId: ID!) {
    group(id: $groupId) {
      id
      availablePlans {
        id
        name
        type
        typeRaw
        allowedDocuments
        price {
          amount
          currency
        }
        pricePerDocument
        differenceToCurrent {
          amount
          currency
        }
      }
    }
  }
`);

export const HistoryPage = graphql(`
  query HistoryPage($groupId: ID!, $first: Int!, $after: String) {
    group(id: $groupId) {
      id
      billingHistory(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
        edges {
          cursor
          node {
            id
            kind
            kindRaw
            planName
            price {
              amount
              currency
            }
            startDate
          }
        }
      }
    }
  }
`);

export const ChangePlan = graphql(`
  mutation ChangePlan($input: ChangePlanInput!) {
    changePlan(input: $input) {
      group {
        ...PlanInForce
      }
      operation {
        idempotencyKey
        status
      }
      userErrors {
        code
        message
        upstreamMessage
        retryable
      }
    }
  }
`);

export const OrderPacks = graphql(`
  mutation OrderPacks($input: OrderBoosterPackInput!) {
    orderBoosterPack(input: $input) {
      pack {
        id
        name
        quantity
        group {
          id
        }
      }
      summary {
        totalAvailableDocuments
      }
      operation {
        idempotencyKey
        status
        replayed
      }
      userErrors {
        code
        message
        upstreamMessage
        retryable
      }
    }
  }
`);

export const Reconcile = graphql(`
  mutation Reconcile($idempotencyKey: ID!) {
    reconcileBillingOperation(idempotencyKey: $idempotencyKey) {
      operation {
        idempotencyKey
        status
        group {
          id
        }
        evidence {
          kind
          planName
          startDate
        }
      }
      userErrors {
        code
        message
        retryable
      }
    }
  }
`);

export const OpenBillingUi = graphql(`
  mutation OpenBillingUi {
    openBillingUi {
      url
      userErrors {
        code
        message
        retryable
      }
    }
  }
`);
