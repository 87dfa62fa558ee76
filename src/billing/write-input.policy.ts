import type { Caller } from '../domain/caller.js';
import { BillingError, badInput } from '../domain/errors.js';
import { parseGroupId, parseNumericId } from '../domain/group-id.js';
import type { BillingContact, CreditPurchaseRequest } from '../domain/purchases.js';
import type { HeldDocumentsAction } from '../domain/write.js';

/** Bounds of the `idempotencyKey`: long enough not to collide by accident, and safe in a log line or an index. */
const IDEMPOTENCY_KEY = /^[A-Za-z0-9._:-]{8,255}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** What an omitted GUID becomes in the AccountAdminAPI: it would name no purchase, or the wrong one. */
const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

export const MAX_QUANTITY = 100;
/** The Open Billing UI page's own maximum, three days. */
export const MAX_EXPIRE_SECONDS = 259_200;
/** The document names no length; this is more than any purchase order number or address line needs. */
const MAX_TEXT = 255;

/** The key as given; throws `BAD_USER_INPUT` without repeating it. */
export function checkIdempotencyKey(key: string, field: readonly string[] = ['input', 'idempotencyKey']): string {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw badInput('idempotencyKey must be 8 to 255 characters of A-Z a-z 0-9 . _ : -', field);
  }
  return key;
}

/** The key of the equal write that is repeated on purpose; null: none is named. */
export function checkRepeats(repeats: string | null | undefined, idempotencyKey: string): string | null {
  if (repeats === null || repeats === undefined) return null;
  const field = ['input', 'repeats'];
  if (!IDEMPOTENCY_KEY.test(repeats)) {
    throw badInput('repeats must be an idempotencyKey: 8 to 255 characters of A-Z a-z 0-9 . _ : -', field);
  }
  if (repeats === idempotencyKey) {
    throw badInput('repeats must be the idempotencyKey of another write: a second write needs a key of its own', field);
  }
  return repeats;
}

/** Canonical digits of a pack or plan id. */
export function checkCatalogueId(id: string, name: 'packId' | 'planId'): string {
  const canonical = parseNumericId(id);
  if (canonical === null) throw badInput(`${name} must be 1 to 18 digits, greater than 0`, ['input', name]);
  return canonical;
}

export function checkQuantity(quantity: number): number {
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_QUANTITY) {
    throw badInput(`quantity must be from 1 to ${MAX_QUANTITY}`, ['input', 'quantity']);
  }
  return quantity;
}

export function checkExpireSeconds(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_EXPIRE_SECONDS) {
    throw badInput(`expireSeconds must be from 1 to ${MAX_EXPIRE_SECONDS}`, ['input', 'expireSeconds']);
  }
  return seconds;
}

/**
 * Deleting held documents cannot be undone, so it takes a scope of its own and a second "yes" in the same request. The
 * scope is looked at first: who may not delete is not told how to.
 */
export function checkDeletion(caller: Caller, action: HeldDocumentsAction, confirmed: boolean): void {
  if (action !== 'DELETE') return;
  if (!caller.scopes.has('billing:delete-documents')) {
    throw new BillingError('FORBIDDEN', 'Deleting held documents needs the scope billing:delete-documents.');
  }
  if (!confirmed) {
    throw badInput('heldDocuments: DELETE cannot be undone and needs confirmDocumentDeletion: true', [
      'input',
      'confirmDocumentDeletion',
    ]);
  }
}

/**
 * The group that a write acts on: the one named, else the root group where it is known, else null (the key's own group,
 * which the upstream alone knows). Where a list of groups applies, the result must be on it; an unknown root never is.
 */
export function checkWriteGroup(caller: Caller, groupId: string | null): string | null {
  const named = groupId === null ? null : parseGroupId(groupId, ['input', 'groupId']);
  const effective = named ?? caller.tenant.xtracta?.rootGroupId ?? null;
  if (caller.allowedGroups !== null && (effective === null || !caller.allowedGroups.has(effective))) {
    throw new BillingError('FORBIDDEN', 'This caller may not act on that group.');
  }
  return effective;
}

/** The purchase with its UUID in canonical form and blank texts as absent. */
export function checkPurchase(request: CreditPurchaseRequest): CreditPurchaseRequest {
  const purchaseId = request.purchaseId.toLowerCase();
  if (!UUID.test(purchaseId) || purchaseId === ZERO_UUID) {
    throw badInput('purchaseId must be a UUID other than zero', ['input', 'purchaseId']);
  }
  return {
    purchaseId,
    purchaseOrder: checkText(request.purchaseOrder, ['input', 'purchaseOrder']),
    billing: request.billing === null ? null : checkContact(request.billing),
  };
}

function checkContact(contact: BillingContact): BillingContact | null {
  const checked: BillingContact = {
    address: checkText(contact.address, ['input', 'billing', 'address']),
    company: checkText(contact.company, ['input', 'billing', 'company']),
    email: checkText(contact.email, ['input', 'billing', 'email']),
    mobile: checkText(contact.mobile, ['input', 'billing', 'mobile']),
    phone: checkText(contact.phone, ['input', 'billing', 'phone']),
  };
  return Object.values(checked).every((value) => value === null) ? null : checked;
}

function checkText(text: string | null, field: readonly string[]): string | null {
  if (text === null || text.trim() === '') return null;
  // Line breaks belong in an address; no other control character belongs in a business text, and lone surrogates are
  // not text.
  if (text.length > MAX_TEXT || /[\p{Cc}--[\r\n\t]]/v.test(text) || !text.isWellFormed()) {
    throw badInput(`${field.at(-1) ?? 'text'} must be plain text of at most ${MAX_TEXT} characters`, field);
  }
  return text;
}
