import type { SpendingLimits } from '../domain/spending.js';
import type { SettingValues } from './settings.js';

/** How the gateway authorises at the AccountAdminAPI with the environment's own credentials. */
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
  /** Host names and addresses beside those of this machine, with or without a port. */
  readonly allowedHosts: readonly string[];
  /** Which requests must name such a host: all but probes, or those for pages. */
  readonly hostCheck: 'everything' | 'pages';
  /** Empty: no router secret is asked for. */
  readonly routerSecrets: readonly string[];
  readonly introspection: boolean;
  readonly explorer: boolean;
  readonly debugUi: boolean;
  /** How long a stop goes on serving while `/ready` already says 503. */
  readonly drainDelayMs: number;
  /** Longer than the write deadline, so that no write is cut by a stop. */
  readonly drainTimeoutMs: number;
}

/** The gateway's effective, validated settings. Holds secrets: print it with `printConfig` only. */
export interface Config {
  readonly production: boolean;
  readonly http: HttpConfig;
  readonly auth: AuthConfig;
  readonly xtracta: {
    /** Without a trailing slash. */
    readonly url: string;
    /** The billing UI's URL may be `http:` only then. */
    readonly loopback: boolean;
    /** Of the catalogue of plans and packs; begins with a slash. */
    readonly cataloguePath: string;
    readonly planSource: SettingValues['PLAN_SOURCE'];
  };
  /** Null: `purchaseCredits` answers `NOT_CONFIGURED`. */
  readonly credits: { readonly url: string } | null;
  readonly ledger: { readonly url: string };
  readonly cache: { readonly url: string };
  readonly limits: {
    readonly readTimeoutMs: number;
    readonly writeTimeoutMs: number;
    /** For all reads of one operation; writes go on. */
    readonly operationTimeoutMs: number;
    readonly maxUpstreamCalls: number;
    readonly mergeHistoryWindows: boolean;
    /** 0: no earlier answer ever stands in for a read. */
    readonly staleReadsMs: number;
    /** 0: no limit. */
    readonly writesPerMinute: number;
    readonly billingUiPerMinute: number;
    readonly readsPerMinute: number;
    /** Whether each response tells its `extensions.cost`. */
    readonly tellsCost: boolean;
  };
  readonly spending: {
    /** 0: equal writes are not looked for. */
    readonly duplicateWindowMs: number;
    /** Of each tenant that no tenants file describes; null: none. */
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

/** All problems at once, or a configuration with what is odd about it. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] };
