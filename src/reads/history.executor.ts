import type { BillingActivity } from '../domain/billing-history.js';
import type { XtractaCredential } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { ReadObserver, UpstreamCall, UpstreamReadFacts } from '../domain/upstream-call.js';
import type { HistoryClient, HistoryRead } from './billing-reads.js';
import { type CallBudget, type ReadRequesters, tooManyCalls } from './call.budget.js';
import {
  type PlannedCall,
  type PlannerKnowledge,
  planCalls,
  planExactCalls,
  planSingleCalls,
} from './history.planner.js';
import { groupNameIn, type HistoryAnswer, historyReadKey, settle, toAnswer } from './history-answer.js';
import { windowsEqual } from './history-window.policy.js';
import type { MembershipMemory } from './membership.memory.js';
import type { InFlightReads, WriteVersions } from './shared.reads.js';

export type Rows = readonly BillingActivity[];

/** A question of the operation and its answer to be. */
interface Slot extends PromiseWithResolvers<Rows> {
  readonly read: HistoryRead;
}

export interface ExecutorContext {
  readonly subject: ReadSubject;
  readonly call: UpstreamCall;
  readonly mergeWindows: boolean;
  readonly budget: CallBudget;
  /** Null where nobody asks for whom reads are made. */
  readonly requesters: ReadRequesters | null;
}

/** The upstream refused the credential or the group, which no other window would change. */
const FINAL_CODES: ReadonlySet<string> = new Set(['UPSTREAM_UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND']);

function isSameQuestion(a: HistoryRead, b: HistoryRead): boolean {
  return historyReadKey(a) === historyReadKey(b);
}

/**
 * Makes the planned calls of one operation and hands each answer to the questions that it settles, each as soon as its
 * own call is answered. What a call does not settle, or fails to answer, is asked again on its own, so that no question
 * ever gets more or less than it would have got alone. Mutable state of one operation by one caller.
 */
export class HistoryExecutor {
  readonly #context: ExecutorContext;
  readonly #source: HistorySource;
  readonly #memory: MembershipMemory;
  readonly #slots = new Map<string, Slot>();
  readonly #underWay = new Map<HistoryRead, Promise<HistoryAnswer>>();
  readonly #answers: HistoryAnswer[] = [];
  readonly #knowledge: PlannerKnowledge;

