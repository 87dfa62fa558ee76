import { LRUCache } from 'lru-cache';
import type { GroupUsage } from '../domain/billing-history.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import { BillingError } from '../domain/errors.js';
import { ACCOUNT_KINDS, READ_ENDPOINTS } from '../domain/upstream-operations.js';
import type { RecentWrite, RecentWritesRequest } from '../domain/write.js';
import type { HistoryRead, StaleRead } from './billing-reads.js';
import type { ReadSubject, Rows } from './history.executor.js';
import type { WriteVersions } from './shared.reads.js';

/** A good answer as it was read, before any list of groups was applied to it. */
export type GoodAnswer =
  | {
      readonly kind: 'rows';
      readonly read: HistoryRead;
      readonly rows: Rows;
      /** The instant whose plan was asked for; of a list the operation's own "now". Epoch milliseconds. */
      readonly atMs: number;
    }
  | { readonly kind: 'name'; readonly name: string | null }
  | { readonly kind: 'usage'; readonly usage: GroupUsage }
  | { readonly kind: 'catalogue'; readonly catalogue: BillingCatalogue };

type AnswerOf<Kind extends GoodAnswer['kind']> = Extract<GoodAnswer, { readonly kind: Kind }>;

/** A read by what a client asked, which is the same a minute later although "now" has moved on. */
interface QuestionFacts {
  readonly kind: GoodAnswer['kind'];
  readonly endpoint: StaleRead['read'];
  /** Null: the api key's own group. */
  readonly groupId: string | null;
  /** With the groups below. */
  readonly recursive: boolean;
  /** What else tells this read from others of the group. */
  readonly detail: string;
  /** False: the answer is not to be kept. Default: it is. */
  readonly keeps?: boolean;
}

export interface StaleQuestion<Kind extends GoodAnswer['kind']> extends QuestionFacts {
  readonly kind: Kind;
  /** False: a kept answer to the question is not the one that is wanted. Default: any is. */
  readonly accepts?: (answer: AnswerOf<Kind>) => boolean;
}

export interface Served<Kind extends GoodAnswer['kind']> {
  readonly answer: AnswerOf<Kind>;
  /** Epoch milliseconds at which it was asked for; null: now. */
  readonly asOfMs: number | null;
}

interface Kept {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly groupId: string | null;
  readonly recursive: boolean;
  readonly answer: GoodAnswer;
  /** Epoch milliseconds by this process's clock, before the answer was asked for. */
  readonly askedAtMs: number;
  readonly weight: number;
}

interface StaleLimits {
  /** Answers of all tenants together. */
  readonly entries: number;
  /** Rows and answers of all tenants together, at roughly half a kilobyte each. */
  readonly weight: number;
  /** The part of both that one tenant may take. */
  readonly tenantShare: number;
}

const LIMITS: StaleLimits = { entries: 20_000, weight: 100_000, tenantShare: 0.5 };

/** What one tenant keeps, the least recently kept first. */
interface TenantShare {
  readonly keys: Set<string>;
  weight: number;
}

/**
 * Shared mutable memory of the last good answer to each read, for an outage of the upstream. Bounded as a whole and for each tenant;
 * the answer that was used longest ago goes first. A lookup names tenant, credential and question, so nobody gets another's answer.
 */
