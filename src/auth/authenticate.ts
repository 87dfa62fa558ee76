import type { IncomingHttpHeaders } from 'node:http';
import type { AuthConfig, JwtConfig } from '../config/config.js';
import { type Caller, type CreditsCredential, SCOPES, type Tenant } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { SpendingLimits } from '../domain/spending.js';
import type { Logger } from '../observability/logger.js';
import { type KeyedHash, TenantDirectory, type TenantEntry, tenantOf, xtractaCredential } from './tenant-directory.js';
import type { RemoteKeysOptions } from './token-verifier.js';
import { callerClaimsOf, createTokenVerifier, intersectGroups } from './token-verifier.js';

export interface AuthenticatorOptions {
  readonly auth: AuthConfig;
  /** Makes the names of credentials in ledger rows, cache keys and logs. */
  readonly keyedHash: KeyedHash;
  readonly logger: Logger;
  /** Limits of each tenant that no tenants file describes. Absent: no limits. */
  readonly limits?: SpendingLimits | null;
  /** For tests: time limits of the key set and of the tenants file. */
  readonly remoteKeys?: Omit<RemoteKeysOptions, 'onFailure'>;
  readonly tenantsCheckIntervalMs?: number;
}

export interface Authenticator {
  /**
   * Throws `BillingError`: `UNAUTHENTICATED` with the same message for every cause, or `FORBIDDEN` for an unknown
   * tenant.
   */
  readonly authenticate: (request: CallerHeaders) => Promise<Caller>;
  /** A tenant by its id, for background work. Null when the gateway does not hold the tenant's credentials. */
  readonly tenantById: (tenantId: string) => Tenant | null;
  /**
   * The tenants that settings or the tenants file describe at present. None where callers bring their own credentials.
   */
  readonly tenants: () => readonly Tenant[];
  /** Whether the gateway has refused the present version of the tenants file. */
  readonly tenantsFileRefused: () => boolean;
  /** Stops checking the tenants file for changes. */
  readonly close: () => void;
}

type Authenticate = Authenticator['authenticate'];

/** Id of the tenant when the environment's credentials serve every caller. */
const SOLE_TENANT = 'default';
const NO_FILE = { tenantsFileRefused: () => false, close: () => undefined } as const;
const ALL_SCOPES = new Set(SCOPES);
const BEARER = /^Bearer +([\w.~+/=-]+)$/i;
const API_KEY = /^[\x21-\x7e]{1,1024}$/;
const AUTHORIZATION = /^[\x20-\x7e]{1,8192}$/;

/**
 * Makes the authenticator, the only part that decides who calls. Throws `BillingError` `NOT_CONFIGURED` when the
 * tenants file is not valid.
 */
export async function createAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  const { auth, keyedHash, limits = null } = options;
  switch (auth.mode) {
    case 'none': {
      const caller = everybody(tenantOf(SOLE_TENANT, auth.environment, limits, keyedHash));
      return { authenticate: async () => caller, ...onlyTenant(caller.tenant), ...NO_FILE };
    }
    case 'passthrough':
      return { authenticate: passthrough(keyedHash, limits), tenantById: () => null, tenants: () => [], ...NO_FILE };
    case 'jwt': {
      const directory = await openDirectory(auth, options);
      const sole = tenantOf(SOLE_TENANT, auth.environment, limits, keyedHash);
      return {
        authenticate: jwt(auth, options, directory, sole),
        ...(directory === null
          ? onlyTenant(sole)
          : { tenantById: (id) => directory.find(id)?.tenant ?? null, tenants: () => directory.tenants() }),
        tenantsFileRefused: () => directory?.isRefused() ?? false,
        close: () => directory?.close(),
      };
    }
  }
}

function passthrough(keyedHash: KeyedHash, limits: SpendingLimits | null): Authenticate {
  return async (request) => {
    const apiKey = singleHeader(request, 'x-xtracta-api-key');
    if (apiKey === null || !API_KEY.test(apiKey)) throw unauthenticated();
    const authorization = singleHeader(request, 'x-credits-authorization');
    if (authorization !== null && !AUTHORIZATION.test(authorization)) throw unauthenticated();
    const xtracta = xtractaCredential(apiKey, null, keyedHash);
    const credits: CreditsCredential | null =
      authorization === null
        ? null
        : { kind: 'header', id: keyedHash(`credits:header:${authorization}`), authorization };
    return everybody({
      id: `key:${xtracta.id}`,
      xtracta,
      credits,
      ...(credits === null ? {} : { creditsOwnerId: `credits:${credits.id}` }),
      ...(limits === null ? {} : { limits }),
    });
  };
}

function onlyTenant(tenant: Tenant): Pick<Authenticator, 'tenantById' | 'tenants'> {
  return { tenantById: (tenantId) => (tenantId === tenant.id ? tenant : null), tenants: () => [tenant] };
}

function jwt(
  auth: JwtConfig,
  options: AuthenticatorOptions,
  directory: TenantDirectory | null,
  sole: Tenant,
): Authenticate {
  const { logger } = options;
  const verify = createTokenVerifier(
    auth,
    {
      ...options.remoteKeys,
      onFailure: (error) => logger.warn({ err: error }, 'the key set could not be fetched'),
    },
    (payload) => callerClaimsOf(payload, auth),
  );
  const everyone: TenantEntry = { tenant: sole, allowedGroups: null };
  return async (request) => {
    const token = BEARER.exec(singleHeader(request, 'authorization') ?? '')?.[1];
    if (token === undefined) throw unauthenticated();
    const { tenantId, scopes, groups, subject } = await verify(token).catch((error: unknown) => {
      logger.debug({ err: error }, 'token refused');
      throw unauthenticated();
    });
    const entry = directory === null ? everyone : tenantId === null ? null : directory.find(tenantId);
    if (entry === null) throw new BillingError('FORBIDDEN', 'The caller belongs to no tenant of this gateway.');
    return {
      tenant: entry.tenant,
      scopes,
      allowedGroups: intersectGroups(groups, entry.allowedGroups),
      subject,
    };
  };
}

async function openDirectory(auth: JwtConfig, options: AuthenticatorOptions): Promise<TenantDirectory | null> {
  if (auth.tenantsFile === null) return null;
  return await TenantDirectory.open({
    path: auth.tenantsFile,
    keyedHash: options.keyedHash,
    logger: options.logger,
    ...(options.tenantsCheckIntervalMs === undefined ? {} : { checkIntervalMs: options.tenantsCheckIntervalMs }),
  });
}

function everybody(tenant: Tenant): Caller {
  return { tenant, scopes: ALL_SCOPES, allowedGroups: null, subject: null };
}

function unauthenticated(): BillingError {
  return new BillingError('UNAUTHENTICATED', 'The request is not authenticated.');
}

/** The part of a request that authentication reads. */
interface CallerHeaders {
  readonly headers: IncomingHttpHeaders;
}

/** A header that was sent exactly once; null when it is missing, empty or repeated. */
function singleHeader(request: CallerHeaders, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
