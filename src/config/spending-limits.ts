import { z } from 'zod';
import type { SpendingLimits } from '../domain/spending.js';
import { closedObject } from './setting.js';

/**
 * The limits of one tenant's spending, as in the tenants file and in `SPENDING_LIMITS`. The file is read with every
 * scalar as text, so numbers and flags are accepted as text too. Amounts in JSON are text, because a JSON number is
 * rounded when it is read. The word `none` means that something is not limited. A new version of the tenants file may
 * leave a limit out only with this word.
 */

/** Word for a limit that is left out on purpose. */
export const NO_LIMIT = 'none';

/** @param digits number of zeros of the largest number, which is a power of ten */
const count = (digits: number) => {
  const most = 10 ** digits;
  const message = `must be a whole number from 0 to ${most}, or the word ${NO_LIMIT}`;
  const text = new RegExp(`^(?:${NO_LIMIT}|0*(?:10{${digits}}|[0-9]{1,${digits}}))$`);
  return z
    .union([z.int().min(0).max(most), z.string().regex(text)], message)
    .transform((stated) => (stated === NO_LIMIT ? null : Number(stated)));
};

const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])], 'must be true or false')
  .transform((stated) => String(stated) === 'true');

const AMOUNT_MESSAGE = 'must be a decimal number from 0 in text, such as "1000" or "99.50", or the word none';

// An amount in the file needs no quotes, because the gateway reads its text.
const amount = z
  .string(AMOUNT_MESSAGE)
  .regex(/^(?:none|[0-9]{1,15}(?:[.][0-9]{1,6})?)$/, AMOUNT_MESSAGE)
  .meta({ type: ['string', 'number'], minimum: 0, exclusiveMaximum: 1e15 });

const amounts = z.record(z.string().regex(/^[A-Z]{3}$/, 'must be a currency code of ISO 4217, such as NZD'), amount);
const spendPerDay = z
  .preprocess(noneAsEmpty, amounts)
  .transform((stated) => new Map(Object.entries(stated).filter(([, text]) => text !== NO_LIMIT)))
  .meta({ orWord: NO_LIMIT });

/**
 * A missing limit does not limit anything. An unknown word is a problem, because a misspelt limit would not limit
 * anything.
 */
export const spendingLimits = closedObject({
  writesPerDay: count(6).optional().describe('Writes within 24 hours, or the word none.'),
  spendPerDay: spendPerDay.optional().describe('Catalogue prices of the writes within 24 hours, by currency, or none.'),
  maxQuantity: count(2).optional().describe('Packs of one order, or the word none.'),
  requirePrice: flag.optional().describe('Refuse what the catalogue does not price.'),
  frozen: flag.optional().describe('Stop all spending at once.'),
}).transform(
  (limits): SpendingLimits => ({
    writesPerDay: limits.writesPerDay ?? null,
    spendPerDay: limits.spendPerDay ?? new Map(),
    maxQuantity: limits.maxQuantity ?? null,
    requirePrice: limits.requirePrice ?? false,
    frozen: limits.frozen ?? false,
  }),
);

/** The same limits; the word `none` may replace all of them. */
export const tenantLimits = z.preprocess(noneAsEmpty, spendingLimits).meta({ orWord: NO_LIMIT });

// A union with the word would report none of the problems inside.
function noneAsEmpty(stated: unknown): unknown {
  return stated === NO_LIMIT ? {} : stated;
}

/** The same limits from JSON text. */
export const spendingLimitsJson = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({
        code: 'custom',
        message: 'must be JSON, such as {"writesPerDay": 20, "spendPerDay": {"NZD": "1000"}}',
      });
      return z.NEVER;
    }
  })
  .pipe(spendingLimits);
