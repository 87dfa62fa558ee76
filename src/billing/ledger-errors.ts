import { BillingError } from '../domain/errors.js';
import { LedgerUnavailable } from '../idempotency/ledger.js';

/** What a client is told when the ledger does not answer a question of its. */
export function ledgerUnavailable(cause: unknown): BillingError {
  return new BillingError('LEDGER_UNAVAILABLE', 'The record of writes is not available just now.', {
    retryable: true,
    cause,
  });
}

/** The answer, or `LEDGER_UNAVAILABLE` in the gateway's own words. */
export async function orLedgerUnavailable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof LedgerUnavailable ? ledgerUnavailable(error) : error;
  }
}
