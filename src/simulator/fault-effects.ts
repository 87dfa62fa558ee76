import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Fault, type FaultAt, isOn, numberOf, textOf } from './fault-kinds.js';
import {
  type EndpointResponse,
  element,
  htmlResponse,
  type JsonValue,
  jsonResponse,
  RawJson,
  refusal,
  type WireResponse,
  type XmlElement,
} from './response.js';

/** The upstream that responds. It decides the shape of replaced responses. */
export type Dialect = 'xml' | 'json';

/** The replaced response. `root` is the endpoint's own root element. */
export function replacement(fault: FaultAt<'replace'>, dialect: Dialect, root: string): EndpointResponse {
  const code = numberOf(fault, 'code');
  const message = textOf(fault, 'message');
  switch (fault.kind) {
    case 'xml_status': {
      const refused = refusal(root, code, message);
      return { ...refused, status: numberOf(fault, 'http') };
    }
    case 'rate_limit':
      return withHeaders(plainResponse('text', 429, 'Too many requests', dialect, root), {
        'Retry-After': textOf(fault, 'retryAfter'),
      });
    case 'redirect':
      return withHeaders(plainResponse('text', code, 'Moved', dialect, root), { Location: textOf(fault, 'location') });
    case 'html':
      return htmlResponse(code, 'Please log in', false, 'html');
    case 'no_content':
      return plainResponse('empty', code, '', dialect, root);
    case 'not_xml':
      return plainResponse(dialect === 'xml' ? 'json' : 'xml', 200, 'OK', dialect, root);
    case 'empty':
      return plainResponse('empty', 200, '', dialect, root);
    case 'model_state':
      return jsonResponse(
        400,
        { Message: 'The request is invalid.', ModelState: { 'purchase.PurchaseID': ['Simulated.'] } },
        false,
        'model_state',
      );
    case 'server_error': {
      const trace = isOn(fault, 'trace')
        ? {
            ExceptionMessage: 'Object reference not set',
            ExceptionType: 'System.Exception',
            StackTrace: ' at Simulated()',
          }
        : {};
      return jsonResponse(500, { Message: 'An error has occurred.', ...trace }, false, 'server_error');
    }
    case 'status': {
      const response = plainResponse(textOf(fault, 'body'), code, message, dialect, root);
      const retryAfter = textOf(fault, 'retryAfter');
      return retryAfter === '' ? response : withHeaders(response, { 'Retry-After': retryAfter });
    }
  }
}

/** Changes the content of a response. Faults of the other dialect change nothing. */
export function changeContent(response: EndpointResponse, fault: FaultAt<'content'>): EndpointResponse {
  if (response.body.kind === 'xml')
    return { ...response, body: { kind: 'xml', root: changeXml(response.body.root, fault) } };
  if (response.body.kind === 'json')
    return { ...response, body: { kind: 'json', value: changeJson(response.body.value, fault) } };
  return response;
}

/** Changes the finished bytes or headers. */
export function changeBytes(wire: WireResponse, fault: FaultAt<'bytes'>): WireResponse {
  const text = () => wire.body.toString('utf8');
  const put = (changed: string) => ({ ...wire, body: Buffer.from(changed, 'utf8') });
  switch (fault.kind) {
    case 'http_status':
      return { ...wire, status: numberOf(fault, 'code') };
    case 'content_type':
      return { ...wire, headers: withContentType(wire.headers, textOf(fault, 'value')) };
    case 'gzip': {
      const padded = Buffer.concat([wire.body, Buffer.alloc(Math.min(numberOf(fault, 'bytes'), 50_000_000), ' ')]);
      return { ...wire, headers: { ...wire.headers, 'Content-Encoding': 'gzip' }, body: gzipSync(padded) };
    }
    case 'big_header':
      return { ...wire, headers: { ...wire.headers, 'X-Padding': 'x'.repeat(numberOf(fault, 'bytes')) } };
    case 'doctype': {
      const doctype = isOn(fault, 'entity')
        ? '<!DOCTYPE r [<!ENTITY x "expanded">]>'
        : '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/r.dtd">';
      return put(text().replace('?>', `?>\n${doctype}`));
    }
    case 'php_warning':
      return put(`<br />\n<b>Warning</b>: Undefined index in billing.php on line 7<br />\n${text()}`);
    case 'bom':
      return put(`\uFEFF${text()}`);
    case 'blank_line':
      return put(`\n${text()}`);
    case 'utf16':
      return { ...wire, body: Buffer.from(`\uFEFF${text()}`, 'utf16le') };
    case 'invalid_utf8': {
      const at = Math.max(1, Math.floor(wire.body.length / 2));
      return { ...wire, body: Buffer.concat([wire.body.subarray(0, at), Buffer.from([0xff]), wire.body.subarray(at)]) };
    }
    case 'trailing':
      return put(text() + textOf(fault, 'text'));
    case 'two_roots':
      return put(`${text()}<second>root</second>`);
    case 'references':
      return put(text().replace(/[^\0-\x7F]/gu, (letter) => `&#${letter.codePointAt(0) ?? 63};`));
  }
}

