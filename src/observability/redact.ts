/** Longest message that passes, in characters. */
const MAX_MESSAGE = 300;

/**
 * Longest input, in characters; the rest is cut. Reason: a message is one sentence, and a hostile one must cost little
 * work.
 */
const MAX_INPUT = 4000;

/** A cut may leave the beginning of a secret: a contact's detail has 255 characters, three times that if encoded. */
const CUT_TAIL = 800;

/** Known secrets shorter than this would blank ordinary words of the message. */
const MIN_SECRET = 3;

/** Known secrets shorter than this may be a part of a code by chance: purchase order 101 of invoice 20101. */
const MIN_SECRET_IN_CODE = 8;

const REMOVED = '[removed]';

const ADDRESSES: readonly RegExp[] = [
  /[a-z][a-z0-9+.-]{0,20}:\/\/\S+/gi,
  /\bwww\.\S+/gi,
  /[^\s@<>"'(),;:]{1,64}@[^\s@<>"'(),;]{1,255}/g,
];

/** The order matters: a URL may hold an e-mail address, and an address may hold text that looks like a key. */
const PATTERNS: readonly RegExp[] = [
  ...ADDRESSES,
  /\bbearer\s+\S+/gi,
  /\bbasic\s+[A-Za-z0-9+/=_-]{8,}/gi,
  /\b(?:api[ _-]?key|key|token|secret|password|passwd|authorization|client_id|client_secret|access_token|t)\s*[=:]\s*\S+/gi,
  // Runs of hex, base64 or JWT characters, of the length that keys have.
  /[A-Za-z0-9+/_.~-]{20,}={0,2}/g,
];

/**
 * Makes a text from an upstream safe for a response, a log line or the ledger. The result is plain text on one line, at
 * most 300 characters, without HTML tags and control characters. Keys, tokens, URLs and e-mail addresses are replaced
 * by `[removed]`.
 *
 * @param secrets credentials and personal data of the call, removed wherever they occur: in whatever case, on one line,
 * percent-encoded. Text that looks like a key (runs of 20 characters and more) is removed even if it is not listed.
 */
export function sanitiseUpstreamMessage(text: string, secrets: readonly string[] = []): string {
  const read = withoutSecrets(text.slice(0, MAX_INPUT), secrets);
  const whole = (text.length > MAX_INPUT ? read.slice(0, -CUT_TAIL) : read).toWellFormed();
  // Secrets are removed before and after the tags. Otherwise removing the tag in `12<b>34` could restore the key
  // `1234`.
  const plain = withoutSecrets(withoutMarkup(whole), secrets);
  const redacted = PATTERNS.reduce((rest, pattern) => rest.replace(pattern, REMOVED), plain);
  return cut(onOneLine(redacted));
}

/**
 * Whether a code of an upstream, such as an invoice number, may pass. A code passes exactly or not at all. Reason: a
 * code without some of its characters is another code. Text that only looks like a key may pass, because it may be a
 * UUID.
 */
export function isSafeCode(text: string, secrets: readonly string[]): boolean {
  if (text.length > MAX_MESSAGE || holdsSecret(text, secrets)) return false;
  return ADDRESSES.every((pattern) => text.search(pattern) < 0);
}

export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  const long = secrets.filter((secret) => secret.length >= MIN_SECRET_IN_CODE);
  return placesOf(long, onOneLine(text)).length > 0;
}

/** The text on one line. Overlapping secrets are removed together, so that none leaves a part of another one. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  const line = onOneLine(text);
  let [result, end] = ['', 0];
  for (const { from, to } of placesOf(secrets, line).sort((one, other) => one.from - other.from)) {
    if (from >= end) result += line.slice(end, from) + REMOVED;
    end = Math.max(end, to);
  }
  return result + line.slice(end);
}

function placesOf(secrets: readonly string[], line: string): { readonly from: number; readonly to: number }[] {
  const text = smallLetters(line);
  const places = [];
  for (const form of new Set(secrets.flatMap(formsOf))) {
    for (let from = text.indexOf(form); from >= 0; from = text.indexOf(form, from + form.length)) {
      places.push({ from, to: from + form.length });
    }
  }
  return places;
}

/** The forms in which an upstream may repeat a secret. It may write an address of several lines with commas. */
function formsOf(secret: string): string[] {
  const text = secret.toWellFormed().trim();
  if (text.length < MIN_SECRET) return [];
  const forms = [text, onOneLine(text), onOneLine(text.replace(/[\s,]*[\r\n][\s,]*/g, ', '))];
  const encoded = forms.map((form) => encodeURIComponent(form));
  return [...forms, ...encoded, ...encoded.map((form) => form.replaceAll('%20', '+'))].map(smallLetters);
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Each letter keeps its place: the few capitals that are longer in small letters stay. */
function smallLetters(text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  });
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

/** The facts of an error that a log line may have. */
export interface ErrorFields {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
  /** Only call sites, because the first lines of a stack repeat the message. */
  readonly frames?: readonly string[];
  readonly cause?: ErrorFields;
}

const MAX_CAUSES = 3;
const MAX_FRAMES = 12;
const CODE = /^[\w.:-]{1,64}$/;

/**
 * Picks the safe facts of anything thrown. An allow-list. Reason: messages, bodies, options and headers of library
 * errors carry keys and tokens, so this code reads none of them.
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

// Errors of another realm (a worker, a test's sandbox) are no instances of this realm's class.
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
