import type { Caller } from '../domain/caller.js';
import { BillingError, badInput } from '../domain/errors.js';
import { parseGroupId, parseNumericId } from '../domain/group-id.js';
import type { BillingContact, CreditPurchaseRequest } from '../domain/purchases.js';
import type { HeldDocumentsAction } from '../domain/write.js';

/** Form of the `idempotencyKey`: long enough to avoid accidental collisions, and safe in a log line or an index. */
const IDEMPOTENCY_KEY = /^[A-Za-z0-9._:-]{8,255}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The AccountAdminAPI turns an omitted GUID into this one. It would name no purchase, or the wrong one. */
const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

export const MAX_QUANTITY = 100;
/** The Open Billing UI page's own maximum, three days. */
export const MAX_EXPIRE_SECONDS = 259_200;
/** Most characters of a text. The document names no limit; no purchase order number or address line needs more. */
const MAX_TEXT = 255;

/** Returns the key unchanged; throws `BAD_USER_INPUT` without repeating it. */
export function checkIdempotencyKey(key: string, field: readonly string[] = ['input', 'idempotencyKey']): string {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw badInput('idempotencyKey must be 8 to 255 characters of A-Z a-z 0-9 . _ : -', field);
  }
  return key;
}

/** The key of the equal write that is repeated on purpose; null: the client names none. */
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
 * The deletion of held documents cannot be undone, so it needs its own scope and a second confirmation in the same
 * request. The scope is checked first, so that a caller without it does not learn how to delete.
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
 * The group of a write: the named one, else the known root group. Else null, for the key's own group, which only the
 * upstream knows. Where a list of groups applies, the group must be on it; an unknown root group never is.
 */
export function checkWriteGroup(caller: Caller, groupId: string | null): string | null {
  const named = groupId === null ? null : parseGroupId(groupId, ['input', 'groupId']);
  const effective = named ?? caller.tenant.xtracta?.rootGroupId ?? null;
  if (caller.allowedGroups !== null && (effective === null || !caller.allowedGroups.has(effective))) {
    throw new BillingError('FORBIDDEN', 'This caller may not act on that group.');
  }
  return effective;
}

/** The purchase with its UUID in canonical form. Blank texts become absent. */
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
  // An address may contain line breaks. Other control characters do not belong in a business text, and lone surrogates
  // are not text.
  if (text.length > MAX_TEXT || /[\p{Cc}--[\r\n\t]]/v.test(text) || !text.isWellFormed()) {
    throw badInput(`${field.at(-1) ?? 'text'} must be plain text of at most ${MAX_TEXT} characters`, field);
  }
  return text;
}
