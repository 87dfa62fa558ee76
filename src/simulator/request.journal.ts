import type { IncomingHttpHeaders } from 'node:http';
import type { Form } from './request.reader.js';

const SECRET_FIELDS = new Set(['api_key', 'client_secret', 'refresh_token', 'password']);
const KEPT_HEADERS = [
  'content-type',
  'accept',
  'accept-encoding',
  'user-agent',
  'traceparent',
  'x-request-id',
  'x-sim-fault',
];

/** A form for the journal: secrets are cut to their first four characters. */
export function maskForm(form: Form): Form {
  return form.map(([name, value]) => [name, SECRET_FIELDS.has(name.toLowerCase()) ? mask(value) : value]);
}

export function mask(secret: string): string {
  return `${secret.slice(0, 4)}…`;
}

/**
 * A JSON body as fields: `{"Billing":{"Email":"a"}}` becomes `Billing.Email=a`. Text stands as it is, all else as JSON.
 */
export function flattenJson(value: unknown, prefix = ''): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return prefix === '' ? [] : [[prefix, typeof value === 'string' ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) =>
    flattenJson(field, prefix === '' ? name : `${prefix}.${name}`),
  );
}

/** The headers that a test may want to see. Credentials are not among them; whether there was one is said. */
export function journalHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  const scheme = headers.authorization?.split(' ', 1)[0];
  if (scheme !== undefined) kept['authorization'] = `${scheme} …`;
  return kept;
}
