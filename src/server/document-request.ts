import { BillingError, badInput } from '../domain/errors.js';

/** The part of an HTTP request that says which document is to run. */
export interface DocumentRequest {
  readonly method: string;
  /** Path with query string. */
  readonly url: string;
  /** The parsed JSON body; undefined when there is none. */
  readonly body?: unknown;
}

/** The text and the hash that a request names, each null where it is not given as text. */
export function documentOf(request: DocumentRequest): { readonly query: string | null; readonly hash: string | null } {
  const { query, extensions } = partsOf(request);
  return { query: textOrNull(query), hash: textOrNull(property(property(extensions, 'persistedQuery'), 'sha256Hash')) };
}

/**
 * Throws `BAD_USER_INPUT` for a hash that is no text. Apollo Server would join it to a cache key as it is, and some objects throw
 * when they are made text.
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
 * Throws `OPERATION_TOO_COMPLEX` for a document whose brackets nest too deep. Asked of the text, because the parser, which comes before
 * every other check, calls itself for each level and ends in a stack overflow where there are thousands.
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
