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
 * Turns text that came from an upstream into text that may stand in an answer, a log line or the ledger: plain, on one line, at
 * most 300 characters, without HTML tags and control characters, and with keys, tokens, URLs and e-mail addresses replaced by
 * `[removed]`.
 *
 * @param secrets credentials of the call, removed wherever they occur, also percent-encoded. Anything that looks like a key (runs
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
