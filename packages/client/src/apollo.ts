import type { ApolloClient, FieldFunctionOptions, TypePolicies } from '@apollo/client';
import { CombinedGraphQLErrors, InMemoryCache, LinkError, ServerError, ServerParseError } from '@apollo/client';
import { CHARGES, EMBEDDED_TYPES, ENTITY_KEYS, GROUP_READS, SETTLEMENTS } from './__generated__/schema.facts.ts';
import { changesWhatGroupsHave } from './stale-reads.ts';
import { type BillingClient, type BillingResponse, responseError } from './transport.ts';

/**
 * Apollo Client's cache policies for every type of the gateway, made from its schema. With them `client.mutate` needs
 * no `update`: a write drops all data that it may have changed, and the page's queries fetch it anew.
 *
 * The cache keeps each page of a history separately, under all of its arguments. It never merges pages, so `nodes` and
 * `edges` are both right.
 */
export const typePolicies: TypePolicies = {
  ...Object.fromEntries(EMBEDDED_TYPES.map((type) => [type, { keyFields: false, merge: false } as const])),
  ...Object.fromEntries(Object.entries(ENTITY_KEYS).map(([type, field]) => [type, entity(field)])),
  Group: {
    ...entity('id'),
    fields: {
      plan: {
        merge(_existing: unknown, incoming: unknown) {
          noteWritten(incoming);
          return incoming;
        },
      },
    },
  },
  Mutation: {
    fields: Object.fromEntries(
      [...CHARGES, ...SETTLEMENTS].map((field) => [
        field,
        {
          merge(_existing: unknown, incoming: unknown, { cache, readField }: FieldFunctionOptions) {
            if (changesWhatGroupsHave(incoming)) {
              forgetReads(cache, (id) => writtenNow.has(readField('plan', { __ref: id })));
            }
            return incoming;
          },
        },
      ]),
    ),
  },
};

/** A cache with {@link typePolicies}; your own types go beside them. */
export function createBillingCache(own: TypePolicies = {}): InMemoryCache {
  return new InMemoryCache({ typePolicies: { ...typePolicies, ...own } });
}

/**
 * A selection without the key becomes part of its owner. Otherwise the cache would throw after the write was carried
 * out.
 */
function entity(field: string) {
  return { keyFields: (object: Readonly<Record<string, unknown>>) => (field in object ? [field] : undefined) };
}

/**
 * Plans in the response that the cache is now writing. A cache writes a response in one step, so they are valid until
 * that step ends.
 */
const writtenNow = new Set<unknown>();

function noteWritten(plan: unknown): void {
  writtenNow.add(plan);
  queueMicrotask(() => writtenNow.delete(plan));
}

/**
 * Drops the reads of every group, because the rows of a group are also rows of the histories above it. A plan in the
 * response itself stays.
 */
function forgetReads(cache: FieldFunctionOptions['cache'], isPlanNew: (groupId: string) => boolean): void {
  const entities = cache.extract();
  if (typeof entities !== 'object' || entities === null) return;
  for (const id of Object.keys(entities)) {
    if (!id.startsWith('Group:')) continue;
    const keptPlan = isPlanNew(id);
    for (const fieldName of GROUP_READS) {
      if (!(keptPlan && fieldName === 'plan')) cache.evict({ id, fieldName, broadcast: false });
    }
  }
}

/**
 * The kit's interface to an Apollo Client, independent of its defaults. A null with an error is a gap, and no retry
 * link is needed.
 */
export function apolloBilling(client: ApolloClient): BillingClient {
  return {
    query: async (query, variables, { fresh = false } = {}) =>
      responseOf(() =>
        client.query({
          query,
          variables: { ...variables },
          errorPolicy: 'all',
          fetchPolicy: fresh ? 'network-only' : 'cache-first',
        }),
      ),
    mutate: async (mutation, variables) =>
      responseOf(() => client.mutate({ mutation, variables: { ...variables }, errorPolicy: 'all' })),
    watch(query, variables, listener) {
      const watched = client.watchQuery({
        query,
        variables: { ...variables },
        errorPolicy: 'all',
        fetchPolicy: 'cache-and-network',
        nextFetchPolicy: 'cache-first',
      });
      const subscription = watched.subscribe((result) => {
        if (result.loading) return;
        listener(readResponse(result.dataState === 'complete' ? result.data : null, result.error));
      });
      return {
        refresh: () => void watched.refetch().catch(() => undefined),
        stop: () => subscription.unsubscribe(),
      };
    },
  };
}

async function responseOf<Data>(
  ask: () => Promise<{ readonly data?: Data | undefined; readonly error?: unknown }>,
): Promise<BillingResponse<Data>> {
  try {
    const { data, error } = await ask();
    return readResponse(data ?? null, error);
  } catch (error) {
    return readResponse<Data>(null, error);
  }
}

/** @throws a fault of the program itself, such as a cache that cannot store the response. */
function readResponse<Data>(data: unknown, error: unknown): BillingResponse<Data> {
  // The document types the data of its response.
  const typed = data as Data | null;
  if (error === undefined || error === null) return { kind: 'response', data: typed, errors: [] };
  if (CombinedGraphQLErrors.is(error))
    return { kind: 'response', data: typed, errors: error.errors.map(responseError) };
  if (ServerError.is(error)) return readBody(error.bodyText) ?? { kind: 'unreadable', cause: error };
  if (ServerParseError.is(error)) return { kind: 'unreadable', cause: error };
  if (LinkError.is(error)) return { kind: 'noResponse', cause: error };
  throw error;
}

/** Reads a refusal of the gateway with another status than 200, which is still a GraphQL response. */
function readBody<Data>(text: string): BillingResponse<Data> | null {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || !('errors' in body) || !Array.isArray(body.errors)) return null;
    return { kind: 'response', data: null, errors: body.errors.map(responseError) };
  } catch {
    return null;
  }
}
