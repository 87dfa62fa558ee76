import { z } from 'zod';
import { parseDecimal } from '../domain/money.js';
import type { SpendingLimits } from '../domain/spending.js';

/**
 * The limits of one tenant's spending, as the tenants file and `SPENDING_LIMITS` hold them. The file is read with every
 * scalar as text, so numbers and flags are taken as text too. Amounts in JSON are text, because a JSON number is
 * rounded while it is read. The word `none` says that something is not limited: a new version of the tenants file may
 * leave a limit out only by saying so.
 */

/** Not limited, on purpose. */
export const NO_LIMIT = 'none';

const count = (most: number) => {
  const message = `must be a whole number from 0 to ${most}, or the word none`;
  return z
    .union([z.number(), z.string()], message)
    .transform(String)
    .refine((text) => text === NO_LIMIT || (/^\d{1,9}$/.test(text) && Number(text) <= most), message)
    .transform((text) => (text === NO_LIMIT ? null : Number(text)));
};

const flag = z
  .union([z.boolean(), z.string()], 'must be true or false')
  .transform(String)
  .refine((text) => text === 'true' || text === 'false', 'must be true or false')
  .transform((text) => text === 'true');

const AMOUNT_MESSAGE = 'must be a decimal number from 0 in text, such as "1000" or "99.50", or the word none';

const amount = z
  .string(AMOUNT_MESSAGE)
  .refine(
    (text) => text === NO_LIMIT || (/^\d{1,15}(?:\.\d{1,6})?$/.test(text) && parseDecimal(text) !== null),
    AMOUNT_MESSAGE,
  );

const amounts = z.record(z.string().regex(/^[A-Z]{3}$/, 'must be a currency code of ISO 4217, such as NZD'), amount);
const spendPerDay = z
  .preprocess(noneAsEmpty, amounts)
  .transform((stated) => new Map(Object.entries(stated).filter(([, text]) => text !== NO_LIMIT)));

/** What is left out is not limited. A word that is not known is a problem: a limit that is misspelt limits nothing. */
export const spendingLimits = z
  .strictObject({
    writesPerDay: count(1_000_000).optional(),
    spendPerDay: spendPerDay.optional(),
    maxQuantity: count(100).optional(),
    requirePrice: flag.optional(),
    frozen: flag.optional(),
  })
  .transform(
    (limits): SpendingLimits => ({
      writesPerDay: limits.writesPerDay ?? null,
      spendPerDay: limits.spendPerDay ?? new Map(),
      maxQuantity: limits.maxQuantity ?? null,
      requirePrice: limits.requirePrice ?? false,
      frozen: limits.frozen ?? false,
    }),
  );

/** The same, where the word `none` may stand for all of them. */
export const tenantLimits = z.preprocess(noneAsEmpty, spendingLimits);

// A union with the word would tell none of what is wrong inside.
function noneAsEmpty(stated: unknown): unknown {
  return stated === NO_LIMIT ? {} : stated;
}

/** The same from JSON text. */
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
