import { describe, expect, it } from '@jest/globals';
import { findProof, rowsSince, type SentWrite } from '../../../src/billing/evidence.policy.js';
import type { BillingActivity, BillingActivityKind } from '../../../src/domain/billing-activity.js';

const SENT = Date.parse('2026-03-01T12:00:00Z');
const MINUTE = 60_000;

function row(
  id: string,
  kind: BillingActivityKind,
  startMs: number | null,
  expiryMs: number | null = null,
): BillingActivity {
  return {
    id,
    kind,
    kindRaw: null,
    planName: null,
    planType: 'MONTHLY',
    planTypeRaw: null,
    price: null,
    creditAmount: null,
    allowedDocuments: null,
    usedDocuments: null,
    startDate: null,
    expiryDate: null,
    startMs,
    expiryMs,
    groupId: '1',
    groupName: null,
    group: { id: '1' },
  };
}

const order = (baseline: readonly string[] | null): SentWrite => ({
  kind: 'ORDER_BOOSTER_PACK',
  sentAtMs: SENT,
  baseline,
});
const change = (baseline: readonly string[] | null): SentWrite => ({ kind: 'CHANGE_PLAN', sentAtMs: SENT, baseline });

describe('findProof', () => {
  const proved: [string, SentWrite, BillingActivity[], string][] = [
    ['one new booster row at the sending', order(['1']), [row('1', 'SIGNUP', 0), row('2', 'BOOSTER', SENT)], '2'],
    ['clocks that differ by minutes', order([]), [row('2', 'BOOSTER', SENT - 9 * MINUTE)], '2'],
    ['a new row of another kind beside it', order([]), [row('2', 'BOOSTER', SENT), row('3', 'RENEW', SENT)], '2'],
    ['an upgrade for a plan change', change([]), [row('2', 'UPGRADE', SENT)], '2'],
    ['a renewal that follows no period', change([]), [row('2', 'RENEW', SENT)], '2'],
  ];
  it.each(proved)('proves it when there is %s', (_title, write, history, id) => {
    expect(findProof(write, history)?.id).toBe(id);
  });

  const unproved: [string, SentWrite, BillingActivity[]][] = [
    ['no new row', order(['1']), [row('1', 'BOOSTER', SENT)]],
    ['no baseline', order(null), [row('2', 'BOOSTER', SENT)]],
    ['two new rows of its kind', order([]), [row('2', 'BOOSTER', SENT), row('3', 'BOOSTER', SENT)]],
    ['a new row of another kind only', order([]), [row('2', 'UPGRADE', SENT)]],
    ['a row far from the sending', order([]), [row('2', 'BOOSTER', SENT + 11 * MINUTE)]],
    ['a row without a readable start', order([]), [row('2', 'BOOSTER', null)]],
    ['a renewal that was due anyway', change(['1']), [row('1', 'SIGNUP', 0, SENT - 1000), row('2', 'RENEW', SENT)]],
    ['a word that is not known', change([]), [row('2', 'OTHER', SENT)]],
  ];
  it.each(unproved)('proves nothing when there is %s', (_title, write, history) => {
    expect(findProof(write, history)).toBeNull();
  });

  it('never proves a purchase of credits, which no history shows', () => {
    const write: SentWrite = { kind: 'PURCHASE_CREDITS', sentAtMs: SENT, baseline: [] };
    expect(findProof(write, [row('2', 'BOOSTER', SENT)])).toBeNull();
  });
});

describe('rowsSince', () => {
  it('shows the rows that the baseline does not know', () => {
    const rows = rowsSince(order(['1']), [row('1', 'SIGNUP', 0), row('2', 'CANCEL', null)]);
    expect(rows.map(({ id }) => id)).toEqual(['2']);
  });

  it('shows the rows that start around or after the sending when there is no baseline', () => {
    const rows = rowsSince(order(null), [
      row('1', 'SIGNUP', 0),
      row('2', 'BOOSTER', SENT - MINUTE),
      row('3', 'RENEW', null),
    ]);
    expect(rows.map(({ id }) => id)).toEqual(['2']);
  });
});
