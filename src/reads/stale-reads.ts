import { LRUCache } from 'lru-cache';
import type { GroupUsage } from '../domain/billing-history.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import { BillingError } from '../domain/errors.js';
import { ACCOUNT_KINDS, READ_ENDPOINTS } from '../domain/upstream-operations.js';
import type { RecentWrite, RecentWritesRequest } from '../domain/write.js';
import type { HistoryRead, StaleRead } from './billing-reads.js';
import type { ReadSubject, Rows } from './history.executor.js';
import type { WriteVersions } from './shared-reads.js';

/** A successful response as it was read, before any list of groups was applied to it. */
export type GoodResponse =
  | {
      readonly kind: 'rows';
      readonly read: HistoryRead;
      readonly rows: Rows;
      /** Instant of the requested plan; for a list, the operation's own "now". Unix epoch milliseconds. */
      readonly atMs: number;
    }
  | { readonly kind: 'usage'; readonly usage: GroupUsage }
  | { readonly kind: 'catalogue'; readonly catalogue: BillingCatalogue };

type ResponseOf<Kind extends GoodResponse['kind']> = Extract<GoodResponse, { readonly kind: Kind }>;

/** A read by the client's own arguments, which stay the same while "now" moves on. */
interface QuestionFacts {
  readonly kind: GoodResponse['kind'];
  readonly endpoint: StaleRead['read'];
  /** Null: the api key's own group. */
  readonly groupId: string | null;
  /** Whether it includes descendant groups. */
  readonly recursive: boolean;
  /** Further arguments that distinguish this read from others of the group. */
  readonly detail: string;
  /** False: the response must not be kept. Default: true. */
  readonly keeps?: boolean;
}

export interface StaleQuestion<Kind extends GoodResponse['kind']> extends QuestionFacts {
  readonly kind: Kind;
  /** Whether a kept response fits this request. Default: every response fits. */
  readonly accepts?: (response: ResponseOf<Kind>) => boolean;
}

export interface Served<Kind extends GoodResponse['kind']> {
  readonly response: ResponseOf<Kind>;
  /** Time of the request for the response, in Unix epoch milliseconds; null: it is fresh. */
  readonly asOfMs: number | null;
}

interface Kept {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly groupId: string | null;
  readonly recursive: boolean;
  readonly response: GoodResponse;
  /** Unix epoch milliseconds by this process's clock, from before the request was sent. */
  readonly askedAtMs: number;
  readonly weight: number;
}

interface StaleLimits {
  /** Responses of all tenants together. */
  readonly entries: number;
  /** Rows and responses of all tenants together, at roughly 0.5 kB each. */
  readonly weight: number;
  /** Share of both limits that one tenant may take. */
  readonly tenantShare: number;
}

const LIMITS: StaleLimits = { entries: 20_000, weight: 100_000, tenantShare: 0.5 };

/** Kept responses of one tenant, the least recently kept first. */
interface TenantShare {
  readonly keys: Set<string>;
  weight: number;
}

/**
 * Shared mutable memory of the last successful response to each read, for an outage of the upstream. Bounded as a whole
 * and for each tenant; evicts the least recently used response first. A lookup names tenant, credential and read, so no
 * caller gets another's response.
 */
export class GoodResponses {
  readonly #limits: StaleLimits;
  readonly #tenants = new Map<string, TenantShare>();
  /**
   * Keys by credential and group. Under the group null are the responses that a write on any group of the credential
   * may change.
   */
  readonly #keys = new Map<string, Map<string | null, Set<string>>>();
  readonly #kept: LRUCache<string, Kept>;

