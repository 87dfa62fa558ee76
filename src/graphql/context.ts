import type { BillingWrites } from '../billing/billing-writes.js';
import type { Caller } from '../domain/caller.js';
import type { OperationBillingReads } from '../reads/billing-reads.js';

/** What resolvers may use. One per GraphQL operation; nothing in it outlives the operation or is shared between callers. */
export interface GatewayContext {
  readonly requestId: string;
  readonly caller: Caller;
  /** The operation's own "now" (epoch milliseconds), fixed, so that equal questions are equal. */
  readonly nowMs: number;
  readonly reads: OperationBillingReads;
  readonly writes: BillingWrites;
}

/** The fields of a schema class without the class: answers are plain objects, and resolvers see inputs as such. */
export type PlainFields<T> = { readonly [K in keyof T]: T[K] };
