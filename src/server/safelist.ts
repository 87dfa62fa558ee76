import { createHash } from 'node:crypto';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { BillingError } from '../domain/errors.js';
import type { PersistedQueryCache } from './http-server.options.js';

/** The part of an HTTP request that says which document is to run. */
export interface DocumentRequest {
  readonly method: string;
  /** Path with query string. */
  readonly url: string;
  /** The parsed JSON body; undefined when there is none. */
  readonly body?: unknown;
}

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

/** Looks where Apollo Server looks: at the query string of a GET, at the body of a POST. */
function documentOf({ method, url, body }: DocumentRequest): {
  readonly query: string | null;
  readonly hash: string | null;
} {
  if (method === 'GET') {
    const parameters = new URL(url, 'http://localhost').searchParams;
    return { query: textOrNull(parameters.get('query')), hash: hashIn(parsed(parameters.get('extensions'))) };
  }
  return { query: textOrNull(property(body, 'query')), hash: hashIn(property(body, 'extensions')) };
}

function hashIn(extensions: unknown): string | null {
  return textOrNull(property(property(extensions, 'persistedQuery'), 'sha256Hash'));
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

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
