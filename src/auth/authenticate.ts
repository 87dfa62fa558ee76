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
  /** Names credentials in ledger rows, cache keys and logs. */
  readonly keyedHash: KeyedHash;
  readonly logger: Logger;
  /** Of each tenant that no tenants file describes. Absent: none. */
  readonly limits?: SpendingLimits | null;
  /** For tests: pace of the key set and of the tenants file. */
  readonly remoteKeys?: Omit<RemoteKeysOptions, 'onFailure'>;
  readonly tenantsCheckIntervalMs?: number;
}

export interface Authenticator {
  /**
   * Throws `BillingError`: `UNAUTHENTICATED` with one message whatever is wrong, or `FORBIDDEN` for an unknown tenant.
   */
  readonly authenticate: (request: CallerHeaders) => Promise<Caller>;
  /** A tenant by its id, for work that no request asked for; null when its credentials are not kept here. */
  readonly tenantById: (tenantId: string) => Tenant | null;
  /**
   * The tenants that settings or the tenants file describe, as they stand now. None where callers bring their own
   * credentials.
   */
  readonly tenants: () => readonly Tenant[];
  /** Whether the tenants file holds a version that was refused. */
  readonly tenantsFileRefused: () => boolean;
  /** Stops looking at the tenants file. */
  readonly close: () => void;
}

type Authenticate = Authenticator['authenticate'];

/** The tenant when the environment's credentials serve everybody. */
const SOLE_TENANT = 'default';
const NO_FILE = { tenantsFileRefused: () => false, close: () => undefined } as const;
const ALL_SCOPES = new Set(SCOPES);
const BEARER = /^Bearer +([\w.~+/=-]+)$/i;
const API_KEY = /^[\x21-\x7e]{1,1024}$/;
const AUTHORIZATION = /^[\x20-\x7e]{1,8192}$/;

/**
 * Makes the one place that decides who calls. Throws `BillingError` `NOT_CONFIGURED` when the tenants file is not
 * valid.
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

/** What authentication looks at of a request. */
interface CallerHeaders {
  readonly headers: IncomingHttpHeaders;
}

/** A header that was sent exactly once; null when it is missing, empty or repeated. */
function singleHeader(request: CallerHeaders, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
