import type { BillingActivity, BillingHistory } from '../../../src/domain/billing-history.js';
import type { XtractaCredential } from '../../../src/domain/caller.js';
import { BillingError, type BillingErrorCode } from '../../../src/domain/errors.js';
import type { HistoryClient, HistoryRead } from '../../../src/reads/billing-reads.js';
import { activity } from './activity.fixture.js';

/** A row as the upstream holds it: it always knows the date and the group, whether or not it says so. */
export interface ModelRow {
  readonly id: string;
  readonly startSeconds: number;
  readonly periodSeconds: number;
  readonly fields?: Partial<BillingActivity>;
  readonly hidesDate?: boolean;
  readonly hidesGroup?: boolean;
  /** What the group was called in the row. Default: `Group` and its id. */
  readonly groupName?: string;
  /** How often every response holds it. */
  readonly times?: number;
}

export interface ModelGroup {
  readonly id: string;
  readonly parent: string | null;
  readonly rows: readonly ModelRow[];
  /** Every read of this very group is refused; a parent's recursive response leaves it out. */
  readonly refuses?: BillingErrorCode;
}

export interface ModelBehaviour {
  /** Puts a response's rows in another order. */
  readonly shuffle?: (rows: BillingActivity[]) => BillingActivity[];
  /** Rows that do not belong there, in the responses about single groups. */
  readonly foreignRows?: readonly BillingActivity[];
  readonly refusesRecursive?: BillingErrorCode;
  /** What the upstream understands by a window; nobody has documented it. */
  readonly filtersBy?: 'start' | 'overlap' | 'expiry';
  /** Answers a window without rows as it answers an unknown group. */
  readonly refusesEmpty?: boolean;
  /** Leaves out or adds to what a recursive response holds. */
  readonly distort?: (rows: BillingActivity[]) => BillingActivity[];
}

/** The upstream as a function of its groups, which a test may change, with a journal of what was asked. */
export class UpstreamModel implements HistoryClient {
  readonly #behaviour: ModelBehaviour;
  readonly journal: { readonly credentialId: string; readonly read: HistoryRead }[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];

  constructor(
    public groups: readonly ModelGroup[],
    behaviour: ModelBehaviour = {},
  ) {
    this.#behaviour = behaviour;
  }

  get calls(): number {
    return this.journal.length;
  }

  async getBillingHistory(
    credential: XtractaCredential,
    read: HistoryRead,
    call: { readonly signal?: AbortSignal },
  ): Promise<BillingHistory> {
    this.journal.push({ credentialId: credential.id, read });
    this.signals.push(call.signal);
    // Lets reads of other operations begin while this one is under way.
    await new Promise((resolve) => setImmediate(resolve));
    const { shuffle = (rows) => rows } = this.#behaviour;
    const rows = this.#response(read);
    if (rows.length === 0 && this.#behaviour.refusesEmpty === true) throw new BillingError('NOT_FOUND', 'No rows.');
    return { activities: shuffle(rows) };
  }

  #response(read: HistoryRead): BillingActivity[] {
    const group = this.groups.find(({ id }) => id === read.groupId);
    if (group === undefined) throw new BillingError('NOT_FOUND', 'No such group.');
    if (group.refuses !== undefined) throw new BillingError(group.refuses, 'Refused.');
    if (!read.recursive) return [...this.#rowsOf(group, read), ...(this.#behaviour.foreignRows ?? [])];
    if (this.#behaviour.refusesRecursive !== undefined) {
      throw new BillingError(this.#behaviour.refusesRecursive, 'Refused recursively.');
    }
    const below = this.groups.filter((candidate) => candidate.refuses === undefined && this.#isBelow(candidate, group));
    const rows = below.flatMap((candidate) => this.#rowsOf(candidate, read));
    return this.#behaviour.distort?.(rows) ?? rows;
  }

  #rowsOf(group: ModelGroup, read: HistoryRead): BillingActivity[] {
    const { filtersBy = 'start' } = this.#behaviour;
    return group.rows
      .filter(({ startSeconds, periodSeconds }) => {
        const expirySeconds = startSeconds + periodSeconds;
        const low = filtersBy === 'start' ? startSeconds : expirySeconds;
        const high = filtersBy === 'expiry' ? expirySeconds : startSeconds;
        return low >= read.fromSeconds && high <= read.toSeconds;
      })
      .flatMap((row) => Array.from({ length: row.times ?? 1 }, () => toActivity(group, row)));
  }

  #isBelow(group: ModelGroup, base: ModelGroup): boolean {
    if (group.id === base.id) return true;
    const parent = this.groups.find(({ id }) => id === group.parent);
    return parent !== undefined && this.#isBelow(parent, base);
  }
}

function toActivity(group: ModelGroup, row: ModelRow): BillingActivity {
  return activity({
    id: row.id,
    planName: `Plan of ${group.id}`,
    startMs: row.hidesDate === true ? null : row.startSeconds * 1000,
    expiryMs: row.hidesDate === true ? null : (row.startSeconds + row.periodSeconds) * 1000,
    groupId: row.hidesGroup === true ? null : group.id,
    groupName: row.hidesGroup === true ? null : (row.groupName ?? `Group ${group.id}`),
    ...row.fields,
  });
}
