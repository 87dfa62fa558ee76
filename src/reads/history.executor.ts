import type { BillingActivity, BillingHistory } from '../domain/billing-history.js';
import type { XtractaCredential } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { ReadObserver, UpstreamCall, UpstreamReadFacts } from '../domain/upstream-call.js';
import type { HistoryClient, HistoryRead } from './billing-reads.js';
import { type CallBudget, type ReadRequesters, tooManyCalls } from './call-budget.js';
import {
  newCalls,
  type PlannedCall,
  type PlannerKnowledge,
  planCalls,
  planExactCalls,
  planSingleCalls,
} from './history.planner.js';
import { type HistoryResponse, historyReadKey, settle, toHistoryResponse } from './history-response.js';
import { windowsEqual } from './history-window.policy.js';
import type { MembershipMemory } from './membership-memory.js';
import type { InFlightReads, WriteVersions } from './shared-reads.js';

export type Rows = readonly BillingActivity[];

/** A read of the operation, and the promise of its rows. */
interface Slot extends PromiseWithResolvers<Rows> {
  readonly read: HistoryRead;
}

export interface ExecutorContext {
  readonly subject: ReadSubject;
  readonly call: UpstreamCall;
  readonly mergeWindows: boolean;
  readonly budget: CallBudget;
  /** Null where no observer needs the requesters of reads. */
  readonly requesters: ReadRequesters | null;
}

/** The upstream refused the credential or the group. Another window would get the same refusal. */
const FINAL_CODES: ReadonlySet<string> = new Set(['UPSTREAM_UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND']);

function isSameQuestion(a: HistoryRead, b: HistoryRead): boolean {
  return historyReadKey(a) === historyReadKey(b);
}

/**
 * Makes the planned calls of one operation, and settles each read as soon as its own call has a response. A read that
 * its call does not settle gets a call of its own. So the result of each read is the same as if it were the only one.
 * Mutable state of one operation by one caller.
 */
export class HistoryExecutor {
  readonly #context: ExecutorContext;
  readonly #source: HistorySource;
  readonly #memory: MembershipMemory;
  readonly #slots = new Map<string, Slot>();
  readonly #underWay = new Map<HistoryRead, Promise<HistoryResponse>>();
  readonly #responses: HistoryResponse[] = [];
  readonly #knowledge: PlannerKnowledge;

