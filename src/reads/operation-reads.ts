import type { BillingPlan } from '../domain/billing-history.js';
import type { Caller } from '../domain/caller.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import { BillingError } from '../domain/errors.js';
import { parseGroupId } from '../domain/group-id.js';
import { type Readable, UnreadableValue } from '../domain/money.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import { eachInSlices } from '../runtime/large-work.js';
import type {
  BillingReads,
  CatalogueField,
  GroupRef,
  HistoryPage,
  HistoryRead,
  HistoryRequest,
  OperationCost,
  StaleRead,
  UpstreamCallCounts,
} from './billing-reads.js';
import { CallBudget, ReadRequesters, type RequestingField, tooManyCalls } from './call-budget.js';
import { type Rows, readSubject } from './history.executor.js';
import type { RequestedList } from './history-paging.js';
import { presentNameIn, subgroupsIn } from './history-response.js';
import { planWindow, presentMoment, resolveHistoryBounds, windowOf, windowsEqual } from './history-window.policy.js';
import { type LoaderSources, OperationLoaders } from './operation.loader.js';
import { PlanComparison, planInForce } from './plan.policy.js';
import { type LargeResponses, ResponseAccount } from './response-account.js';
import { type GoodResponse, OperationStaleReads, type StaleQuestion, type StaleReads } from './stale-reads.js';

export interface OperationContext {
  readonly caller: Caller;
  readonly call: UpstreamCall;
}

/** Source of the present plan. The plan of any other moment comes from the history. */
export type PlanSource = 'history' | 'usage';

export interface OperationSettings {
  readonly planSource: PlanSource;
  readonly mergeWindows: boolean;
  readonly maxUpstreamCalls: number;
  /** `OPERATION_TIMEOUT_MS`: counted from the operation's first read. */
  readonly operationTimeoutMs: number;
  readonly onCallsSaved: (calls: number) => void;
}

/** State that the operations of a process share. All of it is keyed by tenant and credential. */
export interface SharedReads extends LoaderSources {
  readonly clock: () => number;
  readonly upstreamAheadMs: () => number;
  readonly largeResponses: LargeResponses;
  /** Null where stale responses are switched off. */
  readonly stale: StaleReads | null;
}

type RowsResponse = Extract<GoodResponse, { readonly kind: 'rows' }>;

/** The window that holds the plan in force at the instant. */
function planRead(groupId: string, atMs: number): HistoryRead {
  return { groupId, ...planWindow(atMs), recursive: false };
}

/** The list of a history without dates, which moves with "now". */
const DEFAULT_LIST = listDetail({ fromMs: null, toMs: null });

/** The read of the present plan, which moves with "now". */
const PLAN_OF_NOW = 'plan';

/** Key of a list by the client's own dates. It stays the same while "now" moves on. */
function listDetail({ fromMs, toMs }: Pick<HistoryRequest, 'fromMs' | 'toMs'>): string {
  return `list ${fromMs ?? ''} ${toMs ?? ''}`;
}

function historyQuestion({ groupId, recursive }: HistoryRead, detail: string): StaleQuestion<'rows'> {
  return { kind: 'rows', endpoint: 'history', groupId, recursive, detail };
}

/** @throws UnreadableValue */
function known<T>(value: Readable<T>): T | null {
  if (value instanceof UnreadableValue) throw value;
  return value;
}

function operationTimeout(): BillingError {
  return new BillingError('UPSTREAM_TIMEOUT', 'The operation took too long; values not read by then are missing.', {
    retryable: true,
  });
}

function notPermitted(): BillingError {
  return new BillingError('FORBIDDEN', 'The caller may not read this group.');
}

/**
 * The reads of one operation by one caller.
 *
 * Where the caller has a list of groups, the gateway refuses other groups before it sends anything. It drops the rows
 * of other groups, and rows of no readable group, from all responses. A batch under the root group may read more
 * groups than the list names, because the credential may read all of them. Every row still passes the list before it is
 * returned.
 */
