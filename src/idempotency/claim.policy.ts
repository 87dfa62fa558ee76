import type { LedgerRow } from './operation.js';

/**
 * What a key that is already in the ledger means for a new request under it: another write (`keyReused`), the same write whose
 * state decides (`existing`), or the same write that provably reached nobody and may be claimed again (`reclaim`).
 */
export function judgeKnownKey(
  known: Pick<LedgerRow, 'fingerprint' | 'state'>,
  fingerprint: string,
): 'keyReused' | 'existing' | 'reclaim' {
  if (known.fingerprint !== fingerprint) {
    return 'keyReused';
  }
  return known.state === 'not_sent' ? 'reclaim' : 'existing';
}