export class GoodAnswers {
  readonly #limits: StaleLimits;
  readonly #tenants = new Map<string, TenantShare>();
  /** Keys by credential and group; of what a write on any group of the credential may have changed, under null. */
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
    const weight = weightOf(kept.answer);
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
   * Drops what a write on the group may have changed: also what the groups above it read with it, because nobody knows them for sure.
   *
   * @param groupId null: it is not known which group it was about
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

/** The one group whose writes may change an answer; null: any group of the credential may. */
function groupAffecting({ groupId, recursive }: Pick<Kept, 'groupId' | 'recursive'>): string | null {
  return recursive ? null : groupId;
}

function weightOf(answer: GoodAnswer): number {
  switch (answer.kind) {
    case 'rows':
      return answer.rows.length + 1;
    case 'catalogue':
      return answer.catalogue.plans.length + answer.catalogue.packs.length + 1;
    case 'name':
    case 'usage':
      return 1;
  }
}

/**
 * Whether a failed read says that the upstream is down. An answer about the group or the credential is none of that, nor is one that
 * tells the gateway to ask less (429), whatever it is called.
 */
export function isOutage(error: unknown): error is BillingError {
  if (!(error instanceof BillingError) || error.upstream?.service !== 'xtracta') return false;
  if (error.code === 'UPSTREAM_TIMEOUT') return true;
  const { httpStatus, status } = error.upstream;
  const statuses = [httpStatus ?? null, /^\d{3}$/.test(status ?? '') ? Number(status) : null];
  return error.code === 'UPSTREAM_UNAVAILABLE' && !statuses.some((code) => code !== null && code >= 400 && code < 500);
}

/** An answer that may have been overtaken. */
interface Candidate {
  /** Null: the api key's own group. */
  readonly groupId: string | null;
  readonly recursive: boolean;
  readonly askedAtMs: number;
}

/**
 * Whether a write may have changed what was read. The writes are those of the tenant, of the credential, and of all tenants on the
 * groups that the answer names.
 *
 * | Write                                                  | Overtakes an answer                        |
 * |--------------------------------------------------------|--------------------------------------------|
 * | on the whole account (credits)                         | never                                      |
 * | on another group                                       | with groups below, or of the own group     |
 * | on the group, or on the own group of unknown number    | if it is open, or was finished afterwards  |
 *
 * A time by another's clock counts as so much later.
 */
export function isOvertaken(answer: Candidate, writes: readonly RecentWrite[], othersLaterMs: number): boolean {
  return writes.some((write) => {
    if (ACCOUNT_KINDS.some((kind) => kind === write.kind)) return false;
    const isAbout =
      write.groupId === null || answer.groupId === null || answer.recursive || write.groupId === answer.groupId;
    if (!isAbout) return false;
    if (write.completedAtMs === null) return true;
    return write.completedAtMs + (write.isOwn ? 0 : othersLaterMs) >= answer.askedAtMs;
  });
}

export interface StaleReadsOptions {
  /** `STALE_READS_SECONDS`, in milliseconds; above 0. */
  readonly maxAgeMs: number;
  /**
   * How much later than its time a write of another process may have been: clocks differ, and a read that was under way is shared.
   */
  readonly othersLaterMs: number;
  /** The ledger's. Rejects where it cannot be asked: then nothing stale is served. */
  readonly recentWrites: (request: RecentWritesRequest) => Promise<readonly RecentWrite[]>;
  /** So many writes may be all that were told, and not all that there are. */
  readonly maxRecentWrites: number;
  readonly onServed: (read: ServedStale) => void;
}

/** One answer that stood in. */
export interface ServedStale {
  /** The client's method, as metrics name it. */
  readonly endpoint: string;
  readonly tenantId: string;
  readonly requestId: string;
  readonly asOfMs: number;
  /** The first since the upstream last answered this tenant's credential. */
  readonly isFirst: boolean;
}

/** Tenants' credentials whose outages are told apart; past this a line of the log more is written. */
const MAX_OUTAGES = 10_000;

/** What the operations of a process share for reads through an outage. Mutable. */
export class StaleReads {
  readonly answers = new GoodAnswers();
  /** Tenants' credentials for which something stood in since their upstream last answered. */
  readonly outages = new LRUCache<string, true>({ max: MAX_OUTAGES });

  constructor(
    readonly options: StaleReadsOptions,
    readonly writeVersions: WriteVersions,
    readonly clock: () => number,
  ) {}
}

/** For one look at the ledger. */
interface Look {
  readonly groupIds: Set<string>;
  sinceMs: number;
  readonly writes: Promise<readonly RecentWrite[]>;
}

/**
 * Keeps the good answers of one operation, and has those of earlier ones stand in when the upstream is down. Mutable state of one
 * operation by one caller.
 */
export class OperationStaleReads {
  readonly #shared: StaleReads;
  readonly #subject: ReadSubject;
  readonly #nowMs: number;
  readonly #requestId: string;
  readonly #served = new Map<string, StaleRead>();
  readonly #asOfMs = new Map<string, number>();
  readonly #writeVersion: number;
  #look: Look | null = null;

  /** @param nowMs before anything was read for the operation */
  constructor(shared: StaleReads, subject: ReadSubject, nowMs: number, requestId: string) {
    this.#shared = shared;
    this.#subject = subject;
    this.#nowMs = nowMs;
    this.#requestId = requestId;
    this.#writeVersion = this.#currentVersion();
  }