const ENVELOPE = new Set(['status', 'message']);

function changeXml(root: XmlElement, fault: FaultAt<'content'>): XmlElement {
  const children = typeof root.content === 'string' ? [] : root.content;
  switch (fault.kind) {
    case 'wrong_root':
      return { ...root, name: textOf(fault, 'name') };
    case 'missing_payload':
      return { ...root, content: children.filter((child) => ENVELOPE.has(child.name)) };
    case 'status_element':
      return {
        ...root,
        content: children.flatMap((child) => (child.name === 'status' ? statusElements(child, fault) : [child])),
      };
    case 'element':
      return mapElements(root, textOf(fault, 'name'), (found) => [{ ...found, content: textOf(fault, 'value') }]);
    case 'omit':
      return mapElements(root, textOf(fault, 'name'), () => []);
    case 'unknown_words': {
      const typed = mapElements(root, 'plan_type', (found) => [{ ...found, content: 'Fortnightly' }]);
      return mapElements(typed, 'plan_activity', (found) => [{ ...found, content: 'teleported' }]);
    }
    case 'extra':
      return { ...root, content: [...children, element('server', [element('node', 'n7'), element('took', '3ms')])] };
    // Kinds for the other upstream.
    case 'error_beside':
    case 'detail_null':
    case 'json_value':
    case 'camel_case':
      return root;
  }
}

function statusElements(found: XmlElement, fault: Fault): XmlElement[] {
  const value = textOf(fault, 'value');
  if (value === 'missing') return [];
  return value === 'duplicated' ? [found, found] : [{ ...found, content: value }];
}

/** Replaces every element of a name, at any depth, by others. */
function mapElements(node: XmlElement, name: string, change: (found: XmlElement) => XmlElement[]): XmlElement {
  if (typeof node.content === 'string') return node;
  return {
    ...node,
    content: node.content.flatMap((child) =>
      child.name === name ? change(child) : [mapElements(child, name, change)],
    ),
  };
}

function changeJson(value: JsonValue, fault: FaultAt<'content'>): JsonValue {
  switch (fault.kind) {
    case 'error_beside':
      return merge(value, { Error: { ErrorCode: textOf(fault, 'code'), ErrorReason: textOf(fault, 'reason') } });
    case 'detail_null':
      return changeField(value, 'ResponseData', (data) => merge(data, { Detail: null }));
    case 'missing_payload':
      return merge(value, { ResponseData: null });
    case 'json_value': {
      const field = { [textOf(fault, 'name')]: new RawJson(textOf(fault, 'raw')) };
      return changeField(value, 'ResponseData', (data) =>
        'Result' in field ? merge(data, field) : changeField(data, 'Detail', (detail) => merge(detail, field)),
      );
    }
    case 'camel_case':
      return camelCase(value);
    case 'extra':
      return merge(value, { Server: { Node: 'n7' } });
    // Kinds for the other upstream.
    case 'wrong_root':
    case 'status_element':
    case 'element':
    case 'omit':
    case 'unknown_words':
      return value;
  }
}

function isRecord(value: JsonValue): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawJson);
}

function merge(value: JsonValue, fields: { readonly [name: string]: JsonValue }): JsonValue {
  return isRecord(value) ? { ...value, ...fields } : value;
}

function changeField(value: JsonValue, name: string, change: (field: JsonValue) => JsonValue): JsonValue {
  return isRecord(value) && value[name] !== undefined ? { ...value, [name]: change(value[name]) } : value;
}

function camelCase(value: JsonValue): JsonValue {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name.charAt(0).toLowerCase() + name.slice(1), camelCase(field)]),
  );
}

function plainResponse(
  body: string,
  status: number,
  message: string,
  dialect: Dialect,
  root: string,
): EndpointResponse {
  const note = `fault ${status}`;
  switch (body) {
    case 'xml':
      return { ...refusal(root, status, message), note };
    case 'json':
      return jsonResponse(status, dialect === 'xml' ? { status, message } : { Message: message }, false, note);
    case 'text':
      return { status, body: { kind: 'text', text: message }, committed: false, note };
    case 'empty':
      return { status, body: { kind: 'none' }, committed: false, note };
    default:
      return htmlResponse(status, message, false, note);
  }
}

