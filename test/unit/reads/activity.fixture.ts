import { type BillingActivity, namedGroup } from '../../../src/domain/billing-history.js';
import type { Caller } from '../../../src/domain/caller.js';
import { UnreadableValue } from '../../../src/domain/money.js';

/** A row of group 1 with the given fields; dates as epoch milliseconds. */
export function activity(fields: Partial<BillingActivity> = {}): BillingActivity {
  const { startMs = Date.UTC(2024, 0, 1), expiryMs = null, groupId = '1', groupName = 'Group 1' } = fields;
  return {
    id: '1',
    kind: 'RENEW',
    kindRaw: 'renew',
    planName: 'Plan A',
    planType: 'MONTHLY',
    planTypeRaw: 'Monthly',
    price: { amount: '10.00', currency: 'NZD' },
    creditAmount: '0',
    allowedDocuments: 50,
    usedDocuments: 8,
    startDate: startMs === null ? null : new Date(startMs).toISOString(),
    expiryDate: expiryMs === null ? null : new Date(expiryMs).toISOString(),
    ...fields,
    groupId,
    groupName,
    group: fields.group instanceof UnreadableValue ? fields.group : namedGroup(groupId, groupName),
    startMs,
    expiryMs,
  };
}

/** The fields of a row whose group is there and cannot be read. */
export const NOBODYS = { groupId: null, group: new UnreadableValue('xtracta', 'getBillingHistory', 'group_id') };

export function caller(fields: {
  readonly tenant?: string;
  readonly root?: string | null;
  readonly allowed?: readonly string[];
  readonly credential?: string | null;
}): Caller {
  const { tenant = 'acme', root = null, allowed, credential = `${tenant}-credential` } = fields;
  return {
    tenant: {
      id: tenant,
      xtracta: credential === null ? null : { id: credential, apiKey: `key of ${credential}`, rootGroupId: root },
      credits: null,
    },
    scopes: new Set(['billing:read']),
    allowedGroups: allowed === undefined ? null : new Set(allowed),
    subject: null,
  };
}
