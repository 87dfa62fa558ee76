import type { SpendingLimits } from '../domain/spending.js';
import type { SettingValues } from './settings.js';

/** Credentials of the environment for the AccountAdminAPI. */
export type CreditsAuthorization =
  | { readonly kind: 'bearer'; readonly token: string }
  | {
      readonly kind: 'clientCredentials';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
    };

/** Credentials of the one tenant that the environment describes. */
export interface EnvironmentCredentials {
  readonly xtracta: { readonly apiKey: string; readonly rootGroupId: string | null } | null;
  readonly credits: CreditsAuthorization | null;
}

export interface JwtConfig {
  readonly mode: 'jwt';
  readonly keys: { readonly kind: 'jwks'; readonly url: string } | { readonly kind: 'publicKey'; readonly pem: string };
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly tenantClaim: string;
  readonly groupsClaim: string;
  /** Null: every verified caller uses the environment's credentials. */
  readonly tenantsFile: string | null;
  readonly environment: EnvironmentCredentials;
}

export type AuthConfig =
  | JwtConfig
  | { readonly mode: 'passthrough' }
  | { readonly mode: 'none'; readonly environment: EnvironmentCredentials };

export interface HttpConfig {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly corsOrigins: readonly string[];
  /** Host names and addresses in addition to those of this machine, with or without a port. */
  readonly allowedHosts: readonly string[];
  /** Requests that must name such a host: all except probes, or only those for pages. */
  readonly hostCheck: 'everything' | 'pages';
  /** Empty: no router secret is required. */
  readonly routerSecrets: readonly string[];
  readonly introspection: boolean;
  readonly explorer: boolean;
  readonly debugUi: boolean;
  /** Milliseconds for which a stopping gateway continues to serve while `/ready` already returns 503. */
  readonly drainDelayMs: number;
  /** Longer than the write deadline, so that a stop cuts no write. */
  readonly drainTimeoutMs: number;
}

/** The gateway's effective, validated settings. They contain secrets, so print them with `printConfig` only. */
export interface Config {
  readonly production: boolean;
  readonly http: HttpConfig;
  readonly auth: AuthConfig;
  readonly xtracta: {
    /** Without a trailing slash. */
    readonly url: string;
    /** Whether the URL is on this machine. The billing UI's URL may be `http:` only then. */
    readonly loopback: boolean;
    /** Path of the catalogue of plans and packs; begins with a slash. */
    readonly cataloguePath: string;
    readonly planSource: SettingValues['PLAN_SOURCE'];
  };
  /** Null: `purchaseCredits` returns `NOT_CONFIGURED`. */
  readonly credits: { readonly url: string } | null;
  readonly ledger: { readonly url: string };
  readonly cache: { readonly url: string };
  readonly limits: {
    readonly readTimeoutMs: number;
    readonly writeTimeoutMs: number;
    /** Deadline for all reads of one operation. Writes continue. */
    readonly operationTimeoutMs: number;
    readonly maxUpstreamCalls: number;
    readonly mergeHistoryWindows: boolean;
    /** 0: no earlier response ever replaces a read. */
    readonly staleReadsMs: number;
    /** 0: no limit. */
    readonly writesPerMinute: number;
    readonly billingUiPerMinute: number;
    readonly readsPerMinute: number;
    /** Whether each response contains `extensions.cost`. */
    readonly tellsCost: boolean;
  };
  readonly spending: {
    /** 0: the gateway does not search for equal writes. */
    readonly duplicateWindowMs: number;
    /** Limits of each tenant that no tenants file describes; null: none. */
    readonly limits: SpendingLimits | null;
  };
  /** Texts of the only documents that may run; null: every document may. */
  readonly safelist: readonly string[] | null;
  readonly log: {
    readonly level: SettingValues['LOG_LEVEL'];
    /** Null: pretty on a terminal, else JSON. */
    readonly format: 'json' | 'pretty' | null;
  };
}

/** A setting that breaks a rule. The message never holds a value. */
export interface ConfigProblem {
  readonly setting: string;
  readonly message: string;
}

/** All problems at once, or a configuration with its warnings. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] };