  constructor(context: ExecutorContext, source: HistorySource, memory: MembershipMemory) {
    this.#context = context;
    this.#source = source;
    this.#memory = memory;
    this.#knowledge = {
      mergeWindows: context.mergeWindows,
      rootGroupId: context.subject.credential.rootGroupId,
      callsLeft: () => context.budget.left,
      ancestor: (groupId) => memory.of(context.subject.scope, groupId),
    };
  }

  /** Plans and makes the calls for the reads that are new. `rows` then returns the rows of each. */
  ask(reads: readonly HistoryRead[]): void {
    const open = reads.filter((read) => !this.#slots.has(historyReadKey(read)) && !this.#settleFromResponses(read));
    const slots = new Set(open.map((read) => this.#slotOf(read)));
    const fresh = [...slots].map((slot) => slot.read);
    const plan = planCalls(fresh, [...this.#underWay.keys()], this.#ancestors(), this.#knowledge);
    if (this.#context.budget.reserve(newCalls(plan))) {
      void this.#makeAll(plan, 'planned').then(() => this.#context.budget.report());
    } else {
      this.#refuse(fresh);
    }
  }

  rows(read: HistoryRead): Promise<Rows> {
    return this.#slotOf(read).promise;
  }

  #slotOf(read: HistoryRead): Slot {
    const key = historyReadKey(read);
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot: Slot = { read, ...Promise.withResolvers<Rows>() };
    // A read may fail before its requester awaits the promise.
    slot.promise.catch(() => undefined);
    this.#slots.set(key, slot);
    return slot;
  }

  /** The groups with a recursive read in this operation, and the credential's own group. */
  #ancestors(): string[] {
    const { rootGroupId } = this.#knowledge;
    const read = [...this.#underWay.keys(), ...this.#responses.map((response) => response.read)];
    const recursive = read.filter((call) => call.recursive).map((call) => call.groupId);
    return [...new Set(rootGroupId === null ? recursive : [...recursive, rootGroupId])];
  }

  #settleFromResponses(read: HistoryRead): boolean {
    return this.#responses.some((response) => this.#settleFrom(response, read));
  }

  #settleFrom(response: HistoryResponse, read: HistoryRead): boolean {
    const isUsable = this.#knowledge.mergeWindows || windowsEqual(response.read, read);
    const rows = isUsable ? settle(response, read, this.#source.listsNoRows) : null;
    if (rows === null) return false;
    this.#slotOf(read).resolve(rows);
    return true;
  }

  #refuse(reads: readonly HistoryRead[]): void {
    for (const read of reads) this.#slotOf(read).reject(tooManyCalls(this.#context.budget.limit));
  }

  async #makeAll(plan: readonly PlannedCall[], reason: UpstreamReadFacts['reason']): Promise<void> {
    await Promise.all(plan.map((planned) => this.#make(planned, reason)));
  }

  async #make(planned: PlannedCall, reason: UpstreamReadFacts['reason']): Promise<void> {
    let unsettled: readonly HistoryRead[];
    try {
      const response = await this.#responseTo(planned.call, this.#watch(planned, reason));
      unsettled = planned.reads.filter((read) => !this.#settleFrom(response, read));
      this.#learnOutside(response, unsettled);
    } catch (error) {
      unsettled = this.#failFinally(planned, error);
    }
    if (!planned.isUnderWay && unsettled.length === planned.reads.length) this.#context.budget.giveBack();
    await this.#askAgain(planned.call, unsettled);
  }

  #watch({ call, reads }: PlannedCall, reason: UpstreamReadFacts['reason']): ReadObserver | undefined {
    const { requesters, call: upstreamCall } = this.#context;
    if (requesters === null) return undefined;
    const groups = new Set(reads.map((read) => read.groupId)).size;
    const { recursive } = call;
    return upstreamCall.observer.read?.({
      operation: 'getBillingHistory',
      groups,
      askedBy: requesters.of(reads),
      recursive,
      reason,
    });
  }

  #responseTo(call: HistoryRead, observer: ReadObserver | undefined): Promise<HistoryResponse> {
    const shared = this.#underWay.get(call);
    if (shared !== undefined) {
      observer?.shared(shared);
      return shared;
    }
    const upstreamCall = observer === undefined ? this.#context.call : { ...this.#context.call, observer };
    const { response, isStarted } = this.#source.read(this.#context.subject, call, upstreamCall);
    if (isStarted) this.#context.budget.countCall();
    else observer?.shared(response);
    const noted = this.#noted(call, response);
    this.#underWay.set(call, noted);
    return noted;
  }

  async #noted(call: HistoryRead, pending: Promise<HistoryResponse>): Promise<HistoryResponse> {
    try {
      const response = await pending;
      this.#responses.push(response);
      return response;
    } finally {
      this.#underWay.delete(call);
    }
  }

  /** @returns the reads whose result the failure of this call does not decide */
  #failFinally({ call, reads }: PlannedCall, error: unknown): HistoryRead[] {
    const isAbandoned = this.#context.call.signal?.aborted === true;
    const isFinal = error instanceof BillingError && FINAL_CODES.has(error.code);
    const rest: HistoryRead[] = [];
    for (const read of reads) {
      const isSameGroup = call.groupId === read.groupId && call.recursive === read.recursive;
      if (isAbandoned || isSameQuestion(call, read) || (isSameGroup && isFinal)) this.#slotOf(read).reject(error);
      else rest.push(read);
    }
    const isBatch = rest.some((read) => call.recursive && !read.recursive);
    if (isBatch) this.#memory.avoid(this.#context.subject.scope, call.groupId, 'failed');
    return rest;
  }

  #learnOutside(response: HistoryResponse, unsettled: readonly HistoryRead[]): void {
    if (!response.read.recursive || !response.namesEveryGroup) return;
    for (const read of unsettled) {
      if (read.recursive || response.rowsOf(read.groupId).length > 0) continue;
      this.#memory.learnOutside(this.#context.subject.scope, response.read.groupId, response.read, read.groupId);
    }
  }

  /**
   * After a recursive call the windows of one group may still share a call. After a shared call each read is made with
   * its own window.
   */
  async #askAgain(call: HistoryRead, reads: readonly HistoryRead[]): Promise<void> {
    const open = reads.filter((read) => !this.#settleFromResponses(read));
    const plan = [
      ...planSingleCalls(
        open.filter((read) => call.recursive && !read.recursive),
        this.#knowledge.mergeWindows,
      ),
      ...planExactCalls(open.filter((read) => !call.recursive || read.recursive)),
    ];
    const affordable: PlannedCall[] = [];
    for (const planned of plan) {
      if (this.#context.budget.reserve(1)) affordable.push(planned);
      else this.#refuse(planned.reads);
    }
    await this.#makeAll(affordable, 'again');
  }
}

