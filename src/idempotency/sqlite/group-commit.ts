import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

interface QueuedWork {
  /** Does the work. An error makes only this work fail. */
  run(): void;
  settle(): void;
  reject(error: unknown): void;
}

/** Turns of the event loop in a row without new work, after which the commit begins. */
const QUIET_TURNS = 2;
/** Most turns before a commit, so that no work waits for long under load. */
const MAX_TURNS = 16;

type Failures = ReadonlyMap<QueuedWork, { readonly error: unknown }>;

/**
 * Commits changes together that arrive at about the same time. Reason: a durable commit costs a flush of the disk and
 * about 0.1 ms of processor time, whether it has one change or thirty. So the commit waits while turns of the event
 * loop bring further changes. A single change is committed in the second turn. A change that fails is undone alone, and
 * a promise resolves only after the commit of its change. Keeps state: the changes for the next commit.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  #queue: QueuedWork[] = [];
  #isScheduled = false;
  #attempts = 0;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Number of the transaction that runs or was the last to run: what holds for one work of it holds for all. */
  get attempt(): number {
    return this.#attempts;
  }

  /**
   * Runs `work` in the next commit. `work` is synchronous and may run again, because another process held the lock or
   * other work in the batch failed. Rejects with the error of `work` or of the commit.
   */
  run<T>(work: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let outcome: () => void = () => undefined;
    this.#queue.push({
      run: () => {
        const result = work();
        outcome = () => resolve(result);
      },
      settle: () => outcome(),
      reject,
    });
    this.#schedule();
    return promise;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#await({ queued: this.#queue.length, turn: 1, quiet: 0 });
  }

  #await(seen: { readonly queued: number; readonly turn: number; readonly quiet: number }): void {
    setImmediate(() => {
      const queued = this.#queue.length;
      const quiet = queued > seen.queued ? 0 : seen.quiet + 1;
      if (quiet >= QUIET_TURNS || seen.turn >= MAX_TURNS) this.#flush();
      else this.#await({ queued, turn: seen.turn + 1, quiet });
    });
  }

  #flush(): void {
    const batch = this.#queue;
    this.#queue = [];
    void this.#commit(batch).finally(() => {
      this.#isScheduled = false;
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  async #commit(batch: readonly QueuedWork[]): Promise<void> {
    try {
      const failures = await whileBusy(() => this.#runAll(batch));
      for (const work of batch) {
        const failure = failures.get(work);
        if (failure === undefined) work.settle();
        else work.reject(failure.error);
      }
    } catch (error) {
      for (const work of batch) work.reject(error);
    }
  }

  /**
   * Runs a batch without savepoints first, because these cost a fifth of the changes and a change hardly ever fails.
   * Only a batch with a failure is run again with savepoints.
   */
  #runAll(batch: readonly QueuedWork[]): Failures {
    this.#attempts += 1;
    try {
      transaction(this.#db, () => {
        for (const work of batch) work.run();
      });
      return new Map();
    } catch (error) {
      if (batch.length === 1 || isSqliteBusy(error)) throw error;
      return transaction(this.#db, () => this.#runEach(batch));
    }
  }

  #runEach(batch: readonly QueuedWork[]): Failures {
    const failures = new Map<QueuedWork, { readonly error: unknown }>();
    for (const work of batch) {
      this.#db.exec('SAVEPOINT work');
      try {
        work.run();
      } catch (error) {
        // SQLite ends the whole transaction itself on a full disk or a failed read. Then nothing of the batch is
        // stored.
        if (!this.#db.isTransaction) throw error;
        this.#db.exec('ROLLBACK TO work');
        failures.set(work, { error });
      }
      this.#db.exec('RELEASE work');
    }
    return failures;
  }
}

/**
 * Wait of SQLite for another process. It blocks the event loop, so it is short, and the rest of the wait is done
 * outside of SQLite.
 */
const BUSY_TIMEOUT_MS = 10;
/**
 * Longest wait for the write lock. Other processes hold it for about a millisecond; after this time something is wrong.
 */
const GIVE_UP_BUSY_MS = 2_000;

/** Opens the file for durable writes. Creates it with its directory, readable by its owner only. */
export async function openDatabase(file: string): Promise<DatabaseSync> {
  createFile(file);
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    await whileBusy(() => db.exec('PRAGMA journal_mode = WAL'));
    // WAL alone survives a crash of the process. FULL also survives a power cut, because each commit is flushed to the
    // disk.
    db.exec('PRAGMA synchronous = FULL');
    // The check of a row's state repeats what this code's types say, and costs a temporary table for each change.
    db.exec('PRAGMA ignore_check_constraints = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function createFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // An existing file is not even opened here. Closing it would drop the locks of this process on it
    // (https://sqlite.org/howtocorrupt.html, section 2.2).
    if (!hasErrorCode(error, 'EEXIST')) {
      throw error;
    }
  }
}

/** Runs synchronous work in a write transaction; an error undoes it. Throws the driver's busy error at once. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) {
      db.exec('ROLLBACK');
    }
    throw error;
  }
}

/** Retries while another process holds the lock, without blocking this process. */
export async function whileBusy<T>(work: () => T): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_BUSY_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isSqliteBusy(error) || performance.now() > giveUpAt) {
        throw error;
      }
    }
    await delay(1 + Math.random() * 10);
  }
}

/**
 * Whether the error is SQLITE_BUSY or SQLITE_LOCKED, also as an extended code, whose low byte is the primary code
 * (https://sqlite.org/rescode.html).
 */
export function isSqliteBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error) || typeof error.errcode !== 'number') {
    return false;
  }
  const primary = error.errcode & 0xff;
  return primary === 5 || primary === 6;
}

/**
 * Whether a Node system error has this code (`ENOENT`). It checks the shape and not the class, which differs between
 * realms.
 */
export function hasErrorCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
