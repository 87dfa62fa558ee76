import type { CreditsAuthorization, EnvironmentCredentials } from '../config/config.js';
import { readTenantsFile, type TenantsFileResult } from '../config/tenants-file.js';
import { type TenantRecord, type TenantsVersion, whyNotTaken } from '../config/tenants-version.policy.js';
import type { CreditsCredential, Tenant, XtractaCredential } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { SpendingLimits } from '../domain/spending.js';
import type { Logger } from '../observability/logger.js';

/** Keyed hash of a text: stable across restarts and replicas, and useless to whoever does not hold the key. */
export type KeyedHash = (text: string) => string;

export function xtractaCredential(apiKey: string, rootGroupId: string | null, keyedHash: KeyedHash): XtractaCredential {
  return { id: keyedHash(`xtracta:${apiKey}`), apiKey, rootGroupId };
}

/** The id of client credentials is that of the client, so that a rotated secret remains the same account. */
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

/** @param limits null: what it spends is not limited */
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
  /** How often the files are looked at, in milliseconds. */
  readonly checkIntervalMs?: number;
}

// Two looks in a row must agree. Looked at rather than watched: mounted secrets are replaced by swapping a link, which
// file watchers miss on some systems.
const CHECK_INTERVAL_MS = 5_000;

/** The tenants of `TENANTS_FILE`, re-read when it or a secret file that it names changes. Keeps state. */
export class TenantDirectory {
  readonly #options: TenantDirectoryOptions;
  #entries: ReadonlyMap<string, TenantEntry> = new Map();
  #inUse: TenantsVersion | null = null;
  /** Digests: of what is in use, of what the last look found, of what was last taken or refused. */
  #taken = '';
  #seen = '';
  #judged = '';
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

  /** Whether the file holds something else than what is in use, and was refused. */
  isRefused(): boolean {
    return this.#refused;
  }

  /**
   * Looks at the files. Contents that are new are taken when two looks in a row have found the same: whoever is writing
   * a file takes less time than that. A version that is not valid, or not whole, is logged, and the tenants known so
   * far remain.
   */
  async refresh(): Promise<void> {
    const result = await readTenantsFile(this.#options.path);
    const { digest } = result;
    const isAtRest = digest === this.#seen;
    this.#seen = digest;
    if (digest === this.#taken) this.#refused = false;
    if (!isAtRest || digest === this.#taken || digest === this.#judged) return;
    this.#judged = digest;
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

  #take({ version, digest }: TenantsFileResult): void {
    if (version === null) return;
    this.#inUse = version;
    this.#taken = digest;
    this.#seen = digest;
    this.#judged = digest;
    this.#entries = new Map(version.tenants.map((record) => [record.id, this.#entry(record)]));
  }

  #entry(record: TenantRecord): TenantEntry {
    return {
      tenant: tenantOf(record.id, record.credentials, record.limits, this.#options.keyedHash),
      allowedGroups: record.allowedGroups === null ? null : new Set(record.allowedGroups),
    };
  }
}
