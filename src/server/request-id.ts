import { randomUUID } from 'node:crypto';

// Goes into log lines and headers as it is, so nothing that could end a line or a field.
const SAFE = /^[\w.:+/=@-]{1,128}$/;

/** The id that one request carries through logs, errors and traces: the caller's own where it is safe, else a new UUID. */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && SAFE.test(header) ? header : randomUUID();
}
