import { z } from 'zod';
import type { BillingActivity } from '../domain/billing-history.js';
import type { Caller } from '../domain/caller.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import { type Money, type Readable, readableOrNull } from '../domain/money.js';
import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { WriteOutcome, WriteSubject } from '../domain/write.js';
import type { Baseline } from '../idempotency/run-once.js';
import type { Wanted } from './evidence.js';
import type { CatalogueItemRef } from './group-reads.js';
import type { WriteScope } from './write-scope.js';

/** The history row that proves a write, and the catalogue of the comparison. */
export interface Proof {
  readonly activity: BillingActivity;
  readonly catalogue: BillingCatalogue;
}

/** The upstream account of a caller's write, with the steps of one write. */
export interface WriteAccount<Request, Value> {
  /** Tenant within which keys are unique and targets are locked. */
  readonly tenantId: string;
  /** Tenants that share a credential share its locks. */
  readonly credentialId: string;
  /** See `OnceSteps`. */
  baseline(request: Request): Promise<Baseline | null>;
  /** The group's catalogue, read anew; null: unreadable. Absent: there is no such catalogue. Must not throw. */
  catalogue?(request: Request, item: CatalogueItemRef): Promise<BillingCatalogue | null>;
  /** Makes the one attempt. Must not throw. */
  send(request: Request): Promise<WriteOutcome<Value>>;
}

/** The lock, the group and the item of a write. */
export interface WriteReach {
  readonly target: string;
  readonly groupId: string | null;
  readonly deletesDocuments: boolean;
  /** The item that the group's catalogue prices; null: none. */
  readonly item: CatalogueItemRef | null;
  /** Number of items. */
  readonly quantity: number;
}

/** The part of a definition that works on stored rows only. Only the definition knows their types. */
export interface StoredWrite {
  readonly kind: BillingOperationKind;
  /** @throws ZodError for an input that this definition did not store */
  subject(input: unknown): WriteSubject;
  /**
   * The request as words that follow "You": `ordered 1 of pack 1223 (Booster 100)`. `stored` is the stored result,
   * which contains the name; null: there is none.
   */
  inWords(input: unknown, stored: unknown): string;
  /**
   * The item with which a history row is compared to prove the write. Null: no history row shows it. `before`: the note
   * of its baseline.
   */
  wanted(input: unknown, before: unknown): Wanted | null;
  /**
   * The stored result of a write that was carried out although the gateway saw no response. It contains the request and
   * the facts of the proof. Everything else is null, never a guess.
   */
  settledResponse(input: unknown, groupId: string | null, proof: Proof | null): unknown;
}

/** One write, from its checks to the result that the ledger can reproduce. */
export interface WriteDefinition<Input, Request, Value> extends StoredWrite {
  /** Returns the normalised request. Throws `BillingError` for a request that never becomes a write. */
  check(caller: Caller, input: Input): Request;
  /** Null: its upstream is not configured for this caller. */
  account(scope: WriteScope): WriteAccount<Request, Value> | null;
  reach(request: Request): WriteReach;
  /** The part of the request that may be stored: no secret, no personal data. */
  stored(request: Request): unknown;
  /** Chooses the stored fields one by one, so that a new field of a response is not stored by accident. */
  toStored(value: Value): unknown;
  /**
   * Throws when the row does not contain such a result. Null means a write that is known to be carried out without a
   * stored result. The replay then returns the request's own values, and never fails.
   *
   * @param groupId the group of the row
   */
  fromStored(stored: unknown, request: Request, groupId: string | null): Value;
}

export const storedMoney = z.object({ amount: z.string(), currency: z.string().nullable() }).nullable();
export const storedText = z.string().nullable();
export const storedCount = z.number().nullable();

export function storableMoney(price: Readable<Money>): Money | null {
  const readable = readableOrNull(price);
  return readable === null ? null : { amount: readable.amount, currency: readableOrNull(readable.currency) };
}

/**
 * Plain names. A name is upstream text, while a message is the gateway's own. So longer names and names with odd
 * characters are left out.
 */
const PLAIN_NAME = /^[\p{L}\p{N}][\p{L}\p{N} .,()&+'-]{0,59}$/u;
/** A long run without a blank is not a word, and may be a key. */
const LONG_RUN = /\S{25}/;

/** ` (Booster 100)`, or nothing where the name is not known or not plain. */
export function nameInWords(name: string | null | undefined): string {
  return name && PLAIN_NAME.test(name) && !LONG_RUN.test(name) ? ` (${name})` : '';
}
