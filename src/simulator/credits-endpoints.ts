import { isObject, mediaType, type ReceivedRequest, readForm, readJson } from './request.reader.js';
import { type EndpointResponse, type JsonValue, jsonResponse, RawJson } from './response.js';
import { FIXTURES } from './simulator-fixtures.js';
import type { World } from './world.js';
import type { Purchase } from './world-state.js';
import type { Toggles } from './world-toggles.js';

/** The account's terms: what one PurchaseID buys. The request names neither quantity nor price. */
const QUOTE = { currency: 'GBP', quantity: 1000, unitPrice: 0.035, taxRate: 0.2 } as const;
const TOKEN_SECONDS = 28_799;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NIL_GUID = '00000000-0000-0000-0000-000000000000';
const FIELDS = new Set(['billing', 'purchaseid', 'purchaseorder']);
const BILLING_FIELDS = new Set(['address', 'company', 'email', 'mobile', 'phone']);

/** `POST /Token`: OAuth 2 client credentials. `worldOf` finds the world of a client id, or none. */
export function issueToken(request: ReceivedRequest, worldOf: (clientId: string) => World | null): EndpointResponse {
  const { form, problem } = readForm(request);
  const fields: Record<string, string> = Object.fromEntries(form);
  if (problem !== null) return jsonResponse(400, { error: 'invalid_request' }, false, problem);
  if (fields['grant_type'] !== 'client_credentials') {
    return jsonResponse(400, { error: 'unsupported_grant_type' }, false, 'unsupported_grant_type');
  }
  const world = worldOf(fields['client_id'] ?? '');
  if (world === null || fields['client_secret'] !== FIXTURES.creditsClientSecret) {
    return jsonResponse(400, { error: 'invalid_client' }, false, 'invalid_client');
  }
  const state = world.state();
  state.counters.bearer += 1;
  const token = `${bearerPrefix(world)}${state.counters.bearer}`;
  state.bearerTokens.push({ token, expiresAt: world.now() + TOKEN_SECONDS * 1000 });
  const value = { access_token: token, token_type: 'bearer', expires_in: TOKEN_SECONDS };
  return jsonResponse(200, value, true, 'token issued');
}

/** The prefix of all tokens of a world. It identifies the world. */
export function bearerPrefix(world: World): string {
  return `issued.${Buffer.from(world.name).toString('base64url')}.`;
}

/** The framework's response to a missing, unknown or expired token. */
export function unauthorised(note: string): EndpointResponse {
  return jsonResponse(401, { Message: 'Authorization has been denied for this request.' }, false, note);
}

/** `POST /api/v1/AccountAdminAPI/PurchaseCredits`, for a caller whose token was recognised. */
export function purchaseCredits(request: ReceivedRequest, world: World, toggles: Toggles): EndpointResponse {
  const type = mediaType(request);
  if (type !== 'application/json' && type !== 'text/json') {
    const message = `The request entity's media type '${type}' is not supported for this resource.`;
    return jsonResponse(415, { Message: message }, false, 'wrong content type');
  }
  const body = readJson(request);
  if (!isObject(body)) return invalid('purchase', 'The request is not a JSON object.');
  const purchase = lowerNames(body);
  const problem = problemOf(purchase);
  if (problem !== null) return invalid(problem.field, problem.text);
  const purchaseId = String(purchase['purchaseid']).toLowerCase();
  const order = typeof purchase['purchaseorder'] === 'string' ? purchase['purchaseorder'] : null;
  return decide(world, toggles, purchaseId, order);
}

function decide(world: World, toggles: Toggles, purchaseId: string, order: string | null): EndpointResponse {
  const state = world.state();
  const earlier = state.purchases.find((purchase) => purchase.purchaseId === purchaseId);
  const refuse = (code: string, reason: string) => businessError(toggles, code, reason);
  if (/99040[02]$/.test(purchaseId)) return refuse('P402', 'The account has no means of payment');
  if (toggles.purchaseAllowed === 'no') return refuse('P403', 'Purchases are not allowed for this account');
  if (toggles.purchaseOrderRequired === 'yes' && (order ?? '') === '') {
    return refuse('P410', 'A purchase order is required');
  }
  if (toggles.unknownPurchase === 'reject' && purchaseId !== FIXTURES.purchaseId) {
    return refuse('P404', 'The purchase does not exist');
  }
  if (earlier !== undefined && toggles.purchaseMode === 'reject') return refuse('P409', 'The purchase was made before');
  if (earlier !== undefined && toggles.purchaseMode === 'replay') {
    return { ...jsonResponse(200, envelope(earlier, toggles), false, 'replayed'), committed: false };
  }
  const made = makePurchase(world, toggles, purchaseId, order);
  return jsonResponse(200, envelope(made, toggles), true, 'purchased');
}

