import { createHash } from 'node:crypto';
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { BillingError, badInput } from '../domain/errors.js';

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
 * Makes a safelist of document texts. A text is compared without comments, commas and blanks that mean nothing; a hash
 * is that of the text as given, without those, or as graphql-js prints it, which is what client libraries send.
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

/** The part of an HTTP request that says which document is to run. */
interface DocumentRequest {
  readonly method: string;
  /** Path with query string. */
  readonly url: string;
  /** The parsed JSON body; undefined when there is none. */
  readonly body?: unknown;
}

/** The text and the hash that a request names, each null where it is not given as text. */
function documentOf(request: DocumentRequest): { readonly query: string | null; readonly hash: string | null } {
  const { query, extensions } = partsOf(request);
  return { query: textOrNull(query), hash: textOrNull(property(property(extensions, 'persistedQuery'), 'sha256Hash')) };
}

/**
 * Throws `BAD_USER_INPUT` for a hash that is no text. Apollo Server would join it to a cache key as it is, and some
 * objects throw when they are made text.
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

/** Brackets inside brackets. What a client asks for has a dozen levels of fields, and values of a few levels. */
const MAX_NESTING = 100;

/** GraphQL specification, 2.1: block strings, strings and comments, whose brackets nest nothing; then brackets. */
const NESTING_TOKENS = /"""(?:\\"""|[\s\S])*?(?:"""|$)|"(?:\\.|[^"\\\n\r])*"?|#[^\n\r]*|[[{(]|[\]})]/g;

/**
 * Throws `OPERATION_TOO_COMPLEX` for a document whose brackets nest too deep. Asked of the text, because the parser,
 * which comes before every other check, calls itself for each level and ends in a stack overflow where there are
 * thousands.
 */
export function requireShallowDocument(request: DocumentRequest): void {
  let depth = 0;
  for (const [token] of (documentOf(request).query ?? '').matchAll(NESTING_TOKENS)) {
    if (token === '[' || token === '{' || token === '(') depth += 1;
    else if (token === ']' || token === '}' || token === ')') depth -= 1;
    if (depth > MAX_NESTING) {
      throw new BillingError('OPERATION_TOO_COMPLEX', `The document has more than ${MAX_NESTING} levels of brackets.`);
    }
  }
}

/** Looks where Apollo Server looks: at the query string of a GET, at the body of a POST. */
function partsOf({ method, url, body }: DocumentRequest): { readonly query: unknown; readonly extensions: unknown } {
  if (method !== 'GET') return { query: property(body, 'query'), extensions: property(body, 'extensions') };
  const parameters = new URL(url, 'http://localhost').searchParams;
  return { query: parameters.get('query'), extensions: parsed(parameters.get('extensions')) };
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

// Empty text counts as none, as it does for Apollo Server: a hash beside it is what runs.
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
