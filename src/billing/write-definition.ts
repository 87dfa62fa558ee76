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

/** The row that proves a write, and the catalogue that it was compared with. */
export interface Proof {
  readonly activity: BillingActivity;
  readonly catalogue: BillingCatalogue;
}

/** The upstream account that a caller writes on, with the steps of one write on it. */
export interface WriteAccount<Request, Value> {
  /** Keys are unique and targets are locked per this tenant. */
  readonly tenantId: string;
  /** Tenants that share a credential share its locks. */
  readonly credentialId: string;
  /** As `OnceSteps`. */
  baseline(request: Request): Promise<Baseline | null>;
  /**
   * What its group may choose from, read anew; null: unreadable. Absent: there is no such catalogue. Must not throw.
   */
  catalogue?(request: Request, item: CatalogueItemRef): Promise<BillingCatalogue | null>;
  /** The one attempt. Must not throw. */
  send(request: Request): Promise<WriteOutcome<Value>>;
}

/** What a write locks, touches and buys. */
export interface WriteReach {
  readonly target: string;
  readonly groupId: string | null;
  readonly deletesDocuments: boolean;
  /** What the group's catalogue prices; null: nothing. */
  readonly item: CatalogueItemRef | null;
  /** How many of it. */
  readonly quantity: number;
}

/** The part of a definition that works on stored rows alone, whose types only the definition knows. */
export interface StoredWrite {
  readonly kind: BillingOperationKind;
  /** @throws ZodError for an input that this definition did not store */
  subject(input: unknown): WriteSubject;
  /**
   * What was asked for, in words that follow "You": `ordered 1 of pack 1223 (Booster 100)`. `answer`: the stored one,
   * for the name; null: there is none.
   */
  inWords(input: unknown, answer: unknown): string;
  /**
   * What a history row must be compared with to prove the write; null: no history shows it. `before`: as its baseline
   * noted.
   */
  wanted(input: unknown, before: unknown): Wanted | null;
  /**
   * The stored form of the answer of a write that was carried out though no answer was seen: what was asked for, and
   * what the proof says of it. Everything else is null, never a guess.
   */
  settledAnswer(input: unknown, groupId: string | null, proof: Proof | null): unknown;
}

/** One write, from its checks to the answer that can be rebuilt from the ledger. */
export interface WriteDefinition<Input, Request, Value> extends StoredWrite {
  /** The normalised request. Throws `BillingError` for what never becomes a write. */
  check(caller: Caller, input: Input): Request;
  /** Null: its upstream is not configured for this caller. */
  account(scope: WriteScope): WriteAccount<Request, Value> | null;
  reach(request: Request): WriteReach;
  /** What may be stored of the request: no secret, no personal data. */
  stored(request: Request): unknown;
  /** Chosen field by field, so that a new field of an answer is not stored by accident. */
  toStored(value: Value): unknown;
  /**
   * Throws when the row does not hold such an answer. Null stands for a write that is known to be done though nothing
   * of its answer was kept: the replay then says what was asked for, and never fails.
   */
  fromStored(stored: unknown, request: Request): Value;
}

export const storedMoney = z.object({ amount: z.string(), currency: z.string().nullable() }).nullable();
export const storedText = z.string().nullable();
export const storedCount = z.number().nullable();

export function storableMoney(price: Readable<Money>): Money | null {
  const readable = readableOrNull(price);
  return readable === null ? null : { amount: readable.amount, currency: readableOrNull(readable.currency) };
}

/**
 * A name is upstream text, and a message is the gateway's own: longer names and those with odd characters are left out.
 */
const PLAIN_NAME = /^[\p{L}\p{N}][\p{L}\p{N} .,()&+'-]{0,59}$/u;
/** Long runs without a blank are no words, and might be a key. */
const LONG_RUN = /\S{25}/;

/** ` (Booster 100)`, or nothing where the name is not known or not plain. */
export function nameInWords(name: string | null | undefined): string {
  return name && PLAIN_NAME.test(name) && !LONG_RUN.test(name) ? ` (${name})` : '';
}