export class OperationReads implements BillingReads {
  readonly #context: OperationContext;
  readonly #settings: OperationSettings;
  readonly #shared: SharedReads;
  readonly #budget: CallBudget;
  readonly #requesters: ReadRequesters | null;
  /** Null where plans come from the history alone. */
  readonly #comparison: PlanComparison | null;
  /** Null without a credential, and when the response is made. */
  #upstream: OperationLoaders | null;
  /** Null where stale responses are switched off. */
  readonly #stale: OperationStaleReads | null;
  /** Number of reads under way. */
  #underWay = 0;
  readonly #waitingForQuiet: (() => void)[] = [];
  readonly #response: ResponseAccount;
  /** Aborted when the client leaves, and when the operation ends early. All its reads then end too. */
  readonly #abort = new AbortController();
  /** Ends a read that is under way, one function each. */
  readonly #enders = new Set<(error: BillingError) => void>();
  /** Subgroups in the default window, by group. The window is the same for the whole operation. */
  readonly #subgroupsOf = new Map<string, Promise<readonly GroupRef[]>>();
  /** Fixed by the first read. */
  #nowMs: number | null = null;
  #begunMs: number | null = null;
  #endedBy: BillingError | null = null;
  #deadline: { readonly timer: NodeJS.Timeout; readonly atMs: number } | null = null;

