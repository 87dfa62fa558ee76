import { connect } from 'node:net';

/** A response of any shape, read completely. */
export interface ProbeResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined where it is no JSON. */
  readonly body: unknown;
  /** Codes of the GraphQL errors in it; empty where there are none. */
  readonly codes: readonly unknown[];
  readonly messages: readonly string[];
  /** `data` of a GraphQL response; undefined where there is none. */
  readonly data: unknown;
}

// A request without a response must fail before the test's own time limit.
const NO_RESPONSE_MS = 40_000;

/** Sends one request unchanged, and reads the response without any assumption. */
export async function probe(url: string, init: RequestInit = {}): Promise<ProbeResponse> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(NO_RESPONSE_MS), ...init });
  const text = await response.text();
  const body = parsed(text);
  const errors = property(body, 'errors');
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [];
  return {
    status: response.status,
    headers: response.headers,
    text,
    body,
    codes: list.map((error) => property(property(error, 'extensions'), 'code')),
    messages: list.map((error) => String(property(error, 'message'))),
    data: property(body, 'data'),
  };
}

/** A GraphQL request in the usual form of a client. */
export async function postQuery(
  url: string,
  query: string,
  variables: unknown = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<ProbeResponse> {
  return await postJson(url, { query, variables }, headers);
}

export async function postJson(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ProbeResponse> {
  return await probe(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** Writes bytes to the port of `url` and returns all bytes until the other side closes. */
export async function sendBytes(url: string, bytes: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let response = '';
  socket.setEncoding('latin1');
  socket.on('data', (part) => {
    response += String(part);
  });
  // A server that has responded may reset the connection instead of reading the rest of the request.
  socket.on('error', () => undefined);
  socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  return response;
}

export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