function withHeaders(response: EndpointResponse, headers: Readonly<Record<string, string>>): EndpointResponse {
  return { ...response, headers: { ...response.headers, ...headers } };
}

function withContentType(headers: Readonly<Record<string, string>>, value: string): Record<string, string> {
  const { 'Content-Type': _replaced, ...others } = headers;
  return value === '' ? others : { ...others, 'Content-Type': value };
}

const OVERSIZE_LIMIT = 1_000_000_000;
const FILLER = 'x'.repeat(65_536);

/**
 * Sends a response, or disturbs its sending. Ends early without an error when the client hangs up.
 *
 * @param signal aborted when the simulator stops, so that nothing is left waiting.
 */
export async function deliver(
  response: ServerResponse,
  wire: WireResponse,
  fault: FaultAt<'delivery'> | null,
  signal: AbortSignal,
): Promise<void> {
  const part = wire.body.subarray(0, Math.floor(wire.body.length * Math.min(1, numberOfOr(fault, 'at', 1))));
  switch (fault?.kind) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'commit_then_drop':
      response.socket?.destroy();
      return;
    case 'cut':
      cut(response, wire, part, textOf(fault, 'mode'));
      return;
    case 'stall':
      writeHead(response, wire, wire.body.length);
      response.write(part);
      return;
    case 'drip':
      await drip(response, wire, fault, signal);
      return;
    case 'oversize':
      await oversize(response, wire, Math.min(numberOf(fault, 'bytes'), OVERSIZE_LIMIT));
      return;
    case undefined:
      // 204, 205 and 304 have no body, and no length that could contradict that.
      writeHead(response, wire, wire.body.length === 0 && wire.status !== 200 ? null : wire.body.length);
      response.end(wire.body);
  }
}

function writeHead(response: ServerResponse, wire: WireResponse, length: number | null): void {
  response.writeHead(wire.status, { ...wire.headers, ...(length === null ? {} : { 'Content-Length': length }) });
}

function cut(response: ServerResponse, wire: WireResponse, part: Buffer, mode: string): void {
  const { socket } = response;
  if (socket === null) return;
  if (mode === 'close') {
    // With neither length nor chunks, the end of the connection is the end of the body. So a client can't see the cut.
    const lines = Object.entries({ 'X-Simulator': '1', ...wire.headers, Connection: 'close' }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.write(`HTTP/1.1 ${wire.status} OK\r\n${lines.join('')}\r\n`);
    socket.end(part);
    return;
  }
  writeHead(response, wire, mode === 'chunked' ? null : wire.body.length);
  response.write(part, () => socket.destroy());
}

async function drip(response: ServerResponse, wire: WireResponse, fault: Fault, signal: AbortSignal): Promise<void> {
  const size = Math.max(1, Math.floor(numberOf(fault, 'bytes')));
  writeHead(response, wire, wire.body.length);
  for (let at = 0; at < wire.body.length && !response.destroyed; at += size) {
    response.write(wire.body.subarray(at, at + size));
    await wait(numberOf(fault, 'ms'), undefined, { signal });
  }
  response.end();
}

async function oversize(response: ServerResponse, wire: WireResponse, bytes: number): Promise<void> {
  writeHead(response, wire, null);
  try {
    await pipeline(Readable.from(padded(wire.body.toString('utf8'), bytes), { objectMode: false }), response);
  } catch {
    // The client closed the connection, as it should.
  }
}

/** The response with filler of that size in a harmless place: a comment after the prolog, or blanks before JSON. */
function* padded(text: string, bytes: number): Generator<Buffer> {
  const prologEnd = text.startsWith('<?xml') ? text.indexOf('?>') + 2 : 0;
  yield Buffer.from(prologEnd > 0 ? `${text.slice(0, prologEnd)}<!--` : '');
  const filler = Buffer.from(prologEnd > 0 ? FILLER : FILLER.replaceAll('x', ' '));
  for (let left = bytes; left > 0; left -= filler.length) yield filler.subarray(0, Math.min(left, filler.length));
  yield Buffer.from(prologEnd > 0 ? `-->${text.slice(prologEnd)}` : text);
}

function numberOfOr(fault: Fault | null, name: string, fallback: number): number {
  return fault !== null && name in fault.params ? numberOf(fault, name) : fallback;
}
