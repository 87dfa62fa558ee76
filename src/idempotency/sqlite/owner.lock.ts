import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isSqliteBusy } from './group-commit.js';

/** Device and inode of a file; null where there is none. */
export function identityOf(file: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}

/** `missing`: no process has a lock with that name, and there is no file of a former one. */
export type LockState = 'held' | 'free' | 'missing';

interface HeldLock {
  readonly file: DatabaseSync;
  readonly identity: string | null;
}

/**
 * Owner locks in one folder, which the operating system drops when their process dies, however it dies. Node offers no
 * file locks, but an open exclusive transaction on an empty SQLite file is one. It works on one machine only, as the
 * SQLite ledger itself does.
 *
 * Keeps state: the open files of the locks that this process has.
 */
export class OwnerLocks {
  readonly #directory: string;
  readonly #held = new Map<string, HeldLock>();

  constructor(directory: string) {
    this.#directory = directory;
    this.#makeDirectory();
  }

  /** Takes the lock if it is free; true when this process has it now. */
  tryHold(name: string): boolean {
    if (this.#held.has(name)) {
      return true;
    }
    const file = new DatabaseSync(this.#path(name), { timeout: 0 });
    if (!lock(file)) {
      file.close();
      return false;
    }
    this.#held.set(name, { file, identity: identityOf(this.#path(name)) });
    return true;
  }

  /** Whether a lock that this process took is still the one that other processes find under its name. */
  isInPlace(name: string): boolean {
    const held = this.#held.get(name);
    return held !== undefined && held.identity !== null && held.identity === identityOf(this.#path(name));
  }

  /**
   * Takes a lock anew whose file was deleted. The old lock still holds, but no other process can see it.
   *
   * @returns false where another process holds the new file, if only to probe it
   * @throws Error where the file cannot be created
   */
  restore(name: string): boolean {
    this.#makeDirectory();
    const lost = this.#held.get(name);
    this.#held.delete(name);
    let isRestored = false;
    try {
      isRestored = this.tryHold(name);
    } finally {
      if (isRestored) lost?.file.close();
      else if (lost !== undefined) this.#held.set(name, lost);
    }
    return isRestored;
  }

  /** Whether a live process has the lock. */
  isHeld(name: string): boolean {
    return this.state(name) === 'held';
  }

  /** State of a lock. A file that cannot be probed counts as held, because its owner may be alive. */
  state(name: string): LockState {
    if (this.#held.has(name)) {
      return 'held';
    }
    if (!existsSync(this.#path(name))) {
      return 'missing';
    }
    let file: DatabaseSync;
    try {
      const existing = pathToFileURL(this.#path(name));
      existing.search = 'mode=rw';
      file = new DatabaseSync(existing, { timeout: 0 });
    } catch {
      return existsSync(this.#path(name)) ? 'held' : 'missing';
    }
    try {
      return lock(file) ? 'free' : 'held';
    } catch {
      return 'held';
    } finally {
      file.close();
    }
  }

  /** Names of all locks that were taken and not removed. */
  names(): readonly string[] {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory)
      .filter((file) => file.endsWith('.lock'))
      .map((file) => file.slice(0, -'.lock'.length));
  }

  /** Removes the file of a lock. Call it only for names that are never taken again, or while nobody can take one. */
  remove(name: string): void {
    rmSync(this.#path(name), { force: true });
    this.release(name);
  }

  release(name: string): void {
    this.#held.get(name)?.file.close();
    this.#held.delete(name);
  }

  #makeDirectory(): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.lock`);
  }
}

function lock(file: DatabaseSync): boolean {
  try {
    file.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (isSqliteBusy(error)) {
      return false;
    }
    throw error;
  }
}
