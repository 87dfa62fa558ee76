import type { CreditsAuthorization, EnvironmentCredentials } from '../config/config.js';
import { readTenantsFile, type TenantsFileResult } from '../config/tenants-file.js';
import { type TenantRecord, type TenantsVersion, whyNotTaken } from '../config/tenants-version.policy.js';
import type { CreditsCredential, Tenant, XtractaCredential } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { SpendingLimits } from '../domain/spending.js';
import type { Logger } from '../observability/logger.js';

/** Keyed hash of a text. It is stable across restarts and replicas, and useless without the key. */
export type KeyedHash = (text: string) => string;

export function xtractaCredential(apiKey: string, rootGroupId: string | null, keyedHash: KeyedHash): XtractaCredential {
  return { id: keyedHash(`xtracta:${apiKey}`), apiKey, rootGroupId };
}

/** The id of client credentials is made of the client's id, so that a rotated secret remains the same account. */
function creditsCredential(authorization: CreditsAuthorization, keyedHash: KeyedHash): CreditsCredential {
  switch (authorization.kind) {
    case 'bearer':
      return { kind: 'bearer', id: keyedHash(`credits:bearer:${authorization.token}`), token: authorization.token };
    case 'clientCredentials':
      return {
        kind: 'clientCredentials',
        id: keyedHash(`credits:client:${authorization.tokenUrl}\n${authorization.clientId}`),
        tokenUrl: authorization.tokenUrl,
        clientId: authorization.clientId,
        clientSecret: authorization.clientSecret,
      };
  }
}

/** @param limits null: the tenant's spending is not limited */
export function tenantOf(
  id: string,
  credentials: EnvironmentCredentials,
  limits: SpendingLimits | null,
  keyedHash: KeyedHash,
): Tenant {
  const { xtracta, credits } = credentials;
  return {
    id,
    xtracta: xtracta === null ? null : xtractaCredential(xtracta.apiKey, xtracta.rootGroupId, keyedHash),
    credits: credits === null ? null : creditsCredential(credits, keyedHash),
    ...(limits === null ? {} : { limits }),
  };
}

/** A tenant with the groups that its callers may name; null: no list. */
export interface TenantEntry {
  readonly tenant: Tenant;
  readonly allowedGroups: ReadonlySet<string> | null;
}

interface TenantDirectoryOptions {
  readonly path: string;
  readonly keyedHash: KeyedHash;
  readonly logger: Logger;
  /** Interval between two checks of the files, in milliseconds. */
  readonly checkIntervalMs?: number;
}

// Two checks in a row must find the same contents. The gateway polls instead of watching. Reason: an orchestrator
// replaces mounted secrets by swapping a link, which file watchers miss on some systems.
const CHECK_INTERVAL_MS = 5_000;

/** The tenants of `TENANTS_FILE`, re-read when it or a secret file that it names changes. Keeps state. */
export class TenantDirectory {
  readonly #options: TenantDirectoryOptions;
  #entries: ReadonlyMap<string, TenantEntry> = new Map();
  #inUse: TenantsVersion | null = null;
  /** Digests of the version in use, of the contents at the last check, and of the version last accepted or refused. */
  #taken = '';
  #seen = '';
  #decided = '';
  #refused = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: TenantDirectoryOptions) {
    this.#options = options;
  }

  /** Throws `BillingError` `NOT_CONFIGURED` when the file is not valid. Call {@link close} when done. */
  static async open(options: TenantDirectoryOptions): Promise<TenantDirectory> {
    const directory = new TenantDirectory(options);
    const result = await readTenantsFile(options.path);
    if (result.version === null) {
      const problems = result.problems.map(({ message }) => message);
      options.logger.error({ problems }, 'tenants file is not valid');
    }
    directory.#take(result);
    if (result.version === null) throw new BillingError('NOT_CONFIGURED', 'TENANTS_FILE is not valid.');
    directory.#schedule();
    return directory;
  }

  find(tenantId: string): TenantEntry | null {
    return this.#entries.get(tenantId) ?? null;
  }

  /** All tenants of the version in use. */
  tenants(): readonly Tenant[] {
    return [...this.#entries.values()].map(({ tenant }) => tenant);
  }

  /** Whether the file differs from the version in use and the gateway has refused it. */
  isRefused(): boolean {
    return this.#refused;
  }

  /**
   * Checks the files. The gateway accepts new contents when two checks in a row have found the same, because writing a
   * file takes less time than that. It logs a version that is not valid or not whole, and keeps the known tenants.
   */
  async refresh(): Promise<void> {
    const result = await readTenantsFile(this.#options.path);
    const { digest } = result;
    const isAtRest = digest === this.#seen;
    this.#seen = digest;
    if (digest === this.#taken) this.#refused = false;
    if (!isAtRest || digest === this.#taken || digest === this.#decided) return;
    this.#decided = digest;
    const refusal = result.version === null || this.#inUse === null ? null : whyNotTaken(result.version, this.#inUse);
    const problems = refusal === null ? result.problems.map(({ message }) => message) : [refusal];
    this.#refused = problems.length > 0;
    if (this.#refused) {
      this.#options.logger.error(
        { problems },
        refusal === null ? 'tenants file is not valid' : 'tenants file is refused: the tenants known so far remain',
      );
      return;
    }
    this.#take(result);
    this.#options.logger.info({ tenants: this.#entries.size }, 'tenants file re-read');
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // Each check schedules the next one, so that checks never pile up on slow storage.
  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.refresh()
        .catch((error: unknown) => this.#options.logger.error({ err: error }, 'tenants file could not be re-read'))
        .finally(() => {
          if (this.#timer !== undefined) this.#schedule();
        });
    }, this.#options.checkIntervalMs ?? CHECK_INTERVAL_MS).unref();
  }

  #take({ version, digest }: TenantsFileResult): void {
    if (version === null) return;
    this.#inUse = version;
    this.#taken = digest;
    this.#seen = digest;
    this.#decided = digest;
    this.#entries = new Map(version.tenants.map((record) => [record.id, this.#entry(record)]));
  }

  #entry(record: TenantRecord): TenantEntry {
    return {
      tenant: tenantOf(record.id, record.credentials, record.limits, this.#options.keyedHash),
      allowedGroups: record.allowedGroups === null ? null : new Set(record.allowedGroups),
    };
  }
}
