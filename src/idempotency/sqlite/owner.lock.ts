import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isSqliteBusy } from './group.commit.js';

/**
 * Locks that the operating system drops when their process dies, however it dies: Node offers no file locks of its own,
 * but an open exclusive transaction on an empty SQLite file is one. It holds on one machine only, as the SQLite ledger
 * itself does.
 *
 * Holds mutable state: the open files of the locks that this process has.
 */
export class LockDirectory {
  readonly #directory: string;
  readonly #held = new Map<string, DatabaseSync>();

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = directory;
  }

  /** Takes the lock if nobody has it; true when this process has it now. */
  tryHold(name: string): boolean {
    if (this.#held.has(name)) {
      return true;
    }
    const file = new DatabaseSync(this.#path(name), { timeout: 0 });
    if (!lock(file)) {
      file.close();
      return false;
    }
    this.#held.set(name, file);
    return true;
  }

  /**
   * Whether some live process has the lock. A file that cannot be probed counts as held: its owner may well be alive.
   */
  isHeld(name: string): boolean {
    if (this.#held.has(name)) {
      return true;
    }
    if (!existsSync(this.#path(name))) {
      return false;
    }
    let file: DatabaseSync;
    try {
      const existing = pathToFileURL(this.#path(name));
      existing.search = 'mode=rw';
      file = new DatabaseSync(existing, { timeout: 0 });
    } catch {
      return existsSync(this.#path(name));
    }
    try {
      return !lock(file);
    } catch {
      return true;
    } finally {
      file.close();
    }
  }

  /** Names of all locks that were ever taken and not removed. */
  names(): readonly string[] {
    return readdirSync(this.#directory)
      .filter((file) => file.endsWith('.lock'))
      .map((file) => file.slice(0, -'.lock'.length));
  }

  /** Removes the file of a lock. Only for names that are never taken again, or while nobody can take one. */
  remove(name: string): void {
    rmSync(this.#path(name), { force: true });
    this.release(name);
  }

  release(name: string): void {
    this.#held.get(name)?.close();
    this.#held.delete(name);
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
