import { z } from 'zod';
import { JsonNumber, type JsonObject } from './credits.json.js';

/**
 * The answer of `PurchaseCredits` as received (`ResponseOfPurchase`), names in lower case. The structure is checked: an object or
 * null where the help page has an object. The leaves are not: each is read by itself, so that an odd one does not hide a purchase.
 */
const detailSchema = z.object({
  id: z.unknown(),
  currency: z.unknown(),
  datepurchased: z.unknown(),
  grosstotal: z.unknown(),
  invoicenumber: z.unknown(),
  nettotal: z.unknown(),
  paid: z.unknown(),
  purchasetype: z.unknown(),
  quantity: z.unknown(),
  tax: z.unknown(),
  unitprice: z.unknown(),
});

const purchaseResponseSchema = z.object({
  /** An object by the help page. Whatever else it is must not hide a purchase that stands beside it. */
  error: z.unknown(),
  responsedata: z
    .object({
      identification: z.object({ userid: z.unknown() }).partial().nullish(),
      result: z.unknown(),
      detail: detailSchema.partial().nullish(),
    })
    .partial()
    .nullish(),
  /** What ASP.NET Web API itself answers when it refuses a request: `{"Message": …}`. */
  message: z.unknown(),
});

const errorSchema = z.object({ errorcode: z.unknown(), errorreason: z.unknown() }).partial();

/**
 * What stands in `Error`. `object`: code and reason, as on the help page. `text`: a plain string instead, `''` for none.
 * `other`: something that no document has, such as a number, a list, or `true`.
 */
export type ErrorWire =
  | { readonly kind: 'object'; readonly errorcode: unknown; readonly errorreason: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'other' };

/** Missing and null are an empty text: no error. */
export function errorWire(error: unknown): ErrorWire {
  if (error === undefined || error === null) return { kind: 'text', text: '' };
  if (typeof error === 'string') return { kind: 'text', text: error };
  // An object of another kind, a number's text for one, is none of the help page's.
  if (Array.isArray(error) || error instanceof JsonNumber) return { kind: 'other' };
  const parsed = errorSchema.safeParse(error);
  if (!parsed.success) return { kind: 'other' };
  return { kind: 'object', errorcode: parsed.data.errorcode, errorreason: parsed.data.errorreason };
}

export type PurchaseResponseWire = z.infer<typeof purchaseResponseSchema>;
export type PurchaseDetailWire = NonNullable<NonNullable<PurchaseResponseWire['responsedata']>['detail']>;

/** Null when an object of the answer is something else. */
export function purchaseResponseWire(json: JsonObject): PurchaseResponseWire | null {
  const parsed = purchaseResponseSchema.partial({ message: true, error: true }).safeParse(json);
  return parsed.success ? { message: undefined, error: undefined, ...parsed.data } : null;
}

const tokenResponseSchema = z
  .object({ access_token: z.unknown(), expires_in: z.unknown(), error: z.unknown() })
  .partial();

/** The answer of a token endpoint (RFC 6749, 5.1 and 5.2); empty when it is no JSON object. */
export function tokenResponseWire(json: JsonObject | null): z.infer<typeof tokenResponseSchema> {
  return tokenResponseSchema.parse(json ?? {});
}

/**
 * The text of a leaf: numbers as written, booleans as words. `undefined`: missing or null, which the serialiser writes for
 * "none". `null`: an object or a list, where a plain value is due.
 */
export function leafText(leaf: unknown): string | null | undefined {
  if (leaf === undefined || leaf === null) return undefined;
  if (leaf instanceof JsonNumber) return leaf.text;
  if (typeof leaf === 'boolean') return String(leaf);
  return typeof leaf === 'string' ? leaf : null;
}
