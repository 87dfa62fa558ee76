/** RFC 3339 text in UTC, with as many fraction digits as the upstream sent: `2017-08-21T02:16:49Z`. */
export type DateTimeText = string;

/** A moment both as the text that is answered and as the number that is compared. */
export interface Instant {
  readonly text: DateTimeText;
  /** Milliseconds since the epoch; finer fractions are cut, for comparing only. */
  readonly epochMs: number;
}
