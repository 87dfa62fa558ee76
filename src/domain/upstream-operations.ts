import type { BillingActivityKind } from './billing-history.js';
import type { UpstreamService } from './errors.js';

interface UpstreamOperation {
  /** Name of the client's method in logs, metrics, errors and stored failures. */
  readonly operation: string;
  readonly service: UpstreamService;
  readonly access: 'read' | 'write';
  /** Its subject: one group, or the whole account. The account has no group and concerns every caller of the tenant. */
  readonly scope: 'group' | 'account';
  /** Whether it has a row in the ledger under its kind. Every write that spends money has one. */
  readonly ledgered: boolean;
  /** Kinds of history rows that a write of this kind makes. Empty: no history row shows the write. */
  readonly provedBy: readonly BillingActivityKind[];
}

/**
 * All endpoints of the upstreams that the gateway calls. Kinds, codecs, metrics, evidence and visibility are derived
 * from this table.
 */
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
/** A mutation of the schema. It is a write, opens the billing UI, or settles an earlier write. */
export type MutationKind = BillingOperationKind | 'OPEN_BILLING_UI' | 'RECONCILE' | 'RESOLVE';
/** All writes, including those without a ledger row. */
export type WriteKind = NamesWhere<{ readonly access: 'write' }>;

// The type is widened, so that conditions compile whatever rows the table has today.
const ROWS: readonly (readonly [string, UpstreamOperation])[] = Object.entries(UPSTREAM_OPERATIONS);

/** Names of the rows for which the condition is true. The types above state the same condition for the compiler. */
function namesWhere(is: (row: UpstreamOperation) => boolean): readonly never[] {
  return ROWS.filter(([, row]) => is(row)).map(([name]) => name as never);
}

export const BILLING_OPERATION_KINDS: readonly BillingOperationKind[] = namesWhere(({ ledgered }) => ledgered);
export const WRITE_KINDS: readonly WriteKind[] = namesWhere(({ access }) => access === 'write');
/** The client's read methods, by their short names in `extensions.stale` and in the command `read`. */
export const READ_ENDPOINTS = {
  history: UPSTREAM_OPERATIONS.GET_BILLING_HISTORY.operation,
  usage: UPSTREAM_OPERATIONS.GET_USAGE.operation,
  plans: UPSTREAM_OPERATIONS.GET_PLANS.operation,
} as const;
/** Kinds that concern the whole account. A caller's list of groups hides none of them. */
export const ACCOUNT_KINDS: readonly BillingOperationKind[] = namesWhere(
  ({ ledgered, scope }) => ledgered && scope === 'account',
);

/** The table's row under that name. */
export function upstreamOperation(name: keyof Table): UpstreamOperation {
  return UPSTREAM_OPERATIONS[name];
}
