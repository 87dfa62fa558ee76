import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { validateXML } from 'xmllint-wasm';

/** A form posted to an endpoint of the simulator. Redirects are not followed. */
export async function postForm(
  url: string,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
    redirect: 'manual',
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** A purchase of credits, as the gateway would post it. */
export async function postPurchase(
  url: string,
  token: string | null,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/api/v1/AccountAdminAPI/PurchaseCredits`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  return { status: response.status, text: await response.text() };
}

/** Texts of every element of a name, in document order. Enough for the simulator's plain documents. */
export function textsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => match[1] ?? '');
}

/** The errors of libxml2 for a document against one of the manual's schemas; empty when it is valid. */
export async function schemaErrors(
  xml: string,
  schema: 'booster' | 'update' | 'billing-ui' | 'history',
): Promise<string[]> {
  const text = readFileSync(new URL(`../support/xsd/${schema}.xsd`, import.meta.url), 'utf8');
  const result = await validateXML({ xml, schema: text });
  return result.errors.map((error) => error.message);
}

/** Sends a form over a bare socket. Returns all bytes until the other side closes, and how it closed. */
export async function rawPost(
  port: number,
  path: string,
  fields: Readonly<Record<string, string>>,
  fault: string,
): Promise<{ received: string; end: 'end' | 'reset' }> {
  const body = new URLSearchParams(fields).toString();
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `x-sim-fault: ${fault}`,
  ];
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const done = (end: 'end' | 'reset') => {
      socket.destroy();
      resolve({ received: Buffer.concat(chunks).toString('utf8'), end });
    };
    const socket = connect(port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => done('end'));
    socket.once('error', () => done('reset'));
  });
}

/** Sends a request to the simulator's interface for tests (`/__sim/`), for one world. */
export async function askAdmin(
  url: string,
  method: string,
  path: string,
  world: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const mark = path.includes('?') ? '&' : '?';
  const response = await fetch(`${url}/__sim/${path}${mark}world=${encodeURIComponent(world)}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, body: await response.json() };
}