  constructor(context: ExecutorContext, source: HistorySource, memory: MembershipMemory) {
    this.#context = context;
    this.#source = source;
    this.#memory = memory;
    this.#knowledge = {
      mergeWindows: context.mergeWindows,
      rootGroupId: context.subject.credential.rootGroupId,
      base: (groupId) => memory.of(context.subject.scope, groupId),
    };
  }

  /** Plans and makes the calls for the questions that have not been asked yet; `rows` then gives each its answer. */
  ask(reads: readonly HistoryRead[]): void {
    const open = reads.filter((read) => !this.#slots.has(historyReadKey(read)) && !this.#settleFromAnswers(read));
    const slots = new Set(open.map((read) => this.#slotOf(read)));
    const fresh = [...slots].map((slot) => slot.read);
    const plan = planCalls(fresh, [...this.#underWay.keys()], this.#bases(), this.#knowledge);
    if (this.#context.budget.reserve(plan.filter((planned) => !planned.isUnderWay).length)) {
      void this.#makeAll(plan, 'planned').then(() => this.#context.budget.report());
    } else {
      this.#refuse(fresh);
    }
  }

  rows(read: HistoryRead): Promise<Rows> {
    return this.#slotOf(read).promise;
  }

  isAskedAbout(groupId: string): boolean {
    return this.#slotsAbout(groupId).length > 0;
  }

  /** Resolves when all questions about the group that were asked so far are answered or have failed. */
  async settledAbout(groupId: string): Promise<void> {
    await Promise.allSettled(this.#slotsAbout(groupId).map((slot) => slot.promise));
  }

  /** What the answers so far hold of a group, if any of it names the group; else null. */
  rowsNaming(groupId: string): Rows | null {
    const rows = this.#answers.flatMap((answer) => answer.rowsOf(groupId));
    return groupNameIn(rows) === null ? null : rows;
  }

  #slotsAbout(groupId: string): Slot[] {
    return [...this.#slots.values()].filter((slot) => slot.read.groupId === groupId);
  }

  #slotOf(read: HistoryRead): Slot {
    const key = historyReadKey(read);
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot: Slot = { read, ...Promise.withResolvers<Rows>() };
    // A question may fail before whoever asked it looks at the answer.
    slot.promise.catch(() => undefined);
    this.#slots.set(key, slot);
    return slot;
  }

  /** The credential's own group, and the groups that this operation has read with all that lies below. */
  #bases(): string[] {
    const { rootGroupId } = this.#knowledge;
    const read = [...this.#underWay.keys(), ...this.#answers.map((answer) => answer.read)];
    const recursive = read.filter((call) => call.recursive).map((call) => call.groupId);
    return [...new Set(rootGroupId === null ? recursive : [...recursive, rootGroupId])];
  }

  #settleFromAnswers(read: HistoryRead): boolean {
    return this.#answers.some((answer) => this.#settleFrom(answer, read));
  }

  #settleFrom(answer: HistoryAnswer, read: HistoryRead): boolean {
    const isUsable = this.#knowledge.mergeWindows || windowsEqual(answer.read, read);
    const rows = isUsable ? settle(answer, read) : null;
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
      const answer = await this.#answerTo(planned.call, this.#watch(planned, reason));
      unsettled = planned.reads.filter((read) => !this.#settleFrom(answer, read));
      this.#learnApart(answer, unsettled);
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

  #answerTo(call: HistoryRead, observer: ReadObserver | undefined): Promise<HistoryAnswer> {
    const shared = this.#underWay.get(call);
    if (shared !== undefined) {
      observer?.shared(shared);
      return shared;
    }
    const upstreamCall = observer === undefined ? this.#context.call : { ...this.#context.call, observer };
    const { answer, isStarted } = this.#source.read(this.#context.subject, call, upstreamCall);
    if (isStarted) this.#context.budget.countCall();
    else observer?.shared(answer);
    const noted = this.#noted(call, answer);
    this.#underWay.set(call, noted);
    return noted;
  }

  async #noted(call: HistoryRead, pending: Promise<HistoryAnswer>): Promise<HistoryAnswer> {
    try {
      const answer = await pending;
      this.#answers.push(answer);
      return answer;
    } finally {
      this.#underWay.delete(call);
    }
  }

  /** @returns the questions for which the failure of this call says nothing */
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

  #learnApart(answer: HistoryAnswer, unsettled: readonly HistoryRead[]): void {
    if (!answer.read.recursive || !answer.namesEveryGroup) return;
    for (const read of unsettled) {
      if (read.recursive || answer.rowsOf(read.groupId).length > 0) continue;
      this.#memory.learnApart(this.#context.subject.scope, answer.read.groupId, answer.read, read.groupId);
    }
  }

  /**
   * After a recursive answer a group's windows may still share a call; after a shared call each asks with its own
   * window.
   */
  async #askAgain(call: HistoryRead, reads: readonly HistoryRead[]): Promise<void> {
    const open = reads.filter((read) => !this.#settleFromAnswers(read));
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

/** For whom is read. `scope` names tenant and credential in the keys of shared memory. */
export interface ReadSubject {
  readonly tenantId: string;
  readonly credential: XtractaCredential;
  readonly scope: string;
}

/** Tenant names come from outside and may hold any character, so the parts are kept apart by JSON. */
export function readSubject(tenantId: string, credential: XtractaCredential): ReadSubject {
  return { tenantId, credential, scope: JSON.stringify([tenantId, credential.id]) };
}

/** Upstream answers, each sent for once however many ask at the same time, and what they teach about groups. */
export class HistorySource {
  readonly #client: HistoryClient;
  readonly #inFlight: InFlightReads<HistoryAnswer>;
  readonly #writeVersions: WriteVersions;
  readonly #memory: MembershipMemory;
  constructor(
    client: HistoryClient,
    inFlight: InFlightReads<HistoryAnswer>,
    writeVersions: WriteVersions,
    memory: MembershipMemory,
  ) {
    this.#client = client;
    this.#inFlight = inFlight;
    this.#writeVersions = writeVersions;
    this.#memory = memory;
  }

  /** @returns `isStarted` false: the read was under way for another operation of the same tenant and credential */
  read(
    subject: ReadSubject,
    read: HistoryRead,
    call: UpstreamCall,
  ): { readonly answer: Promise<HistoryAnswer>; readonly isStarted: boolean } {
    const writeVersion = this.#writeVersions.current(subject.credential.id);
    const key = `${historyReadKey(read)} ${writeVersion} ${subject.scope}`;
    return this.#inFlight.join(key, call, (ownCall) => this.#fetch(subject, read, ownCall));
  }

  async #fetch(subject: ReadSubject, read: HistoryRead, call: UpstreamCall): Promise<HistoryAnswer> {
    const history = await this.#client.getBillingHistory(subject.credential, read, call);
    const answer = toAnswer(read, history, () =>
      call.observer.drift({ endpoint: 'getBillingHistory', field: 'foreign_group' }),
    );
    if (read.recursive) this.#learn(subject, answer);
    return answer;
  }

  #learn(subject: ReadSubject, answer: HistoryAnswer): void {
    const { read, rows } = answer;
    this.#memory.learn(subject.scope, read.groupId, read, rows.length, answer.groups.keys());
    if (!answer.namesEveryGroup) this.#memory.avoid(subject.scope, read.groupId, 'unusable');
  }
}