  constructor(limits: StaleLimits = LIMITS) {
    this.#limits = limits;
    this.#kept = new LRUCache<string, Kept>({
      max: limits.entries,
      maxSize: limits.weight,
      sizeCalculation: ({ weight }) => weight,
      dispose: (kept, key) => this.#noteGone(kept, key),
    });
  }

  keep(key: string, kept: Omit<Kept, 'weight'>): void {
    const weight = weightOf(kept.response);
    const most = { entries: this.#most('entries'), weight: this.#most('weight') };
    this.#kept.delete(key);
    if (weight > most.weight) return;
    this.#kept.set(key, { ...kept, weight });
    const share = this.#tenants.get(kept.tenantId) ?? { keys: new Set<string>(), weight: 0 };
    this.#tenants.set(kept.tenantId, share);
    share.keys.add(key);
    share.weight += weight;
    this.#keysOf(kept).add(key);
    for (const oldest of share.keys) {
      if (share.keys.size <= most.entries && share.weight <= most.weight) return;
      this.#kept.delete(oldest);
    }
  }

  find(key: string): Kept | null {
    return this.#kept.get(key) ?? null;
  }

  drop(key: string): void {
    this.#kept.delete(key);
  }

  /**
   * Drops the responses that a write on the group may have changed. Recursive responses are dropped too, because the
   * ancestors of a group are not known for sure.
   *
   * @param groupId null: the group of the write is not known
   */
  forget(credentialId: string, groupId: string | null): void {
    const groups = this.#keys.get(credentialId);
    if (groups === undefined) return;
    const affected = groupId === null ? [...groups.values()] : [groups.get(groupId), groups.get(null)];
    for (const keys of affected) for (const key of keys ?? []) this.#kept.delete(key);
  }

  #keysOf({ credentialId, groupId, recursive }: Omit<Kept, 'weight'>): Set<string> {
    const groups = this.#keys.get(credentialId) ?? new Map<string | null, Set<string>>();
    this.#keys.set(credentialId, groups);
    const group = groupAffecting({ groupId, recursive });
    const keys = groups.get(group) ?? new Set<string>();
    groups.set(group, keys);
    return keys;
  }

  #most(measure: 'entries' | 'weight'): number {
    return Math.floor(this.#limits[measure] * this.#limits.tenantShare);
  }

  #noteGone(kept: Kept, key: string): void {
    this.#unindex(kept, key);
    const share = this.#tenants.get(kept.tenantId);
    if (share === undefined) return;
    share.keys.delete(key);
    share.weight -= kept.weight;
    if (share.keys.size === 0) this.#tenants.delete(kept.tenantId);
  }

  #unindex(kept: Kept, key: string): void {
    const groups = this.#keys.get(kept.credentialId);
    const group = groupAffecting(kept);
    const keys = groups?.get(group);
    keys?.delete(key);
    if (keys?.size === 0) groups?.delete(group);
    if (groups?.size === 0) this.#keys.delete(kept.credentialId);
  }
}

/** The one group whose writes may change a response; null: writes on any group of the credential may. */
function groupAffecting({ groupId, recursive }: Pick<Kept, 'groupId' | 'recursive'>): string | null {
  return recursive ? null : groupId;
}

function weightOf(response: GoodResponse): number {
  switch (response.kind) {
    case 'rows':
      return response.rows.length + 1;
    case 'catalogue':
      return response.catalogue.plans.length + response.catalogue.packs.length + 1;
    case 'usage':
      return 1;
  }
}

/**
 * Whether a failed read means that the upstream is down. An error about the group or the credential does not, whatever
 * its code. Nor does a response that tells the gateway to send less (429).
 */
export function isOutage(error: unknown): error is BillingError {
  if (!(error instanceof BillingError) || error.upstream?.service !== 'xtracta') return false;
  if (error.code === 'UPSTREAM_TIMEOUT') return true;
  const { httpStatus, status } = error.upstream;
  const statuses = [httpStatus ?? null, /^\d{3}$/.test(status ?? '') ? Number(status) : null];
  return error.code === 'UPSTREAM_UNAVAILABLE' && !statuses.some((code) => code !== null && code >= 400 && code < 500);
}

/** A kept response that a later write may have made outdated. */
interface Candidate {
  /** Null: the api key's own group. */
  readonly groupId: string | null;
  readonly recursive: boolean;
  readonly askedAtMs: number;
}

/**
 * Whether a write may have made a kept response outdated. The writes are those of the tenant, of the credential, and of
 * all tenants on the groups in the response.
 *
 * | Write                                               | Makes the response outdated               |
 * |-----------------------------------------------------|-------------------------------------------|
 * | on the whole account (credits)                      | never                                     |
 * | on another group                                    | if recursive, or of the own group         |
 * | on the group, or on the own group of unknown number | if it is open, or was finished afterwards |
 *
 * A time by the clock of another process counts as `othersLaterMs` later.
 */
export function isOvertaken(response: Candidate, writes: readonly RecentWrite[], othersLaterMs: number): boolean {
  return writes.some((write) => {
    if (ACCOUNT_KINDS.some((kind) => kind === write.kind)) return false;
    const isAbout =
      write.groupId === null || response.groupId === null || response.recursive || write.groupId === response.groupId;
    if (!isAbout) return false;
    if (write.completedAtMs === null) return true;
    return write.completedAtMs + (write.isOwn ? 0 : othersLaterMs) >= response.askedAtMs;
  });
}

