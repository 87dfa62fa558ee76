import type { IncomingHttpHeaders } from 'node:http';

/** What authentication looks at of a request. */
export interface CallerHeaders {
  readonly headers: IncomingHttpHeaders;
}

/** A header that was sent exactly once; null when it is missing, empty or repeated. */
export function singleHeader(request: CallerHeaders, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
