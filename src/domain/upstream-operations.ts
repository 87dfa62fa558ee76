import type { BillingActivityKind } from './billing-history.js';
import type { UpstreamService } from './errors.js';

interface UpstreamOperation {
  /** The client's method, as logs, metrics, errors and stored failures name it. */
  readonly operation: string;
  readonly service: UpstreamService;
  readonly access: 'read' | 'write';
  /** What it is about: one group, or the whole account, which has no group and concerns everybody of the tenant. */
  readonly scope: 'group' | 'account';
  /** A write that spends money has a row in the ledger under its kind. */
  readonly ledgered: boolean;
  /** Kinds of history rows that a write of this kind makes. Empty: no history shows it. */
  readonly provedBy: readonly BillingActivityKind[];
}

/** Everything that the gateway asks of its upstreams. Kinds, codecs, metrics, evidence and visibility are derived from this table. */
export const UPSTREAM_OPERATIONS = {
  GET_BILLING_HISTORY: {
    operation: 'getBillingHistory',
    service: 'xtracta',
    access: 'read',
    scope: 'group',
    ledgered: false,
    provedBy: [],
  },
  GET_USAGE: {
    operation: 'getUsage',
    service: 'xtracta',
    access: 'read',
    scope: 'group',
    ledgered: false,
    provedBy: [],
  },
  GET_PLANS: {
    operation: 'getPlans',
    service: 'xtracta',
    access: 'read',
    scope: 'group',
    ledgered: false,
    provedBy: [],
  },
  ORDER_BOOSTER_PACK: {
    operation: 'orderBoosterPack',
    service: 'xtracta',
    access: 'write',
    scope: 'group',
    ledgered: true,
    provedBy: ['BOOSTER'],
  },
  CHANGE_PLAN: {
    operation: 'changePlan',
    service: 'xtracta',
    access: 'write',
    scope: 'group',
    ledgered: true,
    provedBy: ['SIGNUP', 'RENEW', 'UPGRADE', 'DOWNGRADE'],
  },
  PURCHASE_CREDITS: {
    operation: 'purchaseCredits',
    service: 'credits',
    access: 'write',
    scope: 'account',
    ledgered: true,
    provedBy: [],
  },
  OPEN_BILLING_UI: {
    operation: 'openBillingUi',
    service: 'xtracta',
    access: 'write',
    scope: 'group',
    ledgered: false,
    provedBy: [],
  },
} as const satisfies Record<string, UpstreamOperation>;

type Table = typeof UPSTREAM_OPERATIONS;
type NamesWhere<Row> = { [Name in keyof Table]: Table[Name] extends Row ? Name : never }[keyof Table];

/** Writes that the ledger remembers. */
export type BillingOperationKind = NamesWhere<{ readonly ledgered: true }>;
/** A mutation of the schema: a write, or one that opens the billing UI or settles an earlier write. */
export type MutationKind = BillingOperationKind | 'OPEN_BILLING_UI' | 'RECONCILE' | 'RESOLVE';
/** All writes, those without a ledger row too. */
export type WriteKind = NamesWhere<{ readonly access: 'write' }>;

// Widened, so that a question about a row does not depend on which rows there are today.
const ROWS: readonly (readonly [string, UpstreamOperation])[] = Object.entries(UPSTREAM_OPERATIONS);

/** The types of the names and the conditions at run time say the same of the same table. */
function namesWhere(is: (row: UpstreamOperation) => boolean): readonly never[] {
  return ROWS.filter(([, row]) => is(row)).map(([name]) => name as never);
}

export const BILLING_OPERATION_KINDS: readonly BillingOperationKind[] = namesWhere(({ ledgered }) => ledgered);
export const WRITE_KINDS: readonly WriteKind[] = namesWhere(({ access }) => access === 'write');
/** The client's methods that read, by the short names that `extensions.stale` and the command `read` have for them. */
export const READ_ENDPOINTS = {
  history: UPSTREAM_OPERATIONS.GET_BILLING_HISTORY.operation,
  usage: UPSTREAM_OPERATIONS.GET_USAGE.operation,
  plans: UPSTREAM_OPERATIONS.GET_PLANS.operation,
} as const;
/** Kinds that concern the whole account: a list of groups hides none of them. */
export const ACCOUNT_KINDS: readonly BillingOperationKind[] = namesWhere(
  ({ ledgered, scope }) => ledgered && scope === 'account',
);

/** The row of a kind, whatever it is. */
export function upstreamOperation(name: keyof Table): UpstreamOperation {
  return UPSTREAM_OPERATIONS[name];
}
