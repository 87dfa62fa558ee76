import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 256 * 1024;

/** A request with its body. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Null when it was larger than 256 KiB. */
  readonly body: Buffer | null;
}

/** Reads a request to its end. */
export async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.byteLength;
    if (size <= MAX_BODY_BYTES) chunks.push(Buffer.from(chunk));
  }
  const target = message.url ?? '/';
  const at = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: at < 0 ? target : target.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)),
    headers: message.headers,
    body: size > MAX_BODY_BYTES ? null : Buffer.concat(chunks),
  };
}

/** The media type without its parameters, in lower case. */
export function mediaType(request: ReceivedRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

export type Form = readonly (readonly [name: string, value: string])[];

/**
 * Reads a urlencoded form strictly: valid percent-encoding, valid UTF-8, every field has a name, and no name occurs
 * twice.
 *
 * @returns the fields in their order, or what is wrong.
 */
export function readForm(request: ReceivedRequest): { form: Form; problem: string | null } {
  if (request.body === null) return { form: [], problem: 'The request is too large' };
  if (mediaType(request) !== 'application/x-www-form-urlencoded') {
    return { form: [], problem: 'The body must be application/x-www-form-urlencoded' };
  }
  const form: [string, string][] = [];
  const names = new Set<string>();
  const text = decodeUtf8(request.body);
  if (text === null) return { form, problem: 'The body is not UTF-8' };
  for (const pair of text === '' ? [] : text.split('&')) {
    const at = pair.indexOf('=');
    const name = decodeFormText(at < 0 ? pair : pair.slice(0, at));
    const value = decodeFormText(at < 0 ? '' : pair.slice(at + 1));
    if (name === null || value === null) return { form, problem: 'The form is not encoded correctly' };
    if (name === '' || at < 0) return { form, problem: 'The form has a field without a name or a value' };
    if (names.has(name)) return { form, problem: `The parameter ${name} is given twice` };
    names.add(name);
    form.push([name, value]);
  }
  return { form, problem: null };
}

/** Reads a JSON body. Returns undefined when it isn't JSON. */
export function readJson(request: ReceivedRequest): unknown {
  const text = request.body === null ? null : decodeUtf8(request.body);
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** A JSON object, as opposed to a list, a scalar or nothing. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function decodeFormText(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
