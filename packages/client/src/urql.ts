import type { Client, CombinedError, OperationResult } from '@urql/core';
import type { Cache, CacheExchangeOpts, UpdateResolver } from '@urql/exchange-graphcache';
import { CHARGES, EMBEDDED_TYPES, ENTITY_KEYS, GROUP_READS, SETTLEMENTS } from './__generated__/schema.facts.ts';
import { changesWhatGroupsHave } from './stale-reads.ts';
import { type BillingClient, type BillingResponse, responseError } from './transport.ts';

/** Graphcache's keys for every type of the gateway, made from its schema. */
export const keys: NonNullable<CacheExchangeOpts['keys']> = {
  ...Object.fromEntries(EMBEDDED_TYPES.map((type) => [type, () => null])),
  ...Object.fromEntries(
    Object.entries(ENTITY_KEYS).map(([type, field]) => [
      type,
      (data: Readonly<Record<string, unknown>>) => {
        const key = data[field];
        return typeof key === 'string' ? key : null;
      },
    ]),
  ),
};

/** The updates after each mutation: the figures of every group are read anew. A group in the response itself stays. */
export const updates: NonNullable<CacheExchangeOpts['updates']> = {
  Mutation: Object.fromEntries(
    [...CHARGES, ...SETTLEMENTS].map((field): [string, UpdateResolver] => [
      field,
      (result, _args, cache) => {
        const payload: unknown = result[field];
        if (changesWhatGroupsHave(payload)) forgetReads(cache, broughtGroup(payload));
      },
    ]),
  ),
};

/** Options for `cacheExchange`: `cacheExchange(billingCache)`. */
export const billingCache: CacheExchangeOpts = { keys, updates };

/** The id of a group whose plan is in the payload, so that it need not be read again. */
function broughtGroup(payload: unknown): string | null {
  if (typeof payload !== 'object' || payload === null || !('group' in payload)) return null;
  const { group } = payload;
  if (typeof group !== 'object' || group === null || !('id' in group) || !('plan' in group)) return null;
  return typeof group.id === 'string' ? group.id : null;
}

/** Drops the reads of every group in the cache, because the rows of a group are also rows of the histories above it. */
function forgetReads(cache: Cache, brought: string | null): void {
  for (const key of knownGroups(cache)) {
    for (const { fieldName, arguments: args } of cache.inspectFields(key)) {
      if (!GROUP_READS.some((name) => name === fieldName)) continue;
      const isBrought = fieldName === 'plan' && args === null && key === `Group:${brought}`;
      if (!isBrought) cache.invalidate(key, fieldName, args);
    }
  }
}

function knownGroups(cache: Cache): ReadonlySet<string> {
  const known = new Set<string>();
  const waiting = linksOf(cache, 'Query', ['group', 'groups']);
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (known.has(key)) continue;
    known.add(key);
    waiting.push(...linksOf(cache, key, ['subgroups']));
  }
  return known;
}

function linksOf(cache: Cache, entity: string, fields: readonly string[]): string[] {
  return cache
    .inspectFields(entity)
    .filter(({ fieldName }) => fields.includes(fieldName))
    .flatMap(({ fieldKey }) => [cache.resolve(entity, fieldKey)].flat())
    .filter((link): link is string => typeof link === 'string' && link.startsWith('Group:'));
}

/** The kit's interface to an urql client. */
export function urqlBilling(client: Client): BillingClient {
  return {
    query: async (document, variables, { fresh = false } = {}) =>
      readResult(
        await client.query(document, variables, { requestPolicy: fresh ? 'network-only' : 'cache-first' }).toPromise(),
      ),
    mutate: async (document, variables) => readResult(await client.mutation(document, variables).toPromise()),
    watch(document, variables, listener) {
      const ask = (requestPolicy: 'cache-and-network' | 'network-only') =>
        client.query(document, variables, { requestPolicy }).subscribe((result) => {
          if (!result.stale) listener(readResult(result));
        });
      let subscription = ask('cache-and-network');
      return {
        refresh() {
          subscription.unsubscribe();
          subscription = ask('network-only');
        },
        stop: () => subscription.unsubscribe(),
      };
    },
  };
}

function readResult<Data>({ data, error }: Pick<OperationResult<Data>, 'data' | 'error'>): BillingResponse<Data> {
  if (error?.networkError !== undefined) return readNetworkError(error);
  return { kind: 'response', data: data ?? null, errors: (error?.graphQLErrors ?? []).map(responseError) };
}

/**
 * Reads a network error of urql. Reason: urql reports every response that is no GraphQL as one, and keeps the response
 * in it.
 */
function readNetworkError<Data>(error: CombinedError): BillingResponse<Data> {
  return error.response === undefined ? { kind: 'noResponse', cause: error } : { kind: 'unreadable', cause: error };
}
