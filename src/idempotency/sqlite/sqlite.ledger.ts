import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
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
} from '../ledger.js';
import { unreadableRowReporter } from '../ledger-row.codec.js';
import type { LedgerRow } from '../ledger-states.js';
import { asUnavailable, type LedgerStore, StoredLedger } from '../stored-ledger.js';
import { GroupCommit, hasErrorCode, openDatabase, transaction, whileBusy } from './group-commit.js';
import { identityOf, OwnerLocks } from './owner.lock.js';
import { SqliteRows } from './sqlite.rows.js';
import { attachSqlite, migrateSqlite } from './sqlite-statements.js';

const OWNER_LOCK_PREFIX = 'owner-';
const LEADER_LOCK = 'leader';
/**
 * A live owner checks its lock every few seconds and restores a deleted file. An owner whose file is missing for longer
 * than this, in milliseconds, is dead.
 */
const MISSING_LOCK_MS = 15_000;

/** The file of `path`, the text after `sqlite:`. Throws `TypeError` where it names no file. */
export function sqliteFile(path: string): string {
  if (path === '' || path.startsWith(':')) {
    throw new TypeError('The ledger needs a file: a database in memory would forget every write.');
  }
  return resolve(path.startsWith('///') ? path.slice(2) : path);
}

/** Opens the file, and creates it with its directory if necessary. Errors as {@link Ledger}. */
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
    return await StoredLedger.start(new SqliteStore(opened, file, options), hashKey, options);
  } catch (error) {
    db?.close();
    throw asUnavailable(error);
  }
}

/** One SQLite file, shared by the processes of one machine. Keeps state: the database handle and locks. */
class SqliteStore implements LedgerStore {
  readonly ownerId = randomUUID();
  readonly #db: DatabaseSync;
  readonly #rows: SqliteRows;
  readonly #commits: GroupCommit;
  readonly #locks: OwnerLocks;
  readonly #mark: SentMark;
  readonly #log: LedgerLog | undefined;
  #writable = true;
  /** The file's path, and the device and inode of the open file; null where the file system has none. */
  readonly #file: string;
  readonly #openedAs: string | null;
  #isDetached = false;
  /** The transaction in which the file was last looked for. */
  #lookedForFileIn = 0;
  /** Whether it took its lock at the start. */
  #isOwner = false;
  /** Whether other processes cannot see that this one is alive. */
  #isUnowned = false;
  readonly #missingLockMs: number;
  /** Time since which the locks of other owners are missing, by this process's own clock. */
  readonly #missingSinceMs = new Map<string, number>();
  /** Counted sends of this process, and the part of them that the mark covers. */
  #counted = 0;
  #marked = 0;

  constructor(db: DatabaseSync, file: string, options: LedgerOptions) {
    this.#db = db;
    this.#rows = new SqliteRows(db, this.ownerId, unreadableRowReporter(options));
    this.#commits = new GroupCommit(db);
    this.#locks = new OwnerLocks(`${file}.owners`);
    this.#file = file;
    this.#openedAs = identityOf(file);
    this.#mark = new SentMark(`${file}.sent-mark`);
    this.#log = options.log;
    this.#missingLockMs = options.missingLockMs ?? MISSING_LOCK_MS;
  }

