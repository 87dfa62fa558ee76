import { createHmac, createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { BillingError } from '../../domain/errors.js';
import type { CountedWrites } from '../../domain/spending.js';
import type { RecentWrite, RecentWritesRequest } from '../../domain/write.js';
import {
  type AuditEntry,
  type Change,
  type ClaimRequest,
  type ClaimResult,
  type Ledger,
  type LedgerLog,
  type LedgerOptions,
  type LedgerPage,
  LedgerUnavailable,
  type ListRequest,
  type Neighbour,
  settlement,
} from '../ledger.js';
import { ForbiddenTransition, type LedgerRow, type Resolution, type StoredAnswer } from '../ledger.states.js';
import { nextAttemptAtMs, unreadableRowReporter } from '../ledger-row.codec.js';
import { GroupCommit, openDatabase, transaction, whileBusy } from './group.commit.js';
import { LockDirectory } from './owner.lock.js';
import { SentMark } from './sent-mark.file.js';
import { attachSqlite, migrateSqlite, SqliteRows } from './sqlite.rows.js';

const OWNER_LOCK_PREFIX = 'owner-';
const LEADER_LOCK = 'leader';

/** The file that `path` names, as it stands after `sqlite:`. Throws `TypeError` where it names none. */
export function sqliteFile(path: string): string {
  if (path === '' || path.startsWith(':')) {
    throw new TypeError('The ledger needs a file: a database in memory would forget every write.');
  }
  return resolve(path.startsWith('///') ? path.slice(2) : path);
}

/** Opens (and creates) the file with its directory. Errors as {@link Ledger}. */
export async function openSqliteLedger(file: string, options: LedgerOptions): Promise<Ledger> {
  const attach = options.attach === true;
  if (attach && !existsSync(file)) throw new LedgerUnavailable('There is no ledger file at this path.');
  let db: DatabaseSync | undefined;
  try {
    const opened = await openDatabase(file);
    db = opened;
    const hashKey = await whileBusy(() =>
      attach ? attachSqlite(opened) : transaction(opened, () => migrateSqlite(opened)),
    );
    const ledger = new SqliteLedger(opened, file, hashKey, options);
    if (!attach) await ledger.start();
    return ledger;
  } catch (error) {
    db?.close();
    throw asUnavailable(error);
  }
}

/** One SQLite file, shared by the processes of one machine. Holds mutable state: the database handle, locks and a timer. */
class SqliteLedger implements Ledger {
  readonly ownerId = randomUUID();
  readonly #db: DatabaseSync;
  readonly #rows: SqliteRows;
  readonly #commits: GroupCommit;
  readonly #hashKey: KeyObject;
  readonly #locks: LockDirectory;
  readonly #mark: SentMark;
  readonly #log: LedgerLog | undefined;
  readonly #now: () => number;
  readonly #sweepIntervalMs: number;
  readonly #isAttached: boolean;
  #sweeping: NodeJS.Timeout | undefined;
  #writable = true;
  /** Device and inode of the file that is open; null where the file system has none to tell. */
  readonly #file: string;
  readonly #openedAs: string | null;
  #isDetached = false;
  /** Sends of this process that were counted, and those of them that the mark is known to cover. */
  #counted = 0;
  #marked = 0;

  constructor(db: DatabaseSync, file: string, hashKey: Buffer, options: LedgerOptions) {
    this.#db = db;
    this.#rows = new SqliteRows(db, this.ownerId, unreadableRowReporter(options));
    this.#commits = new GroupCommit(db);
    this.#hashKey = createSecretKey(hashKey);
    this.#locks = new LockDirectory(`${file}.owners`);
    this.#file = file;
    this.#openedAs = identityOf(file);
    this.#mark = new SentMark(`${file}.sent-mark`);
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#sweepIntervalMs = options.sweepIntervalMs ?? 5_000;
    this.#isAttached = options.attach === true;
  }

  async start(): Promise<void> {
    await this.#write(() => {
      // Inside the write transaction nobody removes a lock file between its making and its locking.
      this.#removeAbandonedLocks();
      this.#locks.tryHold(OWNER_LOCK_PREFIX + this.ownerId);
      this.#compareWithMark();
    });
    await this.sweepOrphans();
    if (this.#sweepIntervalMs > 0) {
      this.#sweeping = setInterval(() => void this.#sweepQuietly(), this.#sweepIntervalMs).unref();
    }
  }

  keyedHash(text: string): string {
    return createHmac('sha256', this.#hashKey).update(text).digest('base64url');
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    if (this.#isAttached) throw new LedgerUnavailable('Whoever attaches to a ledger makes no write.');
    return this.#write(() => {
      this.#refuseWhenBehind();
      return this.#rows.claim(request);
    });
  }

  async advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    if (change.to !== 'sending') {
      return this.#write(() => this.#rows.advance(row, change));
    }
    const counted = await this.#write(() => {
      this.#refuseWhenBehind();
      const sending = this.#rows.advance(row, change);
      if (sending === null) return null;
      this.#rows.countSend();
      this.#counted += 1;
      return { sending, number: this.#counted };
    });
    if (counted === null) {
      return null;
    }
    await this.#guard(() => this.#markUpTo(counted.number));
    return counted.sending;
  }

  settle(
    row: LedgerRow,
    to: 'succeeded' | 'rejected',
    answer: StoredAnswer | null,
    resolution: Resolution,
  ): Promise<LedgerRow | null> {
    return this.advance(row, settlement(row, to, answer, resolution));
  }

  async find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#guard(() => this.#rows.find(tenantId, idempotencyKey));
  }

  async list(tenantId: string | readonly string[], request: ListRequest): Promise<LedgerPage> {
    return this.#guard(() => this.#rows.list([tenantId].flat(), request));
  }

  async audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]> {
    return this.#guard(() => this.#rows.audit(tenantId, idempotencyKey));
  }

  async dueForReconciliation(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return this.#guard(() => this.#rows.due(nowMs, limit));
  }

  async dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return this.#guard(() => this.#rows.dueForReview(nowMs, limit));
  }

  async neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]> {
    return this.#guard(() => this.#rows.neighbours(row, sinceMs));
  }

  async recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]> {
    return this.#guard(() => {
      this.#refuseWhenBehind();
      return this.#rows.recentWrites(request);
    });
  }

  async countUnknown(): Promise<number> {
    return this.#guard(() => this.#rows.countUnknown());
  }

  async spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]> {
    return this.#guard(() => this.#rows.spending(tenantId, nowMs));
  }

  async noteReconcileAttempt(row: LedgerRow, atMs: number, last?: 'last'): Promise<void> {
    await this.#write(() => this.#rows.noteAttempt(row, nextAttemptAtMs(row, atMs, last)));
  }

  async sweepOrphans(): Promise<number> {
    if (this.#isAttached) return 0;
    const gone = await this.#guard(() =>
      this.#rows.unfinishedOwners().filter((owner) => !this.#locks.isHeld(OWNER_LOCK_PREFIX + owner)),
    );
    if (gone.length === 0) {
      return 0;
    }
    const atMs = this.#now();
    const rows = await this.#write(() => gone.reduce((sum, owner) => sum + this.#rows.orphan(owner, atMs), 0));
    if (rows > 0) {
      this.#log?.warn(
        { rows },
        'Writes of a process that is gone were closed: see their outcome in billingOperations.',
      );
    }
    return rows;
  }

  async tryLead(): Promise<boolean> {
    if (this.#isAttached) return false;
    return this.#guard(() => this.#locks.tryHold(LEADER_LOCK));
  }

  async ping(): Promise<{ readonly writable: boolean }> {
    await this.#guard(() => this.#rows.sends());
    try {
      // A write that changes nothing takes what a real one takes: the lock, and room on the disk.
      await this.#commits.run(() => {
        this.#refuseWhenBehind();
        this.#rows.touch();
      });
      return { writable: true };
    } catch {
      return { writable: false };
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    this.#locks.release(LEADER_LOCK);
    this.#locks.remove(OWNER_LOCK_PREFIX + this.ownerId);
    if (this.#db.isOpen) {
      this.#db.close();
    }
  }

  /**
   * After the commit, so that the mark never runs ahead of a healthy ledger; under the write lock, so that it never goes back; once for
   * all sends that were committed together. Whatever this process has counted is then either committed, or undone and to be counted anew
   * under a higher number.
   */
  async #markUpTo(number: number): Promise<void> {
    if (this.#marked >= number) {
      return;
    }
    await whileBusy(() =>
      transaction(this.#db, () => {
        this.#mark.write(this.#rows.sends());
        this.#marked = this.#counted;
      }),
    );
  }

  #compareWithMark(): void {
    const mark = this.#mark.read();
    const sends = this.#rows.sends();
    this.#writable = mark === null || sends >= mark;
    if (this.#writable) {
      this.#mark.write(sends);
    } else {
      this.#log?.error(
        { sends, mark, markFile: this.#mark.path },
        'The ledger is older than its mark: a backup was restored, and writes were made that it does not know. No write is ' +
          'accepted. Compare with the upstream history by hand, then delete the mark file to accept this ledger as it is.',
      );
    }
  }

  /** Looks again each time, so that deleting the mark takes effect without a restart. */
  #refuseWhenBehind(): void {
    this.#refuseWhenDetached();
    if (!this.#writable && this.#mark.read() === null) {
      this.#compareWithMark();
      this.#log?.warn({ markFile: this.#mark.path }, 'The mark was deleted: the ledger is accepted as it is.');
    }
    if (!this.#writable) {
      throw new LedgerUnavailable('The ledger is older than its mark.');
    }
  }

  /** What is written into a file that has lost its name is gone with this process, and so is the memory of what was sent. */
  #refuseWhenDetached(): void {
    const isDetached = identityOf(this.#file) !== this.#openedAs;
    if (isDetached !== this.#isDetached) {
      this.#isDetached = isDetached;
      if (isDetached) {
        this.#log?.error(
          { file: this.#file },
          'The ledger file was deleted or replaced while it is in use. No write is accepted. Put it back, or restart.',
        );
      } else this.#log?.warn({ file: this.#file }, 'The ledger file is back in its place.');
    }
    if (isDetached) throw new LedgerUnavailable('The ledger file was deleted or replaced.');
  }

  #removeAbandonedLocks(): void {
    const needed = new Set(this.#rows.unfinishedOwners());
    for (const name of this.#locks.names()) {
      const isOwner = name.startsWith(OWNER_LOCK_PREFIX) && !needed.has(name.slice(OWNER_LOCK_PREFIX.length));
      if (isOwner && !this.#locks.isHeld(name)) {
        this.#locks.remove(name);
      }
    }
  }

  async #sweepQuietly(): Promise<void> {
    try {
      await this.sweepOrphans();
    } catch (error) {
      this.#log?.warn({ err: error }, 'Looking for abandoned writes failed; it will be tried again.');
    }
  }

  #write<T>(work: () => T): Promise<T> {
    return this.#guard(() => this.#commits.run(work));
  }

  async #guard<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asUnavailable(error);
    }
  }
}

function identityOf(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}

function asUnavailable(error: unknown): unknown {
  const ours =
    error instanceof LedgerUnavailable || error instanceof ForbiddenTransition || error instanceof BillingError;
  return ours ? error : new LedgerUnavailable('The ledger could not be read or written.', error);
}