export interface StaleReadsOptions {
  /** `STALE_READS_SECONDS`, in milliseconds; above 0. */
  readonly maxAgeMs: number;
  /**
   * Milliseconds by which a write of another process may be later than its recorded time. Reason: clocks differ, and a
   * shared read may have begun before the write.
   */
  readonly othersLaterMs: number;
  /** Recent writes from the ledger. Rejects when the ledger is unavailable; then no stale response is served. */
  readonly recentWrites: (request: RecentWritesRequest) => Promise<readonly RecentWrite[]>;
  /** Most writes that one request returns. A result of this length may be incomplete. */
  readonly maxRecentWrites: number;
  /** Whether one call is trying an upstream that was down, while the others would wait for its result. */
  readonly isTried: (credentialId: string) => boolean;
  readonly onServed: (read: ServedStale) => void;
}

/** One stale response that was served. */
export interface ServedStale {
  /** Name of the client's method for metrics. */
  readonly endpoint: string;
  readonly tenantId: string;
  readonly requestId: string;
  readonly asOfMs: number;
  /** Whether it is the first one since the upstream last served this tenant's credential. */
  readonly isFirst: boolean;
}

/** Credentials of tenants whose outages are recorded separately. Beyond this number one more line is logged. */
const MAX_OUTAGES = 10_000;

/** State that the operations of a process share for reads during an outage. Mutable. */
export class StaleReads {
  readonly responses = new GoodResponses();
  /** Credentials of tenants with a stale response since their upstream last served them. */
  readonly outages = new LRUCache<string, true>({ max: MAX_OUTAGES });

  constructor(
    readonly options: StaleReadsOptions,
    readonly writeVersions: WriteVersions,
    readonly clock: () => number,
  ) {}
}

/** One request to the ledger. */
interface Look {
  readonly groupIds: Set<string>;
  sinceMs: number;
  readonly writes: Promise<readonly RecentWrite[]>;
}

/**
 * Keeps the successful responses of one operation, and serves earlier ones while the upstream is down. Mutable state of
 * one operation by one caller.
 */
export class OperationStaleReads {
  readonly #shared: StaleReads;
  readonly #subject: ReadSubject;
  /** A time before the first read of the operation. */
  readonly #openedMs: number;
  readonly #requestId: string;
  readonly #served = new Map<string, StaleRead>();
  readonly #asOfMs = new Map<string, number>();
  readonly #writeVersion: number;
  #look: Look | null = null;

  constructor(shared: StaleReads, subject: ReadSubject, requestId: string) {
    this.#shared = shared;
    this.#subject = subject;
    this.#openedMs = shared.clock();
    this.#requestId = requestId;
    this.#writeVersion = this.#currentVersion();
  }

