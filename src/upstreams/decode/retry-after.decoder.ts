/**
 * Milliseconds to wait by a `Retry-After` header (RFC 9110, 10.2.3): seconds or a date; null when there is none or it makes no
 * sense; 0 for a date that has passed.
 *
 * @param nowMs the wall clock, in epoch milliseconds
 */
export function decodeRetryAfter(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
