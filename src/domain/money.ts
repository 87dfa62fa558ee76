import type { Readable } from './readable.js';

/** Exact base-10 text as the upstream wrote it (`"99"`, `"99.50"`); never a binary float. */
export type DecimalText = string;

export interface Money {
  readonly amount: DecimalText;
  /** ISO 4217, or null where the upstream names none; never guessed. */
  readonly currency: Readable<string>;
}
