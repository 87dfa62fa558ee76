/** An XML element: text, or elements. The simulator needs no attributes and no mixed content. */
export interface XmlElement {
  readonly name: string;
  readonly content: string | readonly XmlElement[];
}

/** JSON text that is written unchanged, such as a number with more digits than a double has. */
export class RawJson {
  constructor(readonly text: string) {}
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | RawJson
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** The decision of an endpoint, before it becomes bytes. */
export interface EndpointResponse {
  readonly status: number;
  readonly body:
    | { readonly kind: 'xml'; readonly root: XmlElement }
    | { readonly kind: 'json'; readonly value: JsonValue }
    | { readonly kind: 'html'; readonly text: string }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'none' };
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the request's work was done. */
  readonly committed: boolean;
  /** For the journal. */
  readonly note: string;
}

/** A response as bytes. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function element(name: string, content: string | number | readonly XmlElement[]): XmlElement {
  return { name, content: typeof content === 'number' ? String(content) : content };
}

/**
 * A refusal in the manual's shape: status and message under the endpoint's own root. The HTTP status equals the XML
 * status.
 */
export function refusal(root: string, status: number, message: string): EndpointResponse {
  return {
    status,
    body: { kind: 'xml', root: element(root, [element('status', status), element('message', message)]) },
    committed: false,
    note: message,
  };
}

export function jsonResponse(status: number, value: JsonValue, committed: boolean, note: string): EndpointResponse {
  return { status, body: { kind: 'json', value }, committed, note };
}

export function htmlResponse(status: number, title: string, committed: boolean, note: string): EndpointResponse {
  const text = `<!DOCTYPE html><html lang="en"><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
  return { status, body: { kind: 'html', text }, committed, note };
}

/** Turns a response into bytes, with its content type. */
export function encode(response: EndpointResponse): WireResponse {
  const { text, type } = encodeBody(response.body);
  return {
    status: response.status,
    headers: { ...(type === null ? {} : { 'Content-Type': type }), ...response.headers },
    body: Buffer.from(text, 'utf8'),
  };
}

function encodeBody(body: EndpointResponse['body']): { text: string; type: string | null } {
  switch (body.kind) {
    case 'xml':
      return { text: writeXml(body.root), type: 'text/xml; charset=UTF-8' };
    case 'json':
      return { text: writeJson(body.value), type: 'application/json; charset=utf-8' };
    case 'html':
      return { text: body.text, type: 'text/html; charset=UTF-8' };
    case 'text':
      return { text: body.text, type: 'text/plain; charset=UTF-8' };
    case 'none':
      return { text: '', type: null };
  }
}

/** An XML document with prolog, indentation by three blanks as in the manual, and `<empty/>` for no content. */
export function writeXml(root: XmlElement): string {
  const lines: string[] = ['<?xml version="1.0" encoding="UTF-8"?>'];
  writeElement(root, '', lines);
  return `${lines.join('\n')}\n`;
}

function writeElement(node: XmlElement, indent: string, lines: string[]): void {
  if (node.content.length === 0) {
    lines.push(`${indent}<${node.name}/>`);
  } else if (typeof node.content === 'string') {
    lines.push(`${indent}<${node.name}>${escapeXml(node.content)}</${node.name}>`);
  } else {
    lines.push(`${indent}<${node.name}>`);
    for (const child of node.content) writeElement(child, `${indent}   `, lines);
    lines.push(`${indent}</${node.name}>`);
  }
}

const MUST_ESCAPE = /[&<>]/;

function escapeXml(text: string): string {
  if (!MUST_ESCAPE.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** JSON text. Numbers are written as JavaScript writes doubles, {@link RawJson} unchanged. */
export function writeJson(value: JsonValue): string {
  if (value instanceof RawJson) return value.text;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`;
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}:${writeJson(field)}`);
  return `{${fields.join(',')}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