  /** Reads that were served stale so far, each read of a group once. */
  served(): readonly StaleRead[] {
    return [...this.#served.values()];
  }

  /** Time of the request for the oldest stale response about the group so far; null: there is none. */
  asOf(groupId: string): number | null {
    return this.#asOfMs.get(groupId) ?? null;
  }

  /**
   * The fresh response, or the last successful one while the upstream is down. A trial of the upstream may take as long
   * as a timeout. So reads with a kept response do not wait for it.
   *
   * @throws the error of `fresh`, where no kept response may be served
   */
  async serve<Kind extends GoodResponse['kind']>(
    question: StaleQuestion<Kind>,
    fresh: () => Promise<ResponseOf<Kind>>,
  ): Promise<Served<Kind>> {
    const soon = this.#shared.options.isTried(this.#subject.credential.id) ? await this.#standIn(question) : null;
    if (soon !== null) return soon;
    let response: ResponseOf<Kind>;
    try {
      response = await fresh();
    } catch (error) {
      this.#forgetRefused(question, error);
      const kept = isOutage(error) ? await this.#standIn(question) : null;
      if (kept === null) throw error;
      return kept;
    }
    this.#shared.outages.delete(this.#subject.scope);
    // After a write meanwhile it is uncertain whether the response shows it, so it is not kept.
    if (question.keeps !== false && this.#currentVersion() === this.#writeVersion) this.#keep(question, response);
    return { response, asOfMs: null };
  }

  #keep(question: QuestionFacts, response: GoodResponse): void {
    const { groupId, recursive } = question;
    const { tenantId, credential } = this.#subject;
    const kept = { tenantId, credentialId: credential.id, groupId, recursive, response, askedAtMs: this.#openedMs };
    this.#shared.responses.keep(this.#keyOf(question), kept);
  }

  async #standIn<Kind extends GoodResponse['kind']>(question: StaleQuestion<Kind>): Promise<Served<Kind> | null> {
    const key = this.#keyOf(question);
    const kept = this.#shared.responses.find(key);
    if (kept === null || !isOfKind(kept.response, question.kind)) return null;
    const { response, askedAtMs } = kept;
    if (this.#shared.clock() - askedAtMs > this.#shared.options.maxAgeMs) return null;
    if (question.accepts?.(response) === false) return null;
    const groupIds = groupsOf(question.groupId, response);
    if (await this.#isOvertaken(kept, groupIds)) return null;
    // A write of this process during the request to the ledger has dropped it.
    if (this.#shared.responses.find(key) !== kept) return null;
    this.#note(question, askedAtMs, groupIds);
    return { response, asOfMs: askedAtMs };
  }

  async #isOvertaken(kept: Kept, groupIds: readonly string[]): Promise<boolean> {
    const { maxRecentWrites, othersLaterMs } = this.#shared.options;
    try {
      const writes = await this.#recentWrites(groupIds, kept.askedAtMs - othersLaterMs);
      return writes.length >= maxRecentWrites || isOvertaken(kept, writes, othersLaterMs);
    } catch {
      // Without the ledger it is not known whether there was a write. The ledger's own gauge reports the outage.
      return true;
    }
  }

  /** Makes one request to the ledger for all reads that fail in the same turn, as the groups of an operation do. */
  #recentWrites(groupIds: readonly string[], sinceMs: number): Promise<readonly RecentWrite[]> {
    this.#look ??= this.#startLook();
    for (const groupId of groupIds) this.#look.groupIds.add(groupId);
    this.#look.sinceMs = Math.min(this.#look.sinceMs, sinceMs);
    return this.#look.writes;
  }

  #startLook(): Look {
    const { promise, resolve, reject } = Promise.withResolvers<readonly RecentWrite[]>();
    const look: Look = { groupIds: new Set(), sinceMs: Number.POSITIVE_INFINITY, writes: promise };
    setImmediate(() => {
      this.#look = null;
      const { tenantId, credential } = this.#subject;
      const { groupIds, sinceMs } = look;
      const request = { tenantId, credentialId: credential.id, groupIds: [...groupIds], sinceMs };
      this.#shared.options.recentWrites(request).then(resolve, reject);
    });
    return look;
  }

  #note(question: QuestionFacts, asOfMs: number, groupIds: readonly string[]): void {
    const { endpoint: read, groupId } = question;
    const name = `${groupId ?? 'own'} ${read}`;
    const earlier = this.#served.get(name)?.asOfMs ?? asOfMs;
    this.#served.set(name, { groupId, read, asOfMs: Math.min(asOfMs, earlier) });
    for (const id of groupIds) this.#asOfMs.set(id, Math.min(asOfMs, this.#asOfMs.get(id) ?? asOfMs));
    const { scope, tenantId } = this.#subject;
    const isFirst = !this.#shared.outages.has(scope);
    this.#shared.outages.set(scope, true);
    this.#shared.options.onServed({
      endpoint: READ_ENDPOINTS[read],
      tenantId,
      requestId: this.#requestId,
      asOfMs,
      isFirst,
    });
  }

  /** Drops the kept responses of a credential that the upstream refuses, or of a group that is gone. */
  #forgetRefused(question: QuestionFacts, error: unknown): void {
    if (!(error instanceof BillingError) || error.upstream === undefined) return;
    const { credential } = this.#subject;
    if (error.code === 'UPSTREAM_UNAUTHENTICATED') this.#shared.responses.forget(credential.id, null);
    // The usage endpoint also returns this for a group without a plan. The history then tells whether the group is
    // gone.
    else if (error.code === 'NOT_FOUND' && question.kind === 'usage')
      this.#shared.responses.drop(this.#keyOf(question));
    else if (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN') {
      this.#shared.responses.forget(credential.id, question.groupId);
    }
  }

  #keyOf({ kind, groupId, recursive, detail }: QuestionFacts): string {
    return JSON.stringify([kind, groupId, recursive, detail, this.#subject.scope]);
  }

  #currentVersion(): number {
    return this.#shared.writeVersions.current(this.#subject.credential.id);
  }
}

function isOfKind<Kind extends GoodResponse['kind']>(response: GoodResponse, kind: Kind): response is ResponseOf<Kind> {
  return response.kind === kind;
}

/** The groups that a response is about. */
function groupsOf(groupId: string | null, response: GoodResponse): readonly string[] {
  const groups = new Set(groupId === null ? [] : [groupId]);
  if (response.kind === 'rows') for (const row of response.rows) if (row.groupId !== null) groups.add(row.groupId);
  return [...groups];
}
