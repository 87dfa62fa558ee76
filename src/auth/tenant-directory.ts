import { stat } from 'node:fs/promises';
import { readTenantsFile, type TenantRecord, type TenantsFileResult } from '../config/tenants-file.js';
import type { Tenant } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { Logger } from '../observability/logger.js';
import { type KeyedHash, tenantOf } from './credentials.js';

/** A tenant with the groups that its callers may name; null: no list. */
export interface TenantEntry {
  readonly tenant: Tenant;
  readonly allowedGroups: ReadonlySet<string> | null;
}

export interface TenantDirectoryOptions {
  readonly path: string;
  readonly keyedHash: KeyedHash;
  readonly logger: Logger;
  /** How often the files are looked at, in milliseconds. */
  readonly checkIntervalMs?: number;
}

// Looked at rather than watched: mounted secrets are replaced by swapping a link, which file watchers miss on some systems.
const CHECK_INTERVAL_MS = 5_000;

/** The tenants of `TENANTS_FILE`, re-read when it or a secret file that it names changes. Keeps state. */
export class TenantDirectory {
  readonly #options: TenantDirectoryOptions;
  #entries: ReadonlyMap<string, TenantEntry> = new Map();
  #files: readonly string[] = [];
  #signature = '';
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: TenantDirectoryOptions) {
    this.#options = options;
  }

  /** Throws `BillingError` `NOT_CONFIGURED` when the file is not valid. Call {@link close} when done. */
  static async open(options: TenantDirectoryOptions): Promise<TenantDirectory> {
    const directory = new TenantDirectory(options);
    const problems = await directory.#read();
    if (problems > 0) throw new BillingError('NOT_CONFIGURED', 'TENANTS_FILE is not valid.');
    directory.#schedule();
    return directory;
  }

  find(tenantId: string): TenantEntry | null {
    return this.#entries.get(tenantId) ?? null;
  }

  /** Reads the files again if one of them changed. A file that became invalid is logged, and the tenants known so far remain. */
  async refresh(): Promise<void> {
    if ((await signatureOf(this.#files)) === this.#signature) return;
    const problems = await this.#read();
    if (problems === 0) this.#options.logger.info({ tenants: this.#entries.size }, 'tenants file re-read');
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // Each look is scheduled by the one before it, so that slow storage never piles up looks.
  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.refresh()
        .catch((error: unknown) => this.#options.logger.error({ err: error }, 'tenants file could not be re-read'))
        .finally(() => {
          if (this.#timer !== undefined) this.#schedule();
        });
    }, this.#options.checkIntervalMs ?? CHECK_INTERVAL_MS).unref();
  }

  async #read(): Promise<number> {
    const { files, signature, result } = await readStable(this.#options.path);
    this.#files = files;
    this.#signature = signature;
    if (result.problems.length > 0) {
      const problems = result.problems.map((problem) => problem.message);
      this.#options.logger.error({ problems }, 'tenants file is not valid');
      return problems.length;
    }
    this.#entries = new Map(result.tenants.map((record) => [record.id, this.#entry(record)]));
    return 0;
  }

  #entry(record: TenantRecord): TenantEntry {
    return {
      tenant: tenantOf(record.id, record.credentials, this.#options.keyedHash),
      allowedGroups: record.allowedGroups === null ? null : new Set(record.allowedGroups),
    };
  }
}

/**
 * The signature is taken before the reading, so that a change in between is seen as one later; which files to sign is only known
 * after a reading, so the first is repeated when it names secret files.
 */
async function readStable(
  path: string,
): Promise<{ files: readonly string[]; signature: string; result: TenantsFileResult }> {
  const first = await readTenantsFile(path);
  const signature = await signatureOf(first.files);
  return { files: first.files, signature, result: await readTenantsFile(path) };
}

async function signatureOf(files: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    files.map(async (file) => {
      try {
        const { mtimeMs, size, ino } = await stat(file);
        return `${mtimeMs}:${size}:${ino}`;
      } catch {
        return 'missing';
      }
    }),
  );
  return marks.join('\n');
}
