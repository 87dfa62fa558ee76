import { createHash } from 'node:crypto';
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { BillingError } from '../domain/errors.js';
import { type DocumentRequest, documentOf } from './document-request.js';

/** Apollo's `KeyValueCache`: where persisted queries are kept. */
export type PersistedQueryCache = Exclude<NonNullable<ApolloServerOptions<BaseContext>['cache']>, 'bounded'>;

/** The documents that may run, where not every document may. */
export interface Safelist {
  /** Throws `BillingError` `FORBIDDEN` unless the request names one of the documents, by its text or its SHA-256. */
  require(request: DocumentRequest): void;
  /** Answers the listed documents by hash, and keeps nothing that clients send. */
  readonly persistedQueries: PersistedQueryCache;
}

/**
 * Makes a safelist of document texts. A text is compared without comments, commas and blanks that mean nothing; a hash is that of
 * the text as given, without those, or as graphql-js prints it, which is what client libraries send.
 *
 * @throws BillingError `NOT_CONFIGURED` for a text that is no GraphQL document.
 */
export function createSafelist(documents: readonly string[]): Safelist {
  const byHash = new Map<string, string>();
  const texts = new Set<string>();
  for (const document of documents) {
    const { normalised, printed } = formsOf(document);
    texts.add(normalised);
    for (const text of [document, normalised, printed]) byHash.set(sha256(text), document);
  }

  function isListed(request: DocumentRequest): boolean {
    const { query, hash } = documentOf(request);
    if (query !== null) return texts.has(withoutIgnored(query));
    // Neither text nor hash is no GraphQL request at all, and Apollo Server answers that.
    return hash === null || byHash.has(hash);
  }

  return {
    require(request) {
      if (isListed(request)) return;
      throw new BillingError('FORBIDDEN', 'Only the operations that the operator of this gateway listed may run.');
    },
    persistedQueries: {
      get: async (key) => byHash.get(key.slice(key.lastIndexOf(':') + 1)),
      set: async () => undefined,
      delete: async () => false,
    },
  };
}

function formsOf(document: string): { readonly normalised: string; readonly printed: string } {
  try {
    return { normalised: stripIgnoredCharacters(document), printed: print(parse(document)) };
  } catch (error) {
    throw new BillingError('NOT_CONFIGURED', 'SAFELIST holds a text that is no GraphQL document.', { cause: error });
  }
}

/** Text that the lexer refuses is no listed document, and stays as it is. */
function withoutIgnored(query: string): string {
  try {
    return stripIgnoredCharacters(query);
  } catch {
    return query;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
