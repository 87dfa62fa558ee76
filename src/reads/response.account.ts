import { BillingError } from '../domain/errors.js';
import { largeWork } from '../runtime/large-work.js';

/** Rows that one operation may answer, all lists together. */
export const MAX_ANSWER_ROWS = 100_000;
/**
 * Text that one operation may answer. Counted three times: by the least that rows will take when they are handed out, as
 * rows are written, and as the whole is.
 */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** An operation below both is small: it waits for nobody. */
const SMALL_ROWS = 1_000;
const SMALL_BYTES = 128 * 1024;

export function answerTooLarge(): BillingError {
  return new BillingError(
    'OPERATION_TOO_COMPLEX',
    `The answer passes ${MAX_ANSWER_ROWS} rows or ${MAX_ANSWER_BYTES / 1024 / 1024} MiB: ask for smaller pages, or for fewer lists inside lists.`,
  );
}

/**
 * A bound on how many hold something at a time, with fair turns for tenants.
 *
 * @returns null when there was no place in time
 */
export type PlaceQueue = (tenantId: string, waitMs: number, signal?: AbortSignal) => Promise<(() => void) | null>;

/**
 * The memory of all large answers of the process: few may be kept until their clients have read them, fewer may be in
 * the making.
 */
export interface LargeAnswers {
  readonly kept: PlaceQueue;
  readonly making: PlaceQueue;
}

/**
 * What one operation has handed out for its answer. A small operation is only counted. A large one waits for its place
 * among the large answers of all operations, and then hands out its rows in slices, so that others have their turns.
 * Mutable state of one operation.
 */
export class AnswerAccount {
  readonly #large: LargeAnswers;
  readonly #tenantId: string;
  readonly #waitMs: () => number;
  #rows = 0;
  #bytes = 0;
  #textBytes = 0;
  #places: Promise<void> | null = null;
  readonly #held: { kept: (() => void) | null; making: (() => void) | null } = { kept: null, making: null };
  #isClosed = false;

  constructor(
    large: LargeAnswers,
    tenantId: string,
    /** How long to wait for a place, from now: less than the operation has left, so that it says what it waited for. */
    waitMs: () => number,
  ) {
    this.#large = large;
    this.#tenantId = tenantId;
    this.#waitMs = waitMs;
  }

  /**
   * Counts rows before they are handed out.
   *
   * @param bytesPerRow the least that a row takes in the answer's text
   * @throws BillingError `OPERATION_TOO_COMPLEX` over a limit, `RATE_LIMITED` where too many large answers are under
   *   way
   */
  async handOut(rows: number, bytesPerRow: number, signal?: AbortSignal): Promise<void> {
    this.#rows += rows;
    this.#bytes += rows * bytesPerRow;
    if (this.#rows > MAX_ANSWER_ROWS || this.#bytes > MAX_ANSWER_BYTES) throw answerTooLarge();
    if (this.#rows <= SMALL_ROWS && this.#bytes <= SMALL_BYTES) return;
    this.#places ??= this.#takePlaces(signal);
    await this.#places;
    if (largeWork.isOver()) await largeWork.nextSlice();
  }

  /** Waits for the next slice where the operation is large and this one is used up; null: it may go on. */
  nextTurn(): Promise<void> | null {
    return this.#places !== null && largeWork.isOver() ? largeWork.nextSlice() : null;
  }

  /**
   * Counts text of the answer that was made of rows.
   *
   * @throws BillingError `OPERATION_TOO_COMPLEX` over the limit
   */
  countText(bytes: number): void {
    this.#textBytes += bytes;
    if (this.#textBytes > MAX_ANSWER_BYTES) throw answerTooLarge();
  }

  /** The answer's text is made, and its objects are gone. */
  made(): void {
    this.#held.making?.();
    this.#held.making = null;
  }

  /** The answer has left, or will not. */
  close(): void {
    this.#isClosed = true;
    this.made();
    this.#held.kept?.();
    this.#held.kept = null;
  }

  async #takePlaces(signal?: AbortSignal): Promise<void> {
    for (const which of ['kept', 'making'] as const) {
      const release = await this.#large[which](this.#tenantId, this.#waitMs(), signal);
      if (release === null) throw tooManyAnswers();
      this.#held[which] = release;
      if (this.#isClosed) this.close();
    }
  }
}

function tooManyAnswers(): BillingError {
  return new BillingError(
    'RATE_LIMITED',
    'Too many large answers are under way; try again, or ask for smaller pages.',
    {
      retryable: true,
    },
  );
}
