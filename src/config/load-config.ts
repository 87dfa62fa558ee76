import type {
  AuthConfig,
  Config,
  ConfigProblem,
  ConfigResult,
  CreditsAuthorization,
  EnvironmentCredentials,
} from './config.js';
import { brokenRules, idleSettings, openDoors, unknownVariables } from './config-rules.js';
import { readSafelist } from './safelist-file.js';
import { isLoopbackHost, type Setting } from './setting.js';
import { parseSettings, settingNames } from './setting-values.js';
import { SANDBOX_ORIGINS, SETTINGS, type SettingValues } from './settings.js';
import { readTenantsFile } from './tenants-file.js';

// Time of a stop for the work after a write's deadline: the ledger and the response.
const DRAIN_AFTER_WRITE_MS = 5_000;

/**
 * Reads and checks the settings, the secret files and the tenants file. Returns either all problems or a configuration.
 * Uses no network. Messages name settings, never values.
 */
export async function loadConfig(env: Readonly<Record<string, string | undefined>>): Promise<ConfigResult> {
  const settings = parseSettings(env);
  const slips = unknownVariables(namesGiven(env), knownNames());
  const problems = [
    ...settings.problems,
    ...brokenRules(settings),
    ...slips.flatMap(({ name, meant }) => (meant === null ? [] : [slip(name, meant)])),
  ];
  const warnings = [
    ...idleSettings(settings),
    ...openDoors(settings),
    ...slips.flatMap(({ name, meant }) =>
      meant === null ? [{ setting: name, message: 'is not a setting of this gateway' }] : [],
    ),
  ];
  if (settings.values.AUTH === 'jwt' && settings.values.TENANTS_FILE !== null) {
    problems.push(...(await readTenantsFile(settings.values.TENANTS_FILE)).problems);
  }
  const safelist = settings.values.SAFELIST === null ? null : await readSafelist(settings.values.SAFELIST);
  problems.push(...(safelist?.problems ?? []));
  const config = problems.length > 0 ? null : toConfig(settings.values, safelist?.documents ?? null);
  return config === null ? { ok: false, problems, warnings } : { ok: true, config, warnings };
}

function namesGiven(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env).filter((name) => env[name] !== undefined && env[name] !== '');
}

function knownNames(): ReadonlySet<string> {
  return new Set(
    settingNames().flatMap((name) => {
      const setting: Setting<unknown> = SETTINGS[name];
      return setting.fromFile ? [name, `${name}_FILE`] : [name];
    }),
  );
}

function slip(name: string, meant: string): ConfigProblem {
  return { setting: name, message: `is not a setting of this gateway: did you mean ${meant}?` };
}

/** Null only where a rule of `brokenRules` has already reported the reason. */
function toConfig(values: SettingValues, safelist: Config['safelist']): Config | null {
  const auth = toAuth(values);
  if (auth === null) return null;
  const production = values.NODE_ENV === 'production';
  return {
    production,
    http: {
      host: values.HOST,
      port: values.PORT,
      corsOrigins: values.CORS_ORIGINS ?? (production ? [] : SANDBOX_ORIGINS),
      allowedHosts: values.ALLOWED_HOSTS ?? [],
      hostCheck: values.AUTH === 'none' ? 'everything' : 'pages',
      routerSecrets: values.ROUTER_SECRET ?? [],
      introspection: values.INTROSPECTION ?? !production,
      explorer: values.EXPLORER ?? !production,
      debugUi: values.DEBUG_UI ?? !production,
      drainDelayMs: values.DRAIN_DELAY_MS,
      drainTimeoutMs: values.DRAIN_TIMEOUT_MS ?? values.WRITE_TIMEOUT_MS + DRAIN_AFTER_WRITE_MS,
    },
    auth,
    xtracta: {
      url: values.XTRACTA_URL,
      loopback: isLoopbackHost(new URL(values.XTRACTA_URL).hostname),
      cataloguePath: values.XTRACTA_CATALOGUE_PATH,
      planSource: values.PLAN_SOURCE,
    },
    credits: values.CREDITS_URL === null ? null : { url: values.CREDITS_URL },
    ledger: { url: values.LEDGER_URL },
    cache: { url: values.CACHE_URL },
    limits: {
      readTimeoutMs: values.READ_TIMEOUT_MS,
      writeTimeoutMs: values.WRITE_TIMEOUT_MS,
      operationTimeoutMs: values.OPERATION_TIMEOUT_MS,
      maxUpstreamCalls: values.MAX_UPSTREAM_CALLS,
      mergeHistoryWindows: values.HISTORY_MERGE_WINDOWS,
      staleReadsMs: values.STALE_READS_SECONDS * 1000,
      writesPerMinute: values.RATE_LIMIT_WRITES_PER_MINUTE,
      billingUiPerMinute: values.RATE_LIMIT_BILLING_UI_PER_MINUTE,
      readsPerMinute: values.RATE_LIMIT_READS_PER_MINUTE,
      tellsCost: values.OPERATION_COST,
    },
    spending: { duplicateWindowMs: values.DUPLICATE_WINDOW_SECONDS * 1000, limits: values.SPENDING_LIMITS },
    safelist,
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT },
  };
}

function toAuth(values: SettingValues): AuthConfig | null {
  switch (values.AUTH) {
    case null:
      return null;
    case 'none':
      return { mode: 'none', environment: toEnvironment(values) };
    case 'passthrough':
      return { mode: 'passthrough' };
    case 'jwt': {
      const keys =
        values.JWT_PUBLIC_KEY === null
          ? values.JWT_JWKS_URL === null
            ? null
            : ({ kind: 'jwks', url: values.JWT_JWKS_URL } as const)
          : ({ kind: 'publicKey', pem: values.JWT_PUBLIC_KEY } as const);
      if (keys === null || values.JWT_ISSUER === null || values.JWT_AUDIENCE === null) return null;
      return {
        mode: 'jwt',
        keys,
        issuer: values.JWT_ISSUER,
        audience: values.JWT_AUDIENCE,
        tenantClaim: values.JWT_TENANT_CLAIM,
        groupsClaim: values.JWT_GROUPS_CLAIM,
        tenantsFile: values.TENANTS_FILE,
        environment: toEnvironment(values),
      };
    }
  }
}

function toEnvironment(values: SettingValues): EnvironmentCredentials {
  return {
    xtracta:
      values.XTRACTA_API_KEY === null
        ? null
        : { apiKey: values.XTRACTA_API_KEY, rootGroupId: values.XTRACTA_ROOT_GROUP_ID },
    credits: toCredits(values),
  };
}

function toCredits(values: SettingValues): CreditsAuthorization | null {
  if (values.CREDITS_TOKEN !== null) return { kind: 'bearer', token: values.CREDITS_TOKEN };
  const { CREDITS_TOKEN_URL: tokenUrl, CREDITS_CLIENT_ID: clientId, CREDITS_CLIENT_SECRET: clientSecret } = values;
  if (tokenUrl === null || clientId === null || clientSecret === null) return null;
  return { kind: 'clientCredentials', tokenUrl, clientId, clientSecret };
}
