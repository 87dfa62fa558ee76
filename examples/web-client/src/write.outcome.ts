import { CombinedGraphQLErrors } from '@apollo/client';
import type { BillingErrorCode } from './__generated__/graphql.ts';

/** A user error as every payload has it. */
export interface UserError {
  readonly code: BillingErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly upstreamMessage?: string | null;
}

/** What a user is to be told about a write. */
export type WriteOutcome<Payload> =
  | { readonly kind: 'done'; readonly payload: Payload }
  /** Nothing was carried out, and the same input would be refused again. */
  | { readonly kind: 'refused'; readonly error: UserError }
  /** Nobody knows whether it was carried out. Do not order again: reconcile. */
  | { readonly kind: 'unknown'; readonly idempotencyKey: string }
  /** No answer yet. The same intent may be tried again later; its key is kept. */
  | { readonly kind: 'later'; readonly reason: string };

const UNKNOWN = new Set<BillingErrorCode>(['OUTCOME_UNKNOWN', 'PRIOR_OUTCOME_UNKNOWN']);

interface Answer<Payload> {
  readonly payload: Payload;
  readonly userErrors: readonly UserError[];
  /** The write that the answer is about: for an earlier unknown outcome that earlier one. */
  readonly operationKey: string | undefined;
}

export interface Attempts {
  readonly most: number;
  /** Waits before another attempt, which is counted from 1. */
  wait(attempt: number): Promise<void>;
}

export const PATIENT: Attempts = {
  most: 4,
  wait: (attempt) => new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt)),
};

/**
 * Sends a write until its outcome is told, every time with the same key. A lost connection is no reason to give up: whether or not the
 * first request arrived, the second is answered from the gateway's ledger or is the first that counts.
 */
export async function send<Payload>(
  idempotencyKey: string,
  write: (idempotencyKey: string) => Promise<Answer<Payload>>,
  attempts: Attempts = PATIENT,
): Promise<WriteOutcome<Payload>> {
  let reason = '';
  for (let attempt = 1; attempt <= attempts.most; attempt += 1) {
    if (attempt > 1) await attempts.wait(attempt - 1);
    try {
      const { payload, userErrors, operationKey } = await write(idempotencyKey);
      const [error] = userErrors;
      if (error === undefined) return { kind: 'done', payload };
      if (UNKNOWN.has(error.code)) return { kind: 'unknown', idempotencyKey: operationKey ?? idempotencyKey };
      if (!error.retryable) return { kind: 'refused', error };
      reason = error.code;
    } catch (error) {
      // The gateway answered that it was no write at all: a bad token, a limit. `retryable` says whether it may become one.
      const refusal = CombinedGraphQLErrors.is(error) ? error.errors[0] : undefined;
      const code = refusal?.extensions?.['code'];
      if (refusal !== undefined && refusal.extensions?.['retryable'] !== true) throw error;
      reason = typeof code === 'string' ? code : 'NO_ANSWER';
    }
  }
  return { kind: 'later', reason };
}