/** Tenant and credential of a read. `scope` names both in the keys of shared memory. */
export interface ReadSubject {
  readonly tenantId: string;
  readonly credential: XtractaCredential;
  readonly scope: string;
}

/** Tenant names come from outside and may contain any character, so JSON separates the parts. */
export function readSubject(tenantId: string, credential: XtractaCredential): ReadSubject {
  return { tenantId, credential, scope: JSON.stringify([tenantId, credential.id]) };
}

/**
 * Upstream history responses. Simultaneous equal reads share one call, and recursive responses teach the memory of
 * memberships. Shared mutable state: what the upstream last answered where it had no rows.
 */
export class HistorySource {
  readonly #client: HistoryClient;
  readonly #inFlight: InFlightReads<HistoryResponse>;
  readonly #writeVersions: WriteVersions;
  readonly #memory: MembershipMemory;
  #listsNoRows = false;

  constructor(
    client: HistoryClient,
    inFlight: InFlightReads<HistoryResponse>,
    writeVersions: WriteVersions,
    memory: MembershipMemory,
  ) {
    this.#client = client;
    this.#inFlight = inFlight;
    this.#writeVersions = writeVersions;
    this.#memory = memory;
  }

  /** Whether the upstream answered with a list when it last had no rows. False: with 404, or it is not known yet. */
  get listsNoRows(): boolean {
    return this.#listsNoRows;
  }

  /** @returns `isStarted` false: the read was under way for another operation of the same tenant and credential */
  read(
    subject: ReadSubject,
    read: HistoryRead,
    call: UpstreamCall,
  ): { readonly response: Promise<HistoryResponse>; readonly isStarted: boolean } {
    const writeVersion = this.#writeVersions.current(subject.credential.id);
    const key = `${historyReadKey(read)} ${writeVersion} ${subject.scope}`;
    return this.#inFlight.join(key, call, (ownCall) => this.#fetch(subject, read, ownCall));
  }

  async #fetch(subject: ReadSubject, read: HistoryRead, call: UpstreamCall): Promise<HistoryResponse> {
    const history = await this.#askUpstream(subject, read, call);
    const response = toHistoryResponse(read, history, () =>
      call.observer.drift({ endpoint: 'getBillingHistory', field: 'foreign_group' }),
    );
    if (read.recursive) this.#learn(subject, response);
    return response;
  }

  async #askUpstream(subject: ReadSubject, read: HistoryRead, call: UpstreamCall): Promise<BillingHistory> {
    try {
      const history = await this.#client.getBillingHistory(subject.credential, read, call);
      if (history.activities.length === 0) this.#listsNoRows = true;
      return history;
    } catch (error) {
      if (error instanceof BillingError && error.code === 'NOT_FOUND') this.#listsNoRows = false;
      throw error;
    }
  }

  #learn(subject: ReadSubject, response: HistoryResponse): void {
    const { read, rows } = response;
    this.#memory.learn(subject.scope, read.groupId, read, rows.length, response.groups.keys());
    if (!response.namesEveryGroup) this.#memory.avoid(subject.scope, read.groupId, 'unusable');
  }
}