  async start(): Promise<void> {
    await this.#write(() => {
      // Inside the write transaction no process removes a lock file between its creation and its locking.
      this.#removeAbandonedLocks();
      this.#isOwner = this.#locks.tryHold(OWNER_LOCK_PREFIX + this.ownerId);
      this.#compareWithMark();
    });
  }

  /** Does nothing, because the kernel keeps a file's lock for as long as this process lives. */
  keepLock(): void {}

  claim(request: ClaimRequest): Promise<ClaimResult> {
    return this.#write(() => {
      this.#refuseInTransaction();
      return this.#rows.claim(request);
    });
  }

  async advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    if (change.to !== 'sending') {
      return this.#write(() => this.#rows.advance(row, change));
    }
    const counted = await this.#write(() => {
      this.#refuseInTransaction();
      const sending = this.#rows.advance(row, change);
      if (sending === null) return null;
      this.#rows.countSend();
      this.#counted += 1;
      return { sending, number: this.#counted };
    });
    if (counted === null) {
      return null;
    }
    await this.#markUpTo(counted.number);
    return counted.sending;
  }

  find(tenantId: string, idempotencyKey: string): LedgerRow | null {
    return this.#rows.find(tenantId, idempotencyKey);
  }

  /** A commit ends before its call does, with or without an error, so none is open. */
  findAfterClaims(tenantId: string, idempotencyKey: string): LedgerRow | null {
    return this.#rows.find(tenantId, idempotencyKey);
  }

  list(tenantIds: readonly string[], request: ListRequest): LedgerPage {
    return this.#rows.list(tenantIds, request);
  }

  audit(tenantId: string, idempotencyKey: string): readonly AuditEntry[] {
    return this.#rows.audit(tenantId, idempotencyKey);
  }

  dueForReconciliation(nowMs: number, limit: number): readonly LedgerRow[] {
    return this.#rows.due(nowMs, limit);
  }

  dueForReview(nowMs: number, limit: number): readonly LedgerRow[] {
    return this.#rows.dueForReview(nowMs, limit);
  }

  neighbours(row: LedgerRow, sinceMs: number): readonly Neighbour[] {
    return this.#rows.neighbours(row, sinceMs);
  }

  countUnknown(): number {
    return this.#rows.countUnknown();
  }

  recentWrites(request: RecentWritesRequest): readonly RecentWrite[] {
    this.#lookForFile();
    this.#refuseWhenBehind();
    return this.#rows.recentWrites(request);
  }

  spending(tenantId: string, nowMs: number): readonly CountedWrites[] {
    return this.#rows.spending(tenantId, nowMs);
  }

  noteAttempt(row: LedgerRow, nextAtMs: number | null): Promise<void> {
    return this.#write(() => this.#rows.noteAttempt(row, nextAtMs));
  }

  async orphan(atMs: number): Promise<number> {
    const gone = this.#rows.unfinishedOwners().filter((owner) => this.#isGone(owner));
    if (gone.length === 0) return 0;
    return this.#write(() => gone.reduce((sum, owner) => sum + this.#rows.orphan(owner, atMs), 0));
  }

  tryLead(): boolean {
    // If a lock has lost its file, another process may have taken the new one.
    if (this.#locks.isHeld(LEADER_LOCK) && !this.#locks.isInPlace(LEADER_LOCK)) this.#locks.release(LEADER_LOCK);
    return this.#locks.tryHold(LEADER_LOCK);
  }

  async ping(): Promise<{ readonly writable: boolean }> {
    this.#rows.sends();
    await this.#keepOwnerLock();
    try {
      // A write without a change needs the same as a real one: the lock, and room on the disk.
      await this.#write(() => {
        this.#refuseInTransaction();
        this.#rows.touch();
      });
      return { writable: true };
    } catch {
      return { writable: false };
    }
  }

  async close(): Promise<void> {
    this.#locks.release(LEADER_LOCK);
    // The file of an owner with unfinished writes stays, without a lock. Other processes then see at once that the
    // owner is gone.
    if (this.#leavesUnfinished()) this.#locks.release(OWNER_LOCK_PREFIX + this.ownerId);
    else this.#locks.remove(OWNER_LOCK_PREFIX + this.ownerId);
    if (this.#db.isOpen) {
      this.#db.close();
    }
  }

  /**
   * Writes the mark for all sends up to a number. It happens after the commit, so that the mark is never ahead of a
   * healthy ledger. It happens under the write lock, so that the mark never decreases, and once for all sends of one
   * commit. Each counted send is then either committed, or undone and counted again with a higher number.
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
        'The ledger is older than its mark: a backup was restored, and writes were made that it does not know. ' +
          'No write is accepted. Compare with the upstream history by hand, ' +
          'then delete the mark file to accept this ledger as it is.',
      );
    }
  }

  /**
   * Refuses writes on an outdated ledger. It reads the mark each time, so that its deletion takes effect without a
   * restart.
   */
  #refuseWhenBehind(): void {
    if (this.#isDetached) throw new LedgerUnavailable('The ledger file was deleted or replaced.');
    if (this.#isUnowned) throw new LedgerUnavailable('The lock that shows that this process lives cannot be put back.');
    if (!this.#writable && this.#mark.read() === null) {
      this.#compareWithMark();
      this.#log?.warn({ markFile: this.#mark.path }, 'The mark was deleted: the ledger is accepted as it is.');
    }
    if (!this.#writable) {
      throw new LedgerUnavailable('The ledger is older than its mark.');
    }
  }

  /** As {@link #refuseWhenBehind}, for work in a commit. All works of one transaction share the look for the file. */
  #refuseInTransaction(): void {
    if (this.#lookedForFileIn !== this.#commits.attempt) {
      this.#lookedForFileIn = this.#commits.attempt;
      this.#lookForFile();
    }
    this.#refuseWhenBehind();
  }

  /**
   * Notes whether the file has lost its name. Writes into such a file, and the record of sends, would be gone with this
   * process.
   */
  #lookForFile(): void {
    const isDetached = identityOf(this.#file) !== this.#openedAs;
    if (isDetached === this.#isDetached) return;
    this.#isDetached = isDetached;
    if (isDetached) {
      this.#log?.error(
        { file: this.#file },
        'The ledger file was deleted or replaced while it is in use. No write is accepted. Put it back, or restart.',
      );
    } else this.#log?.warn({ file: this.#file }, 'The ledger file is back in its place.');
  }

  /**
   * Restores the lock when its file was deleted, with its folder or alone. If that fails, no write is accepted. Reason:
   * other processes would take this one for dead, and close its running writes as unknown.
   */
  async #keepOwnerLock(): Promise<void> {
    const name = OWNER_LOCK_PREFIX + this.ownerId;
    if (!this.#isOwner || this.#locks.isInPlace(name)) {
      this.#isUnowned = false;
      return;
    }
    try {
      // Inside the write transaction no process removes a lock file between its creation and its locking.
      this.#isUnowned = !(await whileBusy(() => transaction(this.#db, () => this.#locks.restore(name))));
    } catch (error) {
      if (!this.#isUnowned) {
        this.#log?.error(
          { err: error, folder: `${this.#file}.owners` },
          'The folder of the owner locks was deleted while it is in use, and cannot be put back. No write is accepted.',
        );
      }
      this.#isUnowned = true;
      return;
    }
    if (this.#isUnowned) return;
    this.#log?.warn(
      { folder: `${this.#file}.owners` },
      'The file that shows other processes that this one lives was deleted, and was put back. Leave the folder alone.',
    );
  }

  #isGone(owner: string): boolean {
    const state = this.#locks.state(OWNER_LOCK_PREFIX + owner);
    if (state !== 'missing') {
      this.#missingSinceMs.delete(owner);
      return state === 'free';
    }
    const nowMs = performance.now();
    const sinceMs = this.#missingSinceMs.get(owner) ?? nowMs;
    this.#missingSinceMs.set(owner, sinceMs);
    if (nowMs - sinceMs < this.#missingLockMs) return false;
    this.#missingSinceMs.delete(owner);
    return true;
  }

  /** Whether this owner leaves unfinished writes. True also where that cannot be read. */
  #leavesUnfinished(): boolean {
    try {
      return this.#db.isOpen && this.#rows.hasUnfinished();
    } catch {
      return true;
    }
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

  #write<T>(work: () => T): Promise<T> {
    return this.#commits.run(work);
  }
}

