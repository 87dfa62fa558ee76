import type { ConfigProblem } from './config.js';
import { isLoopbackHost } from './setting.js';
import type { ParsedSettings } from './setting-values.js';
import type { SettingName, SettingValues } from './settings.js';

/**
 * A rule over several settings. `absent` is true for a setting that was not given. An invalid one is reported on its
 * own.
 */
type Rule = (values: SettingValues, absent: (name: SettingName) => boolean) => (ConfigProblem | null)[];

const CLIENT_CREDENTIALS = ['CREDITS_TOKEN_URL', 'CREDITS_CLIENT_ID', 'CREDITS_CLIENT_SECRET'] as const;
const ENVIRONMENT_CREDENTIALS = [
  'XTRACTA_API_KEY',
  'XTRACTA_ROOT_GROUP_ID',
  'CREDITS_TOKEN',
  ...CLIENT_CREDENTIALS,
] as const;

const authIsChosen: Rule = (values, absent) => [
  when(absent('AUTH'), 'AUTH', 'must be set: jwt, passthrough or none'),
  when(
    values.AUTH === 'none' && !values.ALLOW_UNAUTHENTICATED && !isLoopbackHost(values.HOST),
    'AUTH',
    'none lets everybody who reaches HOST spend money: use jwt or passthrough, listen on 127.0.0.1, or set ' +
      'ALLOW_UNAUTHENTICATED=true',
  ),
];

const jwtIsComplete: Rule = (values, absent) => {
  if (values.AUTH !== 'jwt') return [];
  const keys = [!absent('JWT_JWKS_URL'), !absent('JWT_PUBLIC_KEY')].filter(Boolean).length;
  return [
    when(keys === 0, 'JWT_JWKS_URL', 'or JWT_PUBLIC_KEY is required with AUTH=jwt'),
    when(keys === 2, 'JWT_JWKS_URL', 'and JWT_PUBLIC_KEY are both set; set one of them'),
    when(absent('JWT_ISSUER'), 'JWT_ISSUER', 'is required with AUTH=jwt'),
    when(absent('JWT_AUDIENCE'), 'JWT_AUDIENCE', 'is required with AUTH=jwt'),
  ];
};

const upstreamKeyIsKnown: Rule = (values, absent) => {
  const fromEnvironment = values.AUTH === 'none' || (values.AUTH === 'jwt' && absent('TENANTS_FILE'));
  return [
    when(
      fromEnvironment && absent('XTRACTA_API_KEY'),
      'XTRACTA_API_KEY',
      values.AUTH === 'jwt' ? 'is required with AUTH=jwt unless TENANTS_FILE is set' : 'is required with AUTH=none',
    ),
    when(
      !absent('TENANTS_FILE') && (values.AUTH === 'none' || values.AUTH === 'passthrough'),
      'TENANTS_FILE',
      'has an effect with AUTH=jwt only',
    ),
  ];
};

const creditsAreComplete: Rule = (values, absent) => {
  const given = CLIENT_CREDENTIALS.filter((name) => !absent(name));
  const missing = given.length === 0 ? [] : CLIENT_CREDENTIALS.filter(absent);
  const any = given.length > 0 || !absent('CREDITS_TOKEN');
  const fromEnvironment = values.AUTH === 'none' || (values.AUTH === 'jwt' && absent('TENANTS_FILE'));
  return [
    when(any && absent('CREDITS_URL'), 'CREDITS_URL', 'is required when credentials for it are set'),
    when(
      given.length > 0 && !absent('CREDITS_TOKEN'),
      'CREDITS_TOKEN',
      `and ${given.join(', ')} exclude each other; set one kind of credentials`,
    ),
    ...missing.map((name) => problem(name, `is required with ${given.join(' and ')}`)),
    when(
      fromEnvironment && !absent('CREDITS_URL') && !any,
      'CREDITS_TOKEN',
      'or client credentials are required when CREDITS_URL is set',
    ),
  ];
};

const stopIsPatient: Rule = (values) => [
  when(
    values.DRAIN_TIMEOUT_MS !== null && values.DRAIN_TIMEOUT_MS <= values.WRITE_TIMEOUT_MS,
    'DRAIN_TIMEOUT_MS',
    'must be longer than WRITE_TIMEOUT_MS, or a stop cuts a write',
  ),
];

const limitsHaveAnEffect: Rule = (values, absent) => [
  when(
    !absent('SPENDING_LIMITS') && values.AUTH === 'jwt' && !absent('TENANTS_FILE'),
    'SPENDING_LIMITS',
    'has no effect with TENANTS_FILE: give each tenant its own limits there',
  ),
];

