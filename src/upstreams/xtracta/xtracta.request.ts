import type { EndpointKind } from '../../domain/upstream-call.js';
import type { HeldDocumentsAction } from '../../domain/write.js';

/** One endpoint of the billing API. All are POST; what may be repeated is said by `kind` alone. */
export interface XtractaEndpoint {
  /** The client's method, as logs, metrics and errors name it. */
  readonly operation: string;
  readonly path: string;
  readonly kind: EndpointKind;
}

export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded; charset=UTF-8';

type Field = readonly [name: string, value: string | number | null];

/** Fields in the given order; null leaves the field out, so that no `undefined` or `null` is ever sent as text. */
export function encodeForm(apiKey: string, fields: readonly Field[]): string {
  const form = new URLSearchParams({ api_key: apiKey });
  for (const [name, value] of fields) {
    if (value !== null) form.append(name, String(value));
  }
  return form.toString();
}

export function purge(action: HeldDocumentsAction): string {
  return action === 'DELETE' ? 'delete' : 'process';
}
