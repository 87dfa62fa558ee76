import { ApolloClient, ApolloLink, HttpLink } from '@apollo/client';
import { Client, fetchExchange, type gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { apolloBilling, createBillingCache } from '../src/apollo.ts';
import type { BillingClient } from '../src/index.ts';
import { billingCache, urqlBilling } from '../src/urql.ts';

/** Both GraphQL clients with the kit's caches, counting what they ask. */
export interface Kit {
  readonly billing: BillingClient;
  readonly requests: () => number;
  /** Any document, through the client's own functions and its recommended cache. */
  readonly run: (
    document: ReturnType<typeof gql>,
    variables: Record<string, unknown>,
    isWrite: boolean,
  ) => Promise<{ data: unknown; error: unknown }>;
}

/** Counts what is asked over HTTP; `lose` says of each, counted from 1, whether its response is lost. */
function countingFetch(lose: (request: number) => boolean) {
  let requests = 0;
  const counted: typeof fetch = async (input, init) => {
    requests += 1;
    const isLost = lose(requests);
    const response = await fetch(input, init);
    if (isLost) throw new TypeError('the connection broke');
    return response;
  };
  return { counted, requests: () => requests };
}

export const KITS: readonly (readonly [string, (url: string, lose?: (request: number) => boolean) => Kit])[] = [
  [
    'Apollo Client',
    (url, lose = () => false) => {
      const { counted, requests } = countingFetch(lose);
      const client = new ApolloClient({
        link: ApolloLink.from([new HttpLink({ uri: url, fetch: counted })]),
        cache: createBillingCache(),
      });
      return {
        billing: apolloBilling(client),
        requests,
        async run(document, variables, isWrite) {
          const { data, error } = isWrite
            ? await client.mutate({ mutation: document, variables })
            : await client.query({ query: document, variables });
          return { data, error };
        },
      };
    },
  ],
  [
    'urql',
    (url, lose = () => false) => {
      const { counted, requests } = countingFetch(lose);
      const client = new Client({
        url,
        fetch: counted,
        preferGetMethod: false,
        exchanges: [cacheExchange(billingCache), fetchExchange],
      });
      return {
        billing: urqlBilling(client),
        requests,
        async run(document, variables, isWrite) {
          const { data, error } = await (isWrite
            ? client.mutation(document, variables)
            : client.query(document, variables)
          ).toPromise();
          return { data, error };
        },
      };
    },
  ],
];

/** A promise that the test resolves. */
export function deferred<Value = void>() {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { promise, resolve };
}
