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
  error: z.object({ errorcode: z.unknown(), errorreason: z.unknown() }).partial().nullish(),
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

export type PurchaseResponseWire = z.infer<typeof purchaseResponseSchema>;
export type PurchaseDetailWire = NonNullable<NonNullable<PurchaseResponseWire['responsedata']>['detail']>;

/** Null when an object of the answer is something else. */
export function purchaseResponseWire(json: JsonObject): PurchaseResponseWire | null {
  const parsed = purchaseResponseSchema.partial({ message: true }).safeParse(json);
  return parsed.success ? { message: undefined, ...parsed.data } : null;
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
