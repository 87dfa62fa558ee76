import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { parseNumericId } from '../domain/group-id.js';
import {
  commaList,
  defaulted,
  flag,
  hostName,
  integer,
  oneLine,
  optional,
  origin,
  type Setting,
  secret,
  serviceUrl,
  token,
  urlPath,
} from './setting.js';
import { spendingLimitsJson } from './spending-limits.js';

const EXPLORING_DEFAULT = 'true, false with NODE_ENV=production';

const groupId = z.string().transform((text, context) => {
  const id = parseNumericId(text);
  if (id !== null) return id;
  context.addIssue({ code: 'custom', message: 'must be a group id: 1 to 18 digits, greater than 0' });
  return z.NEVER;
});

const claimName = oneLine.max(200, 'is longer than 200 characters');

const ledgerUrl = z
  .string()
  .regex(/^(sqlite:(?!:memory:)[^\s?#]+|postgres(ql)?:\/\/\S+)$/, 'must be sqlite:PATH or postgres://…');

const cacheUrl = z.string().regex(/^(memory:|rediss?:\/\/\S+)$/, 'must be memory: or redis://…');

const publicKey = z
  .string()
  .transform((text) => text.replaceAll('\\n', '\n'))
  .refine(isPublicKey, 'must be a public key in PEM form (BEGIN PUBLIC KEY)');

function isPublicKey(pem: string): boolean {
  // Node would also accept a private key or a certificate, but neither belongs here.
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) return false;
  try {
    return createPublicKey(pem).type === 'public';
  } catch {
    return false;
  }
}

/**
 * All settings of the gateway. The validator, `--help`, `--print-config`, `docs/configuration.md` and `.env.example`
 * are made from this declaration.
 */
export const SETTINGS = {
  NODE_ENV: defaulted(oneLine, 'development', {
    section: 'Listening',
    description:
      '"production" switches off by default what helps exploration: introspection, pages, and CORS for Apollo Sandbox.',
  }),
  HOST: defaulted(oneLine.regex(/^[\w.:-]+$/, 'must be a host name or address'), '127.0.0.1', {
    section: 'Listening',
    description: 'Address to listen on. The container image sets 0.0.0.0.',
  }),
  PORT: defaulted(integer(0, 65_535), '4000', {
    section: 'Listening',
    description: 'Port to listen on; 0 lets the system choose.',
  }),
  DRAIN_DELAY_MS: defaulted(integer(0, 300_000), '0', {
    section: 'Listening',
    description:
      'Milliseconds for which a stopping gateway continues to serve while /ready returns 503, until the load ' +
      'balancer has noticed. ' +
      'With 0 it refuses requests that arrive meanwhile with 503.',
  }),
  DRAIN_TIMEOUT_MS: optional(integer(1_000, 900_000), {
    section: 'Listening',
    defaultText: 'WRITE_TIMEOUT_MS + 5000',
    description:
      'Longest wait of a stopping gateway for running operations, in milliseconds. ' +
      'Must be longer than WRITE_TIMEOUT_MS, so that no write is cut.',
  }),

  XTRACTA_URL: defaulted(serviceUrl, 'https://api-app.xtracta.com', {
    section: 'Xtracta',
    description: 'Base URL of the Xtracta API; /v1/billings/… is appended. http: is accepted for this machine only.',
  }),
  XTRACTA_API_KEY: secret(token, {
    section: 'Xtracta',
    description:
      'The Xtracta API key when there is one tenant. With TENANTS_FILE or AUTH=passthrough, the file or the caller ' +
      'has the keys.',
  }),
  XTRACTA_ROOT_GROUP_ID: optional(groupId, {
    section: 'Xtracta',
    example: '1001',
    description: "The API key's own group. When it is known, one recursive call reads many groups.",
  }),

  XTRACTA_CATALOGUE_PATH: defaulted(urlPath, '/v1/billings/plans', {
    section: 'Xtracta',
    description:
      "Path of the catalogue of plans and packs (the manual's Get Plans), relative to XTRACTA_URL. " +
      "The manual's public copy does not show the path; the default follows the sibling endpoints.",
  }),
  PLAN_SOURCE: defaulted(z.enum(['history', 'usage'], 'must be history or usage'), 'history', {
    section: 'Xtracta',
    description:
      'Source of the present plan. history: derived from the billing history; many groups share one call. ' +
      'usage: read from /v1/billings/usage, which has the id of the plan and the remaining documents; one call per ' +
      'group. ' +
      'Plans of other moments always come from the history.',
  }),

  CREDITS_URL: optional(serviceUrl, {
    section: 'Credits',
    example: 'https://accounts.example.com',
    description:
      'Base URL of the AccountAdminAPI; /api/v1/AccountAdminAPI/PurchaseCredits is appended. ' +
      'Not set: purchaseCredits returns NOT_CONFIGURED.',
  }),
  CREDITS_TOKEN: secret(token, {
    section: 'Credits',
    description: 'Static bearer token for PurchaseCredits. Either this or the three client-credential settings.',
  }),
  CREDITS_TOKEN_URL: optional(serviceUrl, {
    section: 'Credits',
    example: 'https://login.example.com/oauth2/token',
    description: 'OAuth 2 token endpoint for the client-credentials grant.',
  }),
  CREDITS_CLIENT_ID: optional(oneLine, {
    section: 'Credits',
    example: 'billing-gateway',
    description: 'OAuth 2 client id.',
  }),
  CREDITS_CLIENT_SECRET: secret(oneLine, { section: 'Credits', description: 'OAuth 2 client secret.' }),

  AUTH: optional(z.enum(['jwt', 'passthrough', 'none'], 'must be jwt, passthrough or none'), {
    section: 'Callers',
    defaultText: 'none: must be set',
    example: 'jwt',
    description:
      'Authentication of callers. jwt: a verified bearer token. ' +
      'passthrough: callers bring x-xtracta-api-key (and x-credits-authorization). none: everybody may call, for ' +
      'development.',
  }),
  ALLOW_UNAUTHENTICATED: defaulted(flag, 'false', {
    section: 'Callers',
    description:
      'Permits AUTH=none on an address that other machines can reach. Everybody who can reach it can then spend money.',
  }),
  JWT_JWKS_URL: optional(serviceUrl, {
    section: 'Callers',
    example: 'https://login.example.com/.well-known/jwks.json',
    description:
      'URL of the published verification keys. Keys rotate without a restart. Either this or JWT_PUBLIC_KEY.',
  }),
  JWT_PUBLIC_KEY: optional(publicKey, {
    section: 'Callers',
    fromFile: true,
    description: 'The one verification key, PEM (SPKI); line breaks may be written as \\n.',
  }),
  JWT_ISSUER: optional(oneLine, {
    section: 'Callers',
    example: 'https://login.example.com/',
    description: 'Required value of the token\'s "iss".',
  }),
  JWT_AUDIENCE: optional(commaList(oneLine), {
    section: 'Callers',
    example: 'billing',
    description: 'Accepted values of the token\'s "aud", comma separated.',
  }),
  JWT_TENANT_CLAIM: defaulted(claimName, 'tenant', {
    section: 'Callers',
    description: 'The claim that names the tenant.',
  }),
  JWT_GROUPS_CLAIM: defaulted(claimName, 'groups', {
    section: 'Callers',
    description:
      'The claim that lists the group ids a caller may name. Without it, only TENANTS_FILE limits the groups.',
  }),
  TENANTS_FILE: optional(oneLine.regex(/^[^{]/, 'must be the path of a file, not its content'), {
    section: 'Callers',
    example: '/etc/billing/tenants.yaml',
    description:
      "YAML or JSON file with each tenant's upstream credentials; re-read when it changes. " +
      "Without it every verified caller uses the environment's credentials.",
  }),
  ALLOWED_HOSTS: optional(commaList(hostName), {
    section: 'Callers',
    example: 'billing.example.com',
    description:
      'Host names, in addition to localhost and loopback addresses, that AUTH=none and the pages accept, comma ' +
      'separated, with or without a port. ' +
      'The gateway refuses other names with 421, because DNS rebinding would let any web page use it.',
  }),
  ROUTER_SECRET: secret(commaList(token.min(16, 'must have at least 16 characters each')), {
    section: 'Callers',
    description:
      'When set, every /graphql request must carry one of these in x-router-secret. A comma list allows rotation.',
  }),
  SAFELIST: optional(oneLine, {
    section: 'Callers',
    example: 'operations',
    description:
      'Folder of .graphql files, or JSON manifest, of the only documents that may run; everything else is FORBIDDEN. ' +
      'For direct clients only, because a federation router generates queries that are on no list. Read at the start.',
  }),

  LEDGER_URL: defaulted(ledgerUrl, 'sqlite:data/ledger.sqlite', {
    section: 'Ledger and cache',
    visibility: 'url',
    fromFile: true,
    description:
      'Store of the ledger of writes: sqlite:PATH for one replica, postgres://user:password@host/database for many.',
  }),
  CACHE_URL: defaulted(cacheUrl, 'memory:', {
    section: 'Ledger and cache',
    visibility: 'url',
    fromFile: true,
    description:
      'Store of persisted queries and rate limits: memory: for each replica on its own, or redis://… (rediss:// for ' +
      'TLS) for all together. ' +
      'No request fails when Redis is away.',
  }),

  READ_TIMEOUT_MS: defaulted(integer(100, 300_000), '8000', {
    section: 'Limits',
    description: 'Total deadline of one upstream read with all its attempts, in milliseconds.',
  }),
  WRITE_TIMEOUT_MS: defaulted(integer(1_000, 600_000), '30000', {
    section: 'Limits',
    description:
      'Total deadline of one upstream write, in milliseconds. After it the outcome is unknown, so be generous.',
  }),
  OPERATION_TIMEOUT_MS: defaulted(integer(1_000, 600_000), '30000', {
    section: 'Limits',
    description:
      'Deadline for all reads of one GraphQL operation together, in milliseconds. ' +
      'Values that are not read by then are missing, with an error. A write is never cancelled.',
  }),
  MAX_UPSTREAM_CALLS: defaulted(integer(1, 10_000), '100', {
    section: 'Limits',
    description: 'Upstream calls that one GraphQL operation may cause.',
  }),
  HISTORY_MERGE_WINDOWS: defaulted(flag, 'true', {
    section: 'Limits',
    description: 'Serves overlapping history windows of one operation from one upstream call.',
  }),
  STALE_READS_SECONDS: defaulted(integer(0, 86_400), '0', {
    section: 'Limits',
    description:
      'Greatest age of a cached response that replaces a read while Xtracta does not respond, in seconds; 0 ' +
      'switches this off. ' +
      'It is marked (Group.asOf, extensions.stale), and never returned after a write on the group. Each replica ' +
      'caches in its own memory.',
  }),
  RATE_LIMIT_WRITES_PER_MINUTE: defaulted(integer(0, 100_000), '60', {
    section: 'Limits',
    description:
      'Orders, plan changes and purchases per tenant and minute: in total with a Redis as CACHE_URL, else per ' +
      'replica; 0 is no limit.',
  }),
  RATE_LIMIT_BILLING_UI_PER_MINUTE: defaulted(integer(0, 100_000), '30', {
    section: 'Limits',
    description:
      'Billing UI sessions per tenant and minute: in total with a Redis as CACHE_URL, else per replica; 0 is no limit.',
  }),
  RATE_LIMIT_READS_PER_MINUTE: defaulted(integer(0, 10_000_000), '0', {
    section: 'Limits',
    description:
      'Queries per tenant and minute: in total with a Redis as CACHE_URL, else per replica; 0 is no limit. ' +
      'The gateway refuses further ones as RATE_LIMITED with Retry-After.',
  }),
  OPERATION_COST: defaulted(flag, 'false', {
    section: 'Limits',
    description:
      'Adds extensions.cost to each response: upstream calls that the reads of the operation asked for, made, saved, ' +
      'and have left of MAX_UPSTREAM_CALLS. Outside production the header x-upstream-calls: 1 adds it to one response.',
  }),

  DUPLICATE_WINDOW_SECONDS: defaulted(integer(0, 86_400), '300', {
    section: 'Limits',
    description:
      'Seconds after a successful write during which an equal one with another idempotencyKey is refused as ' +
      'POSSIBLE_DUPLICATE, ' +
      'unless it names that write in repeats; 0 switches this off.',
  }),
  SPENDING_LIMITS: optional(spendingLimitsJson, {
    section: 'Limits',
    example: '{"writesPerDay": 20, "spendPerDay": {"NZD": "1000"}, "maxQuantity": 10, "requirePrice": true}',
    description:
      'Limits of a tenant within 24 hours, as JSON: writesPerDay, spendPerDay by currency, maxQuantity of one ' +
      'order, requirePrice, frozen. ' +
      'With TENANTS_FILE each tenant has its own limits in the file.',
  }),

  INTROSPECTION: optional(flag, {
    section: 'Pages',
    defaultText: EXPLORING_DEFAULT,
    description: 'Permits introspection queries, and suggests names in error messages.',
  }),
  EXPLORER: optional(flag, {
    section: 'Pages',
    defaultText: EXPLORING_DEFAULT,
    description: 'Serves the landing page, GraphiQL at /graphiql and Apollo Sandbox at /graphql.',
  }),
  DEBUG_UI: optional(flag, {
    section: 'Pages',
    defaultText: EXPLORING_DEFAULT,
    description: 'Serves /debug: recent operations as waterfalls of upstream calls.',
  }),
  CORS_ORIGINS: optional(commaList(origin), {
    section: 'Pages',
    defaultText: "Apollo Sandbox's origins, none with NODE_ENV=production",
    example: 'https://app.example.com',
    description:
      'Origins whose pages may call /graphql, comma separated. ' +
      '`loopback` means every page on localhost, 127.0.0.1 or [::1].',
  }),

  LOG_LEVEL: defaulted(
    z.enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be fatal, error, warn, info, debug, trace or silent',
    ),
    'info',
    {
      section: 'Logging',
      description: 'Least severity that is logged: fatal, error, warn, info, debug, trace or silent.',
    },
  ),
  LOG_FORMAT: optional(z.enum(['json', 'pretty'], 'must be json or pretty'), {
    section: 'Logging',
    defaultText: 'json, pretty on a terminal',
    description: 'One JSON object per line, or lines for people.',
  }),
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof SETTINGS;

export type SettingValues = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never;
};

/** Origins of Apollo Sandbox's requests: the hosted one, and the frame of the embedded one. */
export const SANDBOX_ORIGINS = ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'] as const;
