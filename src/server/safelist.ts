import { createHash } from 'node:crypto';
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { BillingError, badInput } from '../domain/errors.js';

/** Apollo's `KeyValueCache`, the store of persisted queries. */
export type PersistedQueryCache = Exclude<NonNullable<ApolloServerOptions<BaseContext>['cache']>, 'bounded'>;

/** The only documents that may run. */
export interface Safelist {
  /** Throws `BillingError` `FORBIDDEN` unless the request names one of the documents, by its text or its SHA-256. */
  require(request: DocumentRequest): void;
  /** Returns the listed documents by hash, and stores nothing that clients send. */
  readonly persistedQueries: PersistedQueryCache;
}

/**
 * Makes a safelist of document texts. Texts are compared without comments, commas and insignificant blanks. Three
 * hashes are accepted: of the text as given, of the text without those characters, and of the text as graphql-js prints
 * it. Client libraries send the last one.
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
    // A request with neither text nor hash is no GraphQL request. Apollo Server reports that error.
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

/** Text that the lexer refuses cannot be a listed document, so it stays unchanged. */
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

/** The part of an HTTP request that names the document to run. */
interface DocumentRequest {
  readonly method: string;
  /** Path with query string. */
  readonly url: string;
  /** The parsed JSON body; undefined when there is none. */
  readonly body?: unknown;
}

/** The text and the hash in a request; null where one is no string. */
function documentOf(request: DocumentRequest): { readonly query: string | null; readonly hash: string | null } {
  const { query, extensions } = partsOf(request);
  return { query: textOrNull(query), hash: textOrNull(property(property(extensions, 'persistedQuery'), 'sha256Hash')) };
}

/**
 * Throws `BAD_USER_INPUT` for a hash that is no string. Reason: Apollo Server would append it to a cache key, and some
 * objects throw when they are converted to text.
 */
export function requireReadableHash(request: DocumentRequest): void {
  const persistedQuery = property(partsOf(request).extensions, 'persistedQuery');
  if (property(persistedQuery, 'version') !== 1) return;
  const hash = property(persistedQuery, 'sha256Hash');
  if (typeof hash !== 'string') {
    throw badInput('sha256Hash must be a text of 64 hexadecimal digits', [
      'extensions',
      'persistedQuery',
      'sha256Hash',
    ]);
  }
}

/** Levels of nested brackets. Real documents have about a dozen levels of fields, and values with a few levels. */
const MAX_NESTING = 100;

/** GraphQL specification, 2.1: block strings, strings and comments first, whose brackets do not nest; then brackets. */
const NESTING_TOKENS = /"""(?:\\"""|[\s\S])*?(?:"""|$)|"(?:\\.|[^"\\\n\r])*"?|#[^\n\r]*|[[{(]|[\]})]/g;

/**
 * Throws `OPERATION_TOO_COMPLEX` for a document whose brackets nest too deep. Checked on the text, because the parser
 * runs before every other check. The parser recurses for each level, so thousands of levels end in a stack overflow.
 */
export function requireShallowDocument(request: DocumentRequest): void {
  let depth = 0;
  for (const token of documentOf(request).query?.match(NESTING_TOKENS) ?? []) {
    if (token === '[' || token === '{' || token === '(') depth += 1;
    else if (token === ']' || token === '}' || token === ')') depth -= 1;
    if (depth > MAX_NESTING) {
      throw new BillingError('OPERATION_TOO_COMPLEX', `The document has more than ${MAX_NESTING} levels of brackets.`);
    }
  }
}

/** Reads the places that Apollo Server reads: the query string of a GET, the body of a POST. */
function partsOf({ method, url, body }: DocumentRequest): { readonly query: unknown; readonly extensions: unknown } {
  if (method !== 'GET') return { query: property(body, 'query'), extensions: property(body, 'extensions') };
  const parameters = new URL(url, 'http://localhost').searchParams;
  return { query: parameters.get('query'), extensions: parsed(parameters.get('extensions')) };
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

// Empty text counts as none, as in Apollo Server: then the hash decides which document runs.
function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
