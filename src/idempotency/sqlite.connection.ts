import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { hasErrorCode, isSqliteBusy } from './storage.errors.js';

/** SQLite waits for another process inside a blocking call, so that wait is kept short and the rest is waited outside of it. */
const BUSY_TIMEOUT_MS = 10;
/** Other processes hold the write lock for about a millisecond; after this long something is wrong. */
const GIVE_UP_BUSY_MS = 2_000;

/** Opens the file for durable writes, and creates it with its directory, readable by its owner alone. */
export async function openDatabase(file: string): Promise<DatabaseSync> {
  createFile(file);
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    await whileBusy(() => db.exec('PRAGMA journal_mode = WAL'));
    // WAL alone survives a crash of the process; FULL also survives a power cut: each commit is flushed to the disk.
    db.exec('PRAGMA synchronous = FULL');
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
    // An existing file is not even opened here: closing it would drop the locks that this process may have on it
    // (https://sqlite.org/howtocorrupt.html, section 2.2).
    if (!hasErrorCode(error, 'EEXIST')) {
      throw error;
    }
  }
}

/** Runs synchronous work in a write transaction; whatever it throws undoes it. Throws the driver's busy error at once. */
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

/** Tries again while another process holds the lock, without blocking this one meanwhile. */
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
