import type { BillingPlan } from '../domain/billing-plan.js';
import type { Caller } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import { parseGroupId } from '../domain/group-id.js';
import type { UpstreamCall } from '../upstreams/upstream.call.js';
import type { BillingReads, GroupRef, HistoryPage, HistoryRequest, UpstreamCallCounts } from './billing-reads.js';
import { CallBudget } from './call.budget.js';
import type { CredentialEpochs } from './credential.epochs.js';
import type { Rows } from './history.executor.js';
import { HistoryPaging } from './history.paging.js';
import { type HistorySource, readSubject } from './history.source.js';
import { groupNameIn } from './history-answer.js';
import type { HistoryRead } from './history-client.port.js';
import { planWindow, resolveHistoryWindow } from './history-window.policy.js';
import type { MembershipMemory } from './membership.memory.js';
import { type HistoryQuestion, OperationHistory } from './operation-history.loader.js';
import { planInForce } from './plan.policy.js';
import { type AskingField, ReadAskers } from './read.askers.js';
import type { SnapshotStore } from './snapshot.store.js';
import { groupsBelow } from './subgroups.policy.js';

export interface OperationContext {
  readonly caller: Caller;
  /** The operation's own "now" (epoch milliseconds). */
  readonly nowMs: number;
  readonly call: UpstreamCall;
}

export interface OperationSettings {
  readonly mergeWindows: boolean;
  readonly maxUpstreamCalls: number;
  readonly onCallsSaved: (calls: number) => void;
}

/** What the operations of a process share. Keyed by tenant and credential throughout. */
export interface SharedReads {
  readonly source: HistorySource;
  readonly memory: MembershipMemory;
  readonly epochs: CredentialEpochs;
  readonly snapshots: SnapshotStore;
}

interface Upstream {
  readonly history: OperationHistory;
  readonly paging: HistoryPaging;
}

/**
 * The reads of one operation by one caller.
 *
 * Where the caller has a list of groups, a group outside it is refused before anything is sent, and rows of groups outside it are
 * dropped from recursive answers, together with rows that name no group. A batch below the root may read more than the list names,
 * because the credential sees all of it; every row still passes the list on its way out.
 */
export class OperationReads implements BillingReads {
  readonly #budget: CallBudget;
  readonly #askers: ReadAskers | null;
  /** Null without a credential. */
  readonly #upstream: Upstream | null;

  constructor(
    private readonly context: OperationContext,
    settings: OperationSettings,
    shared: SharedReads,
  ) {
    const { caller, call, nowMs } = context;
    const budget = new CallBudget(settings.maxUpstreamCalls, settings.onCallsSaved);
    this.#budget = budget;
    const askers = call.observer.read === undefined ? null : new ReadAskers();
    this.#askers = askers;
    if (caller.tenant.xtracta === null) {
      this.#upstream = null;
      return;
    }
    const subject = readSubject(caller.tenant.id, caller.tenant.xtracta);
    const { mergeWindows } = settings;
    const { source, memory, epochs, snapshots } = shared;
    this.#upstream = {
      history: new OperationHistory({ subject, call, nowMs, mergeWindows, budget, askers }, source, memory, epochs),
      paging: new HistoryPaging(subject, snapshots, epochs),
    };
  }

  upstreamCalls(): UpstreamCallCounts {
    return this.#budget.counts();
  }

  async plan(groupId: string, atMs: number): Promise<BillingPlan | null> {
    const id = this.#permitted(groupId);
    const read: HistoryRead = { groupId: id, ...planWindow(atMs), recursive: false };
    return planInForce(await this.#rows({ kind: 'window', read }, 'plan'), id, atMs);
  }

  async historyPage(request: HistoryRequest): Promise<HistoryPage> {
    const groupId = this.#permitted(request.groupId);
    const { paging } = this.#connected();
    const list = paging.open({ ...request, groupId }, this.context.nowMs);
    const rows = list.kept?.rows ?? (await this.#rows({ kind: 'window', read: list.read }, 'billingHistory'));
    if (list.kept !== null) this.#countSaved(list.read.recursive);
    return paging.page(list, rows, list.read.recursive ? this.#visible(rows) : rows);
  }

  async subgroups(groupId: string): Promise<readonly GroupRef[]> {
    const id = this.#permitted(groupId);
    // The default window of a history, so that asking for both costs one call.
    const window = resolveHistoryWindow({ fromMs: null, toMs: null }, this.context.nowMs, null);
    const rows = await this.#rows({ kind: 'window', read: { groupId: id, ...window, recursive: true } }, 'subgroups');
    return groupsBelow(id, this.#visible(rows));
  }

  async groupName(groupId: string): Promise<string | null> {
    const id = this.#permitted(groupId);
    return groupNameIn(await this.#rows({ kind: 'naming', groupId: id }, 'name'));
  }

  #connected(): Upstream {
    if (this.#upstream === null) {
      throw new BillingError('NOT_CONFIGURED', 'No Xtracta credential is configured for this tenant.');
    }
    return this.#upstream;
  }

  /** The canonical id of a group that the caller may read. */
  #permitted(groupId: string): string {
    const id = parseGroupId(groupId);
    const { allowedGroups } = this.context.caller;
    if (allowedGroups !== null && !allowedGroups.has(id)) {
      throw new BillingError('FORBIDDEN', 'The caller may not read this group.');
    }
    return id;
  }

  /** The rows of a recursive answer that the caller may see. */
  #visible(rows: Rows): Rows {
    const { allowedGroups } = this.context.caller;
    if (allowedGroups === null) return rows;
    return rows.filter((row) => row.groupId !== null && allowedGroups.has(row.groupId));
  }

  async #rows(question: HistoryQuestion, field: AskingField): Promise<Rows> {
    const { history } = this.#connected();
    this.#budget.countQuestion();
    this.#askers?.note(question.kind === 'window' ? question.read : question.groupId, field);
    try {
      return await history.load(question);
    } catch (error) {
      if (error instanceof BillingError && error.code === 'OPERATION_TOO_COMPLEX') this.#budget.uncountQuestion();
      throw error;
    }
  }

  #countSaved(recursive: boolean): void {
    this.#budget.countQuestion();
    this.#budget.report();
    const operation = 'getBillingHistory';
    this.context.call.observer.read?.({
      operation,
      groups: 1,
      askedBy: { billingHistory: 1 },
      recursive,
      reason: 'kept',
    });
  }
}
