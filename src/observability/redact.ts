/** Longest message that is passed on, in characters. */
const MAX_MESSAGE = 300;

/** Nothing beyond this is looked at: a message is a sentence, and the work must stay small for a hostile one. */
const MAX_INPUT = 4000;

/** Known secrets shorter than this would blank ordinary words of the message. */
const MIN_SECRET = 3;

const REMOVED = '[removed]';

/** In this order: a URL may hold an address, an address may hold something that looks like a key. */
const PATTERNS: readonly RegExp[] = [
  /[a-z][a-z0-9+.-]{0,20}:\/\/\S+/gi,
  /\bwww\.\S+/gi,
  /[^\s@<>"'(),;:]{1,64}@[^\s@<>"'(),;]{1,255}/g,
  /\bbearer\s+\S+/gi,
  /\bbasic\s+[A-Za-z0-9+/=_-]{8,}/gi,
  /\b(?:api[ _-]?key|key|token|secret|password|passwd|authorization|client_id|client_secret|access_token|t)\s*[=:]\s*\S+/gi,
  // Runs of hex, base64 or JWT characters, of the length that keys have.
  /[A-Za-z0-9+/_.~-]{20,}={0,2}/g,
];

/**
 * Turns text that came from an upstream into text that may stand in an answer, a log line or the ledger: plain, on one
 * line, at most 300 characters, without HTML tags and control characters, and with keys, tokens, URLs and e-mail
 * addresses replaced by `[removed]`.
 *
 * @param secrets credentials of the call, removed wherever they occur, also percent-encoded. Anything that looks like a
 *   key (runs
 *   of 20 and more) is removed whether it is listed or not.
 */
export function sanitiseUpstreamMessage(text: string, secrets: readonly string[] = []): string {
  const bounded = text.slice(0, MAX_INPUT).toWellFormed();
  // Secrets go before and after the tags: `12<b>34` must not turn into the key that it was cut from.
  const plain = withoutSecrets(withoutMarkup(withoutSecrets(bounded, secrets)), secrets);
  const redacted = PATTERNS.reduce((rest, pattern) => rest.replace(pattern, REMOVED), plain);
  return cut(redacted.replace(/\s+/g, ' ').trim());
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())])
    .reduce((rest, secret) => rest.replaceAll(secret, REMOVED), text);
}

/** Format characters (`\p{Cf}`) go too: they reorder or hide text on a terminal. */
function withoutMarkup(text: string): string {
  return text
    .replace(/<[^<>]*>/g, '')
    .replace(/[<>]/g, ' ')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\p{Cf}/gu, '');
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length <= MAX_MESSAGE ? text : `${characters.slice(0, MAX_MESSAGE - 1).join('')}…`;
}

/** What a log line may say of an error. */
export interface ErrorFields {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
  /** Call sites only: a stack's first lines repeat the message. */
  readonly frames?: readonly string[];
  readonly cause?: ErrorFields;
}

const MAX_CAUSES = 3;
const MAX_FRAMES = 12;
const CODE = /^[\w.:-]{1,64}$/;

/**
 * Picks what is safe to log from anything thrown. An allow-list: messages, bodies, options and headers of library
 * errors carry keys and tokens, so none of them is ever looked at.
 */
export function errorFields(thrown: unknown, depth = 0): ErrorFields {
  if (!isError(thrown)) return { name: thrown === null ? 'null' : typeof thrown };
  const code = 'code' in thrown ? safeWord(thrown.code) : null;
  const statusCode = 'statusCode' in thrown ? thrown.statusCode : undefined;
  const frames = callSites(thrown.stack);
  return {
    name: safeWord(thrown.name) ?? 'Error',
    ...(code === null ? {} : { code }),
    ...(typeof statusCode === 'number' ? { status: statusCode } : {}),
    ...(frames.length > 0 ? { frames } : {}),
    ...(thrown.cause !== undefined && depth < MAX_CAUSES ? { cause: errorFields(thrown.cause, depth + 1) } : {}),
  };
}

// Errors of another realm (a worker, a test's sandbox) are no instances of this one's class.
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
}

function safeWord(value: unknown): string | null {
  return typeof value === 'string' && CODE.test(value) ? value : null;
}

function callSites(stack: unknown): string[] {
  if (typeof stack !== 'string') return [];
  return stack
    .split('\n')
    .filter((line) => /^ {4}at .*(:\d+:\d+\)?|<anonymous>\)?)$/.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim());
}
