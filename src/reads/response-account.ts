import { BillingError } from '../domain/errors.js';
import { largeWork, MAX_RESPONSE_BYTES, MAX_RESPONSE_TEXT } from '../runtime/large-work.js';

/** Most rows that one operation may return, all lists together. */
export const MAX_RESPONSE_ROWS = 100_000;

/** An operation below both limits is small and never waits. */
const SMALL_ROWS = 1_000;
const SMALL_BYTES = 128 * 1024;

export function responseTooLarge(): BillingError {
  return new BillingError(
    'OPERATION_TOO_COMPLEX',
    `The response passes ${MAX_RESPONSE_ROWS} rows or ${MAX_RESPONSE_TEXT}: ` +
      'ask for smaller pages, or for fewer lists inside lists.',
  );
}

/**
 * A bound on simultaneous holders, with fair turns for tenants.
 *
 * @returns null when there was no place in time
 */
export type PlaceQueue = (tenantId: string, waitMs: number, signal?: AbortSignal) => Promise<(() => void) | null>;

/**
 * Places for the large responses of the process, which bound their memory. Some may be kept until their clients have
 * read them. Fewer may be made at the same time.
 */
export interface LargeResponses {
  readonly kept: PlaceQueue;
  readonly making: PlaceQueue;
}

/**
 * Account of the rows and text that one operation returns. A small operation is only counted. A large one waits for its
 * place among the large responses of all operations. It then returns its rows in slices, so that others have their
 * turns. Mutable state of one operation.
 */
export class ResponseAccount {
  readonly #large: LargeResponses;
  readonly #tenantId: string;
  readonly #waitMs: () => number;
  #rows = 0;
  #bytes = 0;
  #textBytes = 0;
  #places: Promise<void> | null = null;
  /** The refusal of this operation. One error for all its lists, because each error's stack costs as much as a row. */
  #refusal: BillingError | null = null;
  readonly #held: { kept: (() => void) | null; making: (() => void) | null } = { kept: null, making: null };
  #isClosed = false;

  constructor(
    large: LargeResponses,
    tenantId: string,
    /**
     * Longest wait for a place from now. It is less than the time that the operation has left, so that its error names
     * the wait.
     */
    waitMs: () => number,
  ) {
    this.#large = large;
    this.#tenantId = tenantId;
    this.#waitMs = waitMs;
  }

  /**
   * Counts rows before they are returned.
   *
   * @param bytesPerRow least size of a row in the response's text
   * @throws BillingError `OPERATION_TOO_COMPLEX` over a limit, `RATE_LIMITED` where too many large responses are under
   *   way
   */
  async handOut(rows: number, bytesPerRow: number, signal?: AbortSignal): Promise<void> {
    this.#rows += rows;
    this.#bytes += rows * bytesPerRow;
    this.#refuseAboveLimits();
    if (this.#rows <= SMALL_ROWS && this.#bytes <= SMALL_BYTES) return;
    this.#places ??= this.#takePlaces(signal);
    await this.#places;
    if (largeWork.isOver()) await largeWork.nextSlice();
  }

  /**
   * Waits for the next slice where the operation is large and the present slice is used up. Null: it may continue at
   * once.
   */
  nextTurn(): Promise<void> | null {
    return this.#places !== null && largeWork.isOver() ? largeWork.nextSlice() : null;
  }

  /**
   * Counts text of the response that was made of rows.
   *
   * @throws BillingError `OPERATION_TOO_COMPLEX` over the limit
   */
  countText(bytes: number): void {
    this.#textBytes += bytes;
    this.#refuseAboveLimits();
  }

  /** Call when the response's text is complete and its objects are released. */
  made(): void {
    this.#held.making?.();
    this.#held.making = null;
  }

  /** Call when the response is sent, or will never be. */
  close(): void {
    this.#isClosed = true;
    this.made();
    this.#held.kept?.();
    this.#held.kept = null;
  }

  /** The counts only grow, so a refused operation stays refused. */
  #refuseAboveLimits(): void {
    const isAbove = this.#rows > MAX_RESPONSE_ROWS || Math.max(this.#bytes, this.#textBytes) > MAX_RESPONSE_BYTES;
    if (!isAbove) return;
    this.#refusal ??= responseTooLarge();
    throw this.#refusal;
  }

  async #takePlaces(signal?: AbortSignal): Promise<void> {
    for (const which of ['kept', 'making'] as const) {
      const release = await this.#large[which](this.#tenantId, this.#waitMs(), signal);
      if (release === null) throw tooManyResponses();
      this.#held[which] = release;
      if (this.#isClosed) this.close();
    }
  }
}

function tooManyResponses(): BillingError {
  return new BillingError(
    'RATE_LIMITED',
    'Too many large responses are under way; try again, or ask for smaller pages.',
    {
      retryable: true,
    },
  );
}