const RULES: readonly Rule[] = [
  authIsChosen,
  jwtIsComplete,
  upstreamKeyIsKnown,
  creditsAreComplete,
  stopIsPatient,
  limitsHaveAnEffect,
];

/** Problems between settings. Table-tested; no I/O. */
export function brokenRules(settings: ParsedSettings): ConfigProblem[] {
  const absent = (name: SettingName): boolean => settings.values[name] === null && !settings.invalid.has(name);
  return RULES.flatMap((rule) => rule(settings.values, absent)).filter((found) => found !== null);
}

/**
 * Settings that open more than is usually intended. They are permitted, and the gateway warns about them at each start.
 */
export function openDoors({ values }: ParsedSettings): ConfigProblem[] {
  const production = values.NODE_ENV === 'production';
  const pages = [
    { setting: 'EXPLORER', shown: values.EXPLORER ?? !production, what: 'the landing page, GraphiQL and Sandbox' },
    {
      setting: 'DEBUG_UI',
      shown: values.DEBUG_UI ?? !production,
      what: '/debug, which shows the operations of every caller',
    },
  ] as const;
  if (isLoopbackHost(values.HOST) || production) return [];
  return pages
    .filter(({ shown }) => shown)
    .map(({ setting, what }) =>
      problem(setting, `serves ${what}, to everybody who reaches HOST: set it to false, or NODE_ENV=production`),
    );
}

/** Settings without an effect, because of other settings. They are not wrong, but probably not intended. */
export function idleSettings(settings: ParsedSettings): ConfigProblem[] {
  const { values } = settings;
  const given = (name: SettingName): boolean => values[name] !== null;
  const fromElsewhere =
    values.AUTH === 'passthrough' ? 'AUTH=passthrough' : values.TENANTS_FILE === null ? null : 'TENANTS_FILE';
  return [
    ...ENVIRONMENT_CREDENTIALS.filter((name) => fromElsewhere !== null && given(name)).map((name) =>
      problem(
        name,
        `is not used: credentials come from ${fromElsewhere === 'TENANTS_FILE' ? 'TENANTS_FILE' : 'the caller'}`,
      ),
    ),
    ...(['JWT_JWKS_URL', 'JWT_PUBLIC_KEY', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const)
      .filter((name) => values.AUTH !== null && values.AUTH !== 'jwt' && given(name))
      .map((name) => problem(name, 'is not used without AUTH=jwt')),
    ...(given('SAFELIST') && given('ROUTER_SECRET')
      ? [
          problem(
            'SAFELIST',
            "refuses the queries that a federation router generates; keep the list in the router's own settings",
          ),
        ]
      : []),
  ];
}

function when(broken: boolean, setting: SettingName, message: string): ConfigProblem | null {
  return broken ? problem(setting, message) : null;
}

function problem(setting: SettingName, message: string): ConfigProblem {
  return { setting, message };
}

/** Prefixes that belong to this gateway's settings. The gateway warns about an unknown name with one of them. */
const OWN_PREFIX = /^(XTRACTA|CREDITS|JWT|LEDGER|CACHE|ROUTER|TENANTS|HISTORY|RATE_LIMIT|DRAIN)_\w*$/;

// Kubernetes sets such variables in every container for each service, whatever its name.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

const SHORTEST_NAME_TO_GUESS = 6;

/** A variable that is not a setting. `meant` is the setting that was probably intended, or null. */
interface UnknownVariable {
  readonly name: string;
  readonly meant: string | null;
}

/**
 * Variables that were probably intended for this gateway: one or two letters away from a setting's name, or with one of
 * its prefixes.
 */
export function unknownVariables(names: Iterable<string>, known: ReadonlySet<string>): UnknownVariable[] {
  const found: UnknownVariable[] = [];
  for (const name of names) {
    if (known.has(name) || SERVICE_LINK.test(name)) continue;
    const meant = nearest(name, known);
    if (meant !== null || OWN_PREFIX.test(name)) found.push({ name, meant });
  }
  return found;
}

function nearest(name: string, known: ReadonlySet<string>): string | null {
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    // Short names resemble too many others: POST is not a typing error for HOST.
    if (candidate.length < SHORTEST_NAME_TO_GUESS) continue;
    const limit = candidate.length < 10 ? 1 : 2;
    const distance = editDistance(name.toUpperCase(), candidate, limit);
    if (distance <= limit && (best === null || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name ?? null;
}

/**
 * Number of letters to insert, remove, replace or swap with their neighbour. Anything above `limit` becomes `limit +
 * 1`.
 */
export function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          at(previous, column) + 1,
          at(current, column - 1) + 1,
          at(previous, column - 1) + (same ? 0 : 1),
          row > 1 && column > 1 && swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = previous;
    previous = current;
  }
  return Math.min(at(previous, other.length), limit + 1);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
