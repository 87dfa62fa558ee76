import { ApolloClient, type ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

/**
 * The cache of the gateway's types. A group is one object wherever it appears; what stands in it is told here.
 *
 * * `Group` has an id, `BillingOperation` its idempotency key: they are normalised.
 * * `BillingActivity`, plans, packs and money are facts inside of their owner: never merged with one another. The upstream does not
 *   say that the id of a row or of a pack is unique beyond its group.
 */
export function createBillingCache(): InMemoryCache {
  return new InMemoryCache({
    typePolicies: {
      Group: {
        fields: {
          // Pages of one list belong together; another window, filter or order is another list.
          billingHistory: relayStylePagination(['from', 'to', 'includeSubgroups', 'activity', 'orderBy']),
          // A new plan must not inherit what the old one had.
          plan: { merge: false },
        },
      },
      BillingOperation: { keyFields: ['idempotencyKey'] },
      BillingActivity: { keyFields: false },
      // What a catalogue says of a plan or a pack depends on the group that asks.
      AvailablePack: { keyFields: false },
      AvailablePlan: { keyFields: false },
      BoosterPackOrder: { keyFields: false },
      CreditPurchase: { keyFields: false },
    },
  });
}

/** A client of the gateway at `uri`; `link` replaces the HTTP link. */
export function createBillingClient(uri: string, link: ApolloLink = new HttpLink({ uri })): ApolloClient {
  return new ApolloClient({ link, cache: createBillingCache() });
}