  constructor(context: OperationContext, settings: OperationSettings, shared: SharedReads) {
    this.#context = context;
    this.#settings = settings;
    this.#shared = shared;
    const { caller } = context;
    context.call.signal?.addEventListener('abort', () => this.#abort.abort(), { once: true });
    if (context.call.signal?.aborted === true) this.#abort.abort();
    const call: UpstreamCall = { ...context.call, signal: this.#abort.signal };
    this.#response = new ResponseAccount(shared.largeResponses, caller.tenant.id, () => this.#remainingMs() / 2);
    const budget = new CallBudget(settings.maxUpstreamCalls, settings.onCallsSaved);
    this.#budget = budget;
    const requesters = call.observer.read === undefined ? null : new ReadRequesters();
    this.#requesters = requesters;
    const onMismatch = (): void => call.observer.drift({ endpoint: 'getUsage', field: 'plan_mismatch' });
    this.#comparison = settings.planSource === 'usage' ? new PlanComparison(onMismatch) : null;
    if (caller.tenant.xtracta === null) {
      this.#upstream = null;
      this.#stale = null;
      return;
    }
    const subject = readSubject(caller.tenant.id, caller.tenant.xtracta);
    this.#stale = shared.stale === null ? null : new OperationStaleReads(shared.stale, subject, call.requestId);
    const { mergeWindows } = settings;
    this.#upstream = new OperationLoaders({ subject, call, mergeWindows, budget, requesters }, shared);
  }

  upstreamCalls(): UpstreamCallCounts {
    return this.#budget.counts();
  }

  cost(): OperationCost {
    return this.#budget.cost();
  }

  staleReads(): readonly StaleRead[] {
    return this.#stale?.served() ?? [];
  }

  async asOf(groupId: string): Promise<number | null> {
    if (this.#stale === null) return null;
    await this.#quiet();
    return this.#stale.asOf(this.#permitted(groupId));
  }

  endedBy(): BillingError | null {
    return this.#endedBy;
  }

  refusal(): BillingError | null {
    return this.#endedBy?.code === 'UPSTREAM_TIMEOUT' ? null : this.#endedBy;
  }

  async handOut(rows: number, bytesPerRow: number): Promise<void> {
    try {
      await this.#untilEnd(() => this.#response.handOut(rows, bytesPerRow, this.#abort.signal));
    } catch (error) {
      if (error instanceof BillingError) this.#endNow(error);
      throw error;
    }
  }

  countText(bytes: number): void {
    try {
      this.#response.countText(bytes);
    } catch (error) {
      if (error instanceof BillingError) this.#endNow(error);
      throw error;
    }
  }

  countCall(): void {
    if (!this.#budget.reserve(1)) throw tooManyCalls(this.#budget.limit);
    this.#budget.countQuestion();
    this.#budget.countCall();
  }

  /** The text of the response is complete, or there will be none. Its rows end here: a client may take long to read. */
  responseMade(): void {
    this.#response.made();
    this.#upstream = null;
    this.#subgroupsOf.clear();
    if (this.#deadline !== null) clearTimeout(this.#deadline.timer);
  }

  /** The response is sent, or will never be. */
  close(): void {
    this.responseMade();
    // Reports the reads that were served without a call since the last report.
    this.#budget.report();
    this.#response.close();
  }

  noteBegun(startMs: number): void {
    this.#begunMs = startMs;
  }

  plan(groupId: string, atMs: number | null): Promise<BillingPlan | null> {
    return this.#untilEnd(() => this.#plan(groupId, atMs));
  }

  planAnew(groupId: string): Promise<BillingPlan | null> {
    return this.#untilEnd(() => this.#plan(groupId, null, null));
  }

  catalogue(groupId: string | null, field: CatalogueField): Promise<BillingCatalogue> {
    return this.#untilEnd(async () => {
      const { upstream, id } = this.#catalogueOf(groupId);
      // A refused write returns this field for the next decision about money, so it is never stale.
      if (this.#stale === null || field === 'catalogue') return upstream.catalogue.load(id, field);
      const fresh = async () => ({ kind: 'catalogue', catalogue: await upstream.catalogue.load(id, field) }) as const;
      const keeps = !upstream.keepsCatalogue(id);
      const question = { kind: 'catalogue', endpoint: 'plans', groupId: id, recursive: false, detail: '' } as const;
      return (await this.#stale.serve({ ...question, keeps }, fresh)).response.catalogue;
    });
  }

  catalogueAnew(groupId: string | null, field: CatalogueField): Promise<BillingCatalogue> {
    return this.#untilEnd(async () => {
      const { upstream, id } = this.#catalogueOf(groupId);
      return upstream.catalogueAnew.load(id, field);
    });
  }

  historyPage(request: HistoryRequest): Promise<HistoryPage> {
    return this.#untilEnd(() => this.#historyPage(request));
  }

  subgroups(groupId: string): Promise<readonly GroupRef[]> {
    return this.#untilEnd(() => this.#subgroups(groupId));
  }

  groupName(groupId: string): Promise<string | null> {
    return this.#untilEnd(() => this.#groupName(groupId));
  }

  /** Runs a read until the operation ends. After its end, no read is made. */
  #untilEnd<T>(read: () => Promise<T>): Promise<T> {
    if (this.#endedBy !== null) return Promise.reject(this.#endedBy);
    this.#deadline ??= this.#startDeadline();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#enders.add(reject);
    read().then(
      // After the end of the operation its error is the result of each read, also of one that has it by then.
      (value) => {
        if (this.#endedBy === null && this.#enders.delete(reject)) resolve(value);
      },
      (error: unknown) => {
        if (this.#endedBy === null && this.#enders.delete(reject)) reject(error);
      },
    );
    return this.#stale === null ? promise : this.#counted(promise);
  }

  async #counted<T>(result: Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await result;
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const resolve of this.#waitingForQuiet.splice(0)) resolve();
    }
  }

  /**
   * Waits until no read is under way. It checks again after a turn of the event loop, because a result may cause
   * further reads in the same turn.
   */
  async #quiet(): Promise<void> {
    do {
      if (this.#underWay > 0) await new Promise<void>((resolve) => this.#waitingForQuiet.push(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#underWay > 0);
  }

  #startDeadline(): { readonly timer: NodeJS.Timeout; readonly atMs: number } {
    const { operationTimeoutMs } = this.#settings;
    const timer = setTimeout(() => this.#endNow(operationTimeout()), operationTimeoutMs).unref();
    return { timer, atMs: performance.now() + operationTimeoutMs };
  }

  #remainingMs(): number {
    return this.#deadline === null ? 0 : Math.max(0, this.#deadline.atMs - performance.now());
  }

  #endNow(error: BillingError): void {
    if (this.#endedBy !== null) return;
    this.#endedBy = error;
    // In slices, because they may be thousands, and graphql-js makes an error of each.
    void eachInSlices(this.#enders, (end) => end(error));
    this.#abort.abort();
  }

  #now(): number {
    const { clock, upstreamAheadMs } = this.#shared;
    this.#nowMs ??= presentMoment(clock(), upstreamAheadMs(), this.#begunMs);
    return this.#nowMs;
  }

  /** @param stale null: only a fresh response will do */
  async #plan(groupId: string, instantMs: number | null, stale = this.#stale): Promise<BillingPlan | null> {
    const id = this.#permitted(groupId);
    const atMs = instantMs ?? this.#now();
    // Periods begin and end on whole seconds, so the whole second counts as now.
    const isNow = Math.floor(atMs / 1000) === Math.floor(this.#now() / 1000);
    if (this.#comparison === null || !isNow) {
      const read = planRead(id, atMs);
      if (stale === null) return known(planInForce(await this.#rows(read, 'plan'), id, atMs));
      const question = historyQuestion(read, isNow ? PLAN_OF_NOW : `plan ${atMs}`);
      const { response } = await stale.serve(question, () => this.#list(read, 'plan', atMs));
      // The plan in force at the time of that request, which is the time that marks a stale response.
      return known(planInForce(response.rows, id, response.atMs));
    }
    const { plan, isStale } = await this.#planInUse(id, atMs, stale);
    if (!isStale) this.#comparison.noteUsage(id, plan, atMs);
    return plan;
  }

  #catalogueOf(groupId: string | null): { readonly upstream: OperationLoaders; readonly id: string | null } {
    const upstream = this.#connected();
    const id = groupId ?? upstream.rootGroupId;
    if (id === null && this.#context.caller.allowedGroups !== null) throw notPermitted();
    return { upstream, id: id === null ? null : this.#permitted(id) };
  }

  async #historyPage(request: HistoryRequest): Promise<HistoryPage> {
    const groupId = this.#permitted(request.groupId);
    const { paging } = this.#connected();
    const list = paging.open({ ...request, groupId }, this.#now());
    const pageOf = async (of: RequestedList, rows: Rows): Promise<HistoryPage> => {
      // One read may serve the pages of a thousand groups, all in the same turn.
      const turn = this.#response.nextTurn();
      if (turn !== null) await turn;
      return paging.page(of, rows, (ordered) => this.#visible(ordered));
    };
    if (list.kept !== null) {
      this.#countSaved(list.read.recursive);
      return pageOf(list, list.kept.rows);
    }
    if (this.#stale === null) {
      return pageOf(list, await this.#rows(list.read, 'billingHistory'));
    }
    const continues = request.after !== null || request.before !== null;
    const { response, asOfMs } = await this.#stale.serve(
      {
        ...historyQuestion(list.read, listDetail(request)),
        keeps: !continues,
        // A cursor carries the window of its list. A list with another window does not continue it.
        accepts: ({ read }) => !continues || windowsEqual(read, list.read),
      },
      () => this.#list(list.read, 'billingHistory'),
    );
    return pageOf(asOfMs === null ? list : paging.stale(list, response.read), response.rows);
  }

  async #subgroups(groupId: string): Promise<readonly GroupRef[]> {
    const id = this.#permitted(groupId);
    // The default window of a history, so that both fields share one call.
    const bounds = resolveHistoryBounds({ fromMs: null, toMs: null }, this.#now(), null);
    const read = { groupId: id, ...windowOf(bounds), recursive: true };
    if (this.#stale === null) return this.#groupsIn(id, await this.#rows(read, 'subgroups'));
    const { response, asOfMs } = await this.#stale.serve(historyQuestion(read, DEFAULT_LIST), () =>
      this.#list(read, 'subgroups'),
    );
    return asOfMs === null ? this.#groupsIn(id, response.rows) : subgroupsIn(id, this.#visible(response.rows));
  }

  /**
   * Caches the subgroups. Reason: thousands of rows take milliseconds, and a document may contain the field a hundred
   * times.
   */
  #groupsIn(id: string, rows: Rows): Promise<readonly GroupRef[]> {
    const subgroups = this.#subgroupsOf.get(id) ?? subgroupsIn(id, this.#visible(rows));
    this.#subgroupsOf.set(id, subgroups);
    return subgroups;
  }

  /**
   * The read is that of the present plan, whatever else the operation asks, so that equal documents get equal names.
   */
  async #groupName(groupId: string): Promise<string | null> {
    const nowMs = this.#now();
    const read = planRead(this.#permitted(groupId), nowMs);
    if (this.#stale === null) return presentNameIn(await this.#rows(read, 'name'), nowMs);
    const question = historyQuestion(read, PLAN_OF_NOW);
    const { response } = await this.#stale.serve(question, () => this.#list(read, 'name'));
    return presentNameIn(response.rows, response.atMs);
  }

  async #list(read: HistoryRead, field: RequestingField, atMs = this.#now()): Promise<RowsResponse> {
    return { kind: 'rows', rows: await this.#rows(read, field), read, atMs };
  }

  /**
   * A 404 of the usage endpoint means that the group has no plan, or does not exist. So the gateway reads the history,
   * which fails for a group that does not exist. If the history has a plan, the two sources disagree, and the
   * configured source decides.
   */
  async #planInUse(
    groupId: string,
    nowMs: number,
    stale: OperationStaleReads | null,
  ): Promise<{ readonly plan: BillingPlan | null; readonly isStale: boolean }> {
    const { usage } = this.#connected();
    try {
      if (stale === null) return { plan: (await usage.load(groupId, 'plan')).plan, isStale: false };
      const question = { kind: 'usage', endpoint: 'usage', groupId, recursive: false, detail: '' } as const;
      const { response, asOfMs } = await stale.serve(question, async () => ({
        kind: 'usage',
        usage: await usage.load(groupId, 'plan'),
      }));
      return { plan: response.usage.plan, isStale: asOfMs !== null };
    } catch (error) {
      if (!(error instanceof BillingError) || error.code !== 'NOT_FOUND') throw error;
      const read = planRead(groupId, nowMs);
      if (stale === null) await this.#rows(read, 'plan');
      else {
        // Reads the history only to find out whether the group exists, which only a fresh response tells.
        const question = { ...historyQuestion(read, PLAN_OF_NOW), keeps: false, accepts: () => false };
        await stale.serve(question, () => this.#list(read, 'plan', nowMs));
      }
      return { plan: null, isStale: false };
    }
  }

  #connected(): OperationLoaders {
    if (this.#upstream === null) {
      throw new BillingError('NOT_CONFIGURED', 'No Xtracta credential is configured for this tenant.');
    }
    return this.#upstream;
  }

  /** The canonical id of a group that the caller may read. */
  #permitted(groupId: string): string {
    const id = parseGroupId(groupId);
    const { allowedGroups } = this.#context.caller;
    if (allowedGroups !== null && !allowedGroups.has(id)) {
      throw notPermitted();
    }
    return id;
  }

  /** The rows of a response that the caller may see. A row whose group cannot be read may be of any group. */
  #visible(rows: Rows): Rows {
    const { allowedGroups } = this.#context.caller;
    if (allowedGroups === null) return rows;
    return rows.filter((row) => row.groupId !== null && allowedGroups.has(row.groupId));
  }

  async #rows(read: HistoryRead, field: RequestingField): Promise<Rows> {
    const { history } = this.#connected();
    this.#budget.countQuestion();
    this.#requesters?.note(read, field);
    try {
      const rows = await history.load(read);
      this.#comparison?.noteHistory(read, rows);
      return rows;
    } catch (error) {
      if (error instanceof BillingError && error.code === 'OPERATION_TOO_COMPLEX') this.#budget.uncountQuestion();
      throw error;
    }
  }

  #countSaved(recursive: boolean): void {
    this.#budget.countQuestion();
    this.#budget.report();
    const operation = 'getBillingHistory';
    this.#context.call.observer.read?.({
      operation,
      groups: 1,
      askedBy: { billingHistory: 1 },
      recursive,
      reason: 'kept',
    });
  }
}
