/** Said of every write's key in the same words. */
export const IDEMPOTENCY_KEY_DESCRIPTION =
  "The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Keep it over retries: the same key with the same input never charges twice.";
