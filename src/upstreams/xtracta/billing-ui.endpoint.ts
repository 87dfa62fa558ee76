import type { BillingUiRequest, BillingUiSession } from '../../domain/purchases.js';
import { VALUE_UNREADABLE } from '../upstream.errors.js';
import { decodeUnixExpiry } from '../value.decoders.js';
import type { XmlElement } from '../xml/xml.reader.js';
import type { WholePayload } from './xtracta.classify.js';
import { textIn } from './xtracta.envelope.js';
import type { FieldReader } from './xtracta.fields.js';
import { encodeForm, purge, type XtractaEndpoint } from './xtracta.fields.js';

/** Moves no money, but mints a credential: a second attempt would leave one behind that nobody knows of. */
export const OPEN_BILLING_UI = {
  operation: 'openBillingUi',
  path: '/v1/billings/billing_ui',
  kind: 'write',
} as const satisfies XtractaEndpoint;

export function billingUiForm(apiKey: string, request: BillingUiRequest): string {
  return encodeForm(apiKey, [
    ['purge', purge(request.heldDocuments)],
    ['expire', request.expireSeconds],
  ]);
}

export type BillingUiWire = ReturnType<typeof billingUiWire>;

function billingUiWire(content: XmlElement) {
  return { url: textIn(content, 'url'), expire: textIn(content, 'expire') };
}

/**
 * Whole when there is a URL that a browser may be sent to: https, without user info. Its host is not looked at, because
 * white-label hosts exist; its text is not touched, because it carries a token.
 *
 * @param httpAllowed the upstream itself is plain http on this machine, so its URLs are too
 */
export function billingUiPayload(
  content: XmlElement,
  httpAllowed: boolean,
  fields: FieldReader,
): WholePayload<BillingUiSession> | null {
  const wire = billingUiWire(content);
  const url = wire.url?.trim() ?? '';
  if (!isBrowsable(url, httpAllowed)) return null;
  const expiresAt = fields.orNull('expire', wire.expire, decodeUnixExpiry)?.text ?? null;
  return { value: { url, expiresAt }, warnings: fields.unreadable ? [VALUE_UNREADABLE] : [] };
}

function isBrowsable(text: string, httpAllowed: boolean): boolean {
  // The URL parser drops tabs and newlines from the middle of a text; a URL that needs that is not one.
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  const isSafe = url.protocol === 'https:' || (httpAllowed && url.protocol === 'http:');
  return isSafe && url.username === '' && url.password === '' && url.hostname !== '';
}
