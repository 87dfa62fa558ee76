/** The state of a world is plain data, so that a snapshot is a copy. Instants are epoch milliseconds. */

/** A billing plan of the catalogue. Prices are text: `"0.10"` stays `"0.10"`. */
export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly type: 'Monthly' | 'Annual';
  readonly allowed: number;
  readonly price: string;
  readonly wholesalePrice: string;
  readonly currency: string;
}

/** A booster pack of the catalogue; `allowed` documents in each. */
export interface Pack {
  readonly id: string;
  readonly name: string;
  readonly allowed: number;
  readonly price: string;
  readonly wholesalePrice: string;
  readonly currency: string;
}

export interface Group {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  /** False: no period follows the last one, so the group then has no plan. */
  readonly autoRenew: boolean;
}

/** The reason for a period, in the upstream's words. The manual shows only `signup`; the others are inferred. */
export type PeriodActivity = 'signup' | 'renew' | 'upgrade' | 'downgrade';

export interface Period {
  readonly id: number;
  readonly groupId: string;
  readonly planId: string;
  readonly activity: PeriodActivity;
  readonly start: number;
  /** The last second inside the period. Moved earlier when another plan replaces this one. */
  expiry: number;
  used: number;
  /** Credit for the unused part of the previous period, in whole units of the plan's currency. */
  readonly credit: number;
}

export interface PackOrder {
  readonly id: number;
  readonly groupId: string;
  readonly packId: string;
  /** The number of the order's row in the history. */
  readonly activityId: number;
  readonly quantity: number;
  readonly orderedAt: number;
  used: number;
}

export type DocumentState = 'processed' | 'on_hold' | 'deleted';

export interface HeldDocument {
  readonly id: number;
  readonly groupId: string;
  readonly arrivedAt: number;
  state: DocumentState;
}

export interface UiToken {
  readonly token: string;
  readonly groupId: string;
  readonly purge: 'process' | 'delete' | null;
  readonly expiresAt: number;
}

export interface Purchase {
  readonly id: string;
  readonly purchaseId: string;
  readonly purchaseOrder: string | null;
  readonly at: number;
  readonly currency: string;
  readonly quantity: number;
  readonly unitPrice: number;
  readonly net: number;
  readonly tax: number;
  readonly gross: number;
  readonly paid: boolean;
  readonly invoiceNumber: number | null;
}

export interface BearerToken {
  readonly token: string;
  readonly expiresAt: number;
}

export interface WorldState {
  /** Api key → its group. Keys of the form `<world>@<group>` need no entry. */
  readonly keys: Record<string, string>;
  readonly groups: Record<string, Group>;
  readonly plans: Record<string, Plan>;
  readonly packs: Record<string, Pack>;
  /** Group id → its periods, oldest first; the last one is the current one. */
  readonly periods: Record<string, Period[]>;
  readonly packOrders: PackOrder[];
  readonly documents: HeldDocument[];
  readonly uiTokens: UiToken[];
  readonly purchases: Purchase[];
  readonly bearerTokens: BearerToken[];
  /** Bought and paid credits. */
  creditBalance: number;
  /** Last used number, per kind. Numbers are never used twice, so responses are the same in every run. */
  readonly counters: {
    activity: number;
    order: number;
    document: number;
    uiToken: number;
    purchase: number;
    bearer: number;
  };
}

/** Whether `groupId` is `ancestorId` itself or a descendant of it. */
export function isWithin(state: WorldState, groupId: string, ancestorId: string): boolean {
  let current: string | null = groupId;
  while (current !== null) {
    if (current === ancestorId) return true;
    current = state.groups[current]?.parentId ?? null;
  }
  return false;
}

/** The group and its descendants, in the order of the fixtures. */
export function subtree(state: WorldState, groupId: string): string[] {
  const members = new Set([groupId]);
  const children = new Map<string, string[]>();
  for (const group of Object.values(state.groups)) {
    if (group.parentId === null) continue;
    const siblings = children.get(group.parentId);
    if (siblings === undefined) children.set(group.parentId, [group.id]);
    else siblings.push(group.id);
  }
  // The loop over a Set also visits members that it adds, so each level adds the next.
  for (const member of members) for (const child of children.get(member) ?? []) members.add(child);
  return [...members];
}
