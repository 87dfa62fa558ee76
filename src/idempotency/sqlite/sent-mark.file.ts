import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasErrorCode } from './group.commit.js';

/** Enough for 2^53; a fixed width, so that writing over an older mark leaves nothing of it. */
const DIGITS = 16;

/**
 * How many sends the ledger had counted, kept in a file beside it. A database that was restored from an older backup
 * counts fewer: then writes exist that it knows nothing of, and sending again could charge twice. The file must stay
 * out of the backup.
 */
export class SentMark {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Null when there is none, or an empty one, which a power cut leaves when it comes before the very first mark.
   * Infinity when it cannot be understood, so that the ledger counts as behind.
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

  /** Durable when it returns. The caller keeps other writers out, and never lowers it. */
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