function makePurchase(world: World, toggles: Toggles, purchaseId: string, order: string | null): Purchase {
  const state = world.state();
  state.counters.purchase += 1;
  const paid = toggles.purchasePaid === 'yes';
  const net = QUOTE.quantity * QUOTE.unitPrice;
  const tax = net * QUOTE.taxRate;
  const purchase: Purchase = {
    id: `50000000-0000-4000-8000-${String(state.counters.purchase).padStart(12, '0')}`,
    purchaseId,
    purchaseOrder: order,
    at: world.now(),
    currency: QUOTE.currency,
    quantity: QUOTE.quantity,
    unitPrice: QUOTE.unitPrice,
    net,
    tax,
    gross: net + tax,
    paid,
    // An invoice exists only after the payment; the field is nullable in the original.
    invoiceNumber: paid ? 70_000 + state.counters.purchase : null,
  };
  state.purchases.push(purchase);
  if (paid) state.creditBalance += purchase.quantity;
  return purchase;
}

function envelope(purchase: Purchase, toggles: Toggles): JsonValue {
  return {
    Error: null,
    ResponseData: {
      Identification: { UserId: 'demo.user' },
      Result: 'Credits purchased successfully',
      Detail: {
        Currency: purchase.currency,
        DatePurchased: writeCreditsDate(purchase.at, toggles.creditsDate),
        GrossTotal: double(purchase.gross),
        ID: purchase.id,
        InvoiceNumber: purchase.invoiceNumber,
        NetTotal: double(purchase.net),
        Paid: purchase.paid,
        PurchaseType: 'Credits',
        Quantity: double(purchase.quantity),
        Tax: double(purchase.tax),
        UnitPrice: double(purchase.unitPrice),
      },
    },
  };
}

/** The original's serialiser writes a whole double with one decimal: 35.0, not 35. */
function double(value: number): RawJson {
  return new RawJson(Number.isInteger(value) ? `${value}.0` : String(value));
}

/**
 * .NET's ways of writing a DateTime: fractions of up to seven digits, with Z, an offset or nothing, and the value of an
 * unset DateTime.
 */
function writeCreditsDate(at: number, format: Toggles['creditsDate']): string {
  const iso = new Date(at).toISOString();
  const seconds = iso.slice(0, 19);
  const millis = iso.slice(20, 23);
  switch (format) {
    case 'offset6':
      return `${seconds}.${millis}847+00:00`;
    case 'offset7':
      return `${seconds}.${millis}8471+00:00`;
    case 'millis':
      return `${seconds}.${millis}Z`;
    case 'seconds':
      return `${seconds}Z`;
    case 'zulu7':
      return `${seconds}.${millis}8471Z`;
    case 'naive7':
      return `${seconds}.${millis}8471`;
    case 'unset':
      return '0001-01-01T00:00:00';
  }
}

function businessError(toggles: Toggles, code: string, reason: string): EndpointResponse {
  const value = { Error: { ErrorCode: code, ErrorReason: reason }, ResponseData: null };
  return jsonResponse(Number(toggles.creditsErrorHttpStatus), value, false, reason);
}

function invalid(field: string, text: string): EndpointResponse {
  return jsonResponse(400, { Message: 'The request is invalid.', ModelState: { [field]: [text] } }, false, text);
}

/** The original binds names without regard to case. */
function lowerNames(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
}

function problemOf(purchase: Record<string, unknown>): { field: string; text: string } | null {
  for (const name of Object.keys(purchase)) {
    if (!FIELDS.has(name)) return { field: `purchase.${name}`, text: 'Unknown field.' };
  }
  const id = purchase['purchaseid'];
  if (typeof id !== 'string' || !GUID.test(id.toLowerCase()) || id === NIL_GUID) {
    return { field: 'purchase.PurchaseID', text: 'The value is not a purchase id.' };
  }
  if (!isTextOrNull(purchase['purchaseorder']))
    return { field: 'purchase.PurchaseOrder', text: 'The value is not text.' };
  const billing = purchase['billing'];
  if (billing === undefined || billing === null) return null;
  if (!isObject(billing)) return { field: 'purchase.Billing', text: 'The value is not an object.' };
  for (const [name, value] of Object.entries(lowerNames(billing))) {
    if (!BILLING_FIELDS.has(name)) return { field: `purchase.Billing.${name}`, text: 'Unknown field.' };
    if (!isTextOrNull(value)) return { field: `purchase.Billing.${name}`, text: 'The value is not text.' };
  }
  return null;
}

function isTextOrNull(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}