/** Digits of the mark, enough for 2^53. The width is fixed, so that a new mark overwrites an older one completely. */
const DIGITS = 16;

/**
 * The ledger's number of sends, in a file beside the database. A database restored from an older backup has a lower
 * number. Then writes exist that it does not know, and sending again could charge twice. The file must not be part of
 * the backup.
 */
class SentMark {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Null when there is no file or an empty one, which a power cut before the very first mark leaves. Infinity when it
   * is not readable, so that the ledger counts as outdated.
   */
  read(): number | null {
    let text: string;
    try {
      text = readFileSync(this.path, 'latin1').trim();
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) {
        return null;
      }
      throw error;
    }
    if (text === '') {
      return null;
    }
    return /^\d{1,16}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  }

  /** Writes the mark; it is durable on return. The caller excludes other writers, and never lowers it. */
  write(sends: number): void {
    const { file, created } = this.#open();
    try {
      writeSync(file, `${String(sends).padStart(DIGITS, '0')}\n`, 0, 'latin1');
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
    if (created) {
      syncDirectory(dirname(this.path));
    }
  }

  #open(): { readonly file: number; readonly created: boolean } {
    try {
      return { file: openSync(this.path, 'r+'), created: false };
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT')) {
        throw error;
      }
      return { file: openSync(this.path, 'wx', 0o600), created: true };
    }
  }
}

/** A new file survives a power cut only when its directory is flushed too. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