  /** What stood in so far, each read of a group once. */
  served(): readonly StaleRead[] {
    return [...this.#served.values()];
  }

  /** The age of the oldest answer about the group that stood in so far, as the instant it was asked for; null: there is none. */
  asOf(groupId: string): number | null {
    return this.#asOfMs.get(groupId) ?? null;
  }

  /**
   * The fresh answer, or the last good one while the upstream is down.
   *
   * @throws what `fresh` throws, where nothing may stand in
   */
  async serve<Kind extends GoodAnswer['kind']>(
    question: StaleQuestion<Kind>,
    fresh: () => Promise<AnswerOf<Kind>>,
  ): Promise<Served<Kind>> {
    let answer: AnswerOf<Kind>;
    try {
      answer = await fresh();
    } catch (error) {
      this.#forgetRefused(question, error);
      const kept = isOutage(error) ? await this.#standIn(question) : null;
      if (kept === null) throw error;
      return kept;
    }
    this.#shared.outages.delete(this.#subject.scope);
    // A write that came meanwhile may or may not show in it.
    if (question.keeps !== false && this.#currentVersion() === this.#writeVersion) this.#keep(question, answer);
    return { answer, asOfMs: null };
  }

  #keep(question: QuestionFacts, answer: GoodAnswer): void {
    const { groupId, recursive } = question;
    const { tenantId, credential } = this.#subject;
    const kept = { tenantId, credentialId: credential.id, groupId, recursive, answer, askedAtMs: this.#nowMs };
    this.#shared.answers.keep(this.#keyOf(question), kept);
  }

  async #standIn<Kind extends GoodAnswer['kind']>(question: StaleQuestion<Kind>): Promise<Served<Kind> | null> {
    const key = this.#keyOf(question);
    const kept = this.#shared.answers.find(key);
    if (kept === null || !isOfKind(kept.answer, question.kind)) return null;
    const { answer, askedAtMs } = kept;
    if (this.#shared.clock() - askedAtMs > this.#shared.options.maxAgeMs) return null;
    if (question.accepts?.(answer) === false) return null;
    const groupIds = groupsOf(question.groupId, answer);
    if (await this.#isOvertaken(kept, groupIds)) return null;
    // A write of this process that came meanwhile has dropped it.
    if (this.#shared.answers.find(key) !== kept) return null;
    this.#note(question, askedAtMs, groupIds);
    return { answer, asOfMs: askedAtMs };
  }

  async #isOvertaken(kept: Kept, groupIds: readonly string[]): Promise<boolean> {
    const { maxRecentWrites, othersLaterMs } = this.#shared.options;
    try {
      const writes = await this.#recentWrites(groupIds, kept.askedAtMs - othersLaterMs);
      return writes.length >= maxRecentWrites || isOvertaken(kept, writes, othersLaterMs);
    } catch {
      // Whether there was a write is not known. The ledger's own gauge says that it is away.
      return true;
    }
  }

  /** One look at the ledger for all that fails in the same turn of the event loop, as the groups of an operation do. */
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

  /** A credential that is refused now must not go on reading from memory; nor must a group that is gone. */
  #forgetRefused(question: QuestionFacts, error: unknown): void {
    if (!(error instanceof BillingError) || error.upstream === undefined) return;
    const { credential } = this.#subject;
    if (error.code === 'UPSTREAM_UNAUTHENTICATED') this.#shared.answers.forget(credential.id, null);
    // The usage endpoint says so of a group without a plan, too. Whether the group is gone, the history says then.
    else if (error.code === 'NOT_FOUND' && question.kind === 'usage') this.#shared.answers.drop(this.#keyOf(question));
    else if (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN') {
      this.#shared.answers.forget(credential.id, question.groupId);
    }
  }

  #keyOf({ kind, groupId, recursive, detail }: QuestionFacts): string {
    return JSON.stringify([kind, groupId, recursive, detail, this.#subject.scope]);
  }

  #currentVersion(): number {
    return this.#shared.writeVersions.current(this.#subject.credential.id);
  }
}

function isOfKind<Kind extends GoodAnswer['kind']>(answer: GoodAnswer, kind: Kind): answer is AnswerOf<Kind> {
  return answer.kind === kind;
}

/** The groups that an answer is about. */
function groupsOf(groupId: string | null, answer: GoodAnswer): readonly string[] {
  const groups = new Set(groupId === null ? [] : [groupId]);
  if (answer.kind === 'rows') for (const row of answer.rows) if (row.groupId !== null) groups.add(row.groupId);
  return [...groups];
}
