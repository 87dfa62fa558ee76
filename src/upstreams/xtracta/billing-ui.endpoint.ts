import type { BillingUiRequest, BillingUiSession } from '../../domain/purchases.js';
import { VALUE_UNREADABLE } from '../upstream-errors.js';
import { decodeUnixExpiry } from '../value.decoders.js';
import type { XmlElement } from '../xml/xml.reader.js';
import type { WholePayload } from './xtracta-classify.js';
import { textIn } from './xtracta-envelope.js';
import type { FieldReader } from './xtracta-fields.js';
import { encodeForm, purge, type XtractaEndpoint } from './xtracta-fields.js';

/**
 * Moves no money, but creates a credential. It is a write, because a second attempt would leave an unused credential
 * behind.
 */
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
 * The payload is whole when it has a URL that a browser may open: https, without user info. The host is not checked,
 * because white-label hosts exist. The text is not changed, because it contains a token.
 *
 * @param httpAllowed true where the upstream itself is plain http on this machine, so that its URLs are too
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
  // The URL parser drops tabs and newlines from the middle of a text. A text with them is not a URL.
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  const isSafe = url.protocol === 'https:' || (httpAllowed && url.protocol === 'http:');
  return isSafe && url.username === '' && url.password === '' && url.hostname !== '';
}
