import { parseArgs } from 'node:util';
import type { EnvironmentCredentials } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { parseSettings } from '../config/setting-values.js';
import { readTenantsFile } from '../config/tenants-file.js';
import {
  type Check,
  check,
  counted,
  open,
  type Probe,
  Prober,
  type Reach,
  reach,
  tokenCheck,
} from './doctor-checks.js';
import { examineXtracta } from './examine-xtracta.js';
import { type ReadingState, readingStates } from './open-readings.js';
import {
  type CommandOutput,
  columns,
  type Environment,
  jsonText,
  terminalText,
  UsageError,
  wrapped,
} from './ops-output.js';
import { writeRecording } from './recording.js';

export const DOCTOR_USAGE = `Usage: node dist/main.js doctor [--group ID] [--outside ID] [--tenant ID] [--timeout SECONDS] [--json] [--record FILE]

Examines the upstreams with the configured credentials, by reads alone: it orders, changes, buys and opens nothing.
Exit code 0: the gateway can work; 1: it cannot; 2: it can, with a doubt. It prints no secret.

  --group ID         the group to examine (default: XTRACTA_ROOT_GROUP_ID, else the key's own)
  --outside ID       a group that the key should not see, to learn how the upstream refuses it
  --tenant ID        the tenant, where TENANTS_FILE has more than one
  --timeout SECONDS  limit for the whole run (default 60)
  --json             one JSON object, for programs
  --record FILE      keeps the responses, with names, ids and figures masked by their form
`;

export interface DoctorReport {
  readonly result: 'works' | 'works with a doubt' | 'cannot work';
  readonly exitCode: 0 | 1 | 2;
  readonly checks: readonly Check[];
  readonly calls: readonly {
    readonly call: string;
    readonly httpStatus: number | null;
    readonly bytes: number;
    readonly ms: number;
  }[];
  /** The open questions of the upstreams' documents: the finding that settles each, or the means to settle it. */
  readonly readings: readonly ReadingState[];
}

const REACH_MS = 5_000;
/** `fine`: a difference that changes no response. `bad`: from here on, windows that end "now" lack rows. */
const SKEW_SECONDS = { fine: 5, bad: 60 } as const;
const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 21;

export async function doctorCommand(args: readonly string[], env: Environment): Promise<CommandOutput> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      group: { type: 'string' },
      outside: { type: 'string' },
      tenant: { type: 'string' },
      timeout: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      record: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { exitCode: 0, out: DOCTOR_USAGE, err: '' };
  for (const [name, id] of Object.entries({ group: values.group, outside: values.outside })) {
    if (id !== undefined && !/^[1-9]\d{0,17}$/.test(id)) throw new UsageError(`--${name} takes a group id.`);
  }
  if (!/^[1-9]\d{0,3}$/.test(values.timeout)) throw new UsageError('--timeout takes a number of seconds.');
  const { config, credentials, problems } = await configured(env, values.tenant);
  const deadlineMs = performance.now() + Number(values.timeout) * 1000;
  const probes: Probe[] = [];
  const checks =
    credentials === null
      ? problems
      : [...problems, ...(await examine({ config, credentials, values, deadlineMs }, probes))];
  const report = reportOf(checks, probes);
  const secrets = secretsOf(credentials);
  const notes = values.record === undefined ? '' : await writeRecording(values.record, probes, secrets, new Date());
  const out = withoutSecrets(values.json ? jsonText(report) : textOf(report), secrets);
  return { exitCode: report.exitCode, out, err: notes };
}

interface Configured {
  readonly config: Settings;
  /** Null: there are no credentials. */
  readonly credentials: EnvironmentCredentials | null;
  readonly problems: readonly Check[];
}

type Settings = ReturnType<typeof parseSettings>['values'];

/** Before the first day AUTH may not be decided yet. The doctor can examine the upstreams without it. */
async function configured(env: Environment, tenant: string | undefined): Promise<Configured> {
  const { values } = parseSettings(env);
  const given = values.AUTH === null ? { ...env, AUTH: 'none' } : env;
  const loaded = await loadConfig(given);
  const problems = [
    ...(values.AUTH === null
      ? [check('AUTH', 'doubt', null, 'AUTH is not set', 'the gateway does not start without it', 'AUTH')]
      : []),
    ...(loaded.ok ? [] : loaded.problems).map(({ setting, message }) =>
      check(setting, 'fail', null, `${setting} ${message}`, 'the gateway does not start', setting),
    ),
  ];
  if (!loaded.ok) return { config: values, credentials: null, problems };
  if (values.TENANTS_FILE === null || values.AUTH !== 'jwt') {
    return { config: values, credentials: environmentCredentials(values), problems };
  }
  const { tenants } = await readTenantsFile(values.TENANTS_FILE);
  const [first, ...more] = tenants;
  if (tenant === undefined && more.length > 0)
    throw new UsageError(`--tenant takes one of the ${tenants.length} tenants of TENANTS_FILE.`);
  const chosen = tenant === undefined ? first : tenants.find(({ id }) => id === tenant);
  if (chosen === undefined) throw new UsageError('TENANTS_FILE has no such tenant.');
  return { config: values, credentials: chosen.credentials, problems };
}

function environmentCredentials(values: Settings): EnvironmentCredentials {
  const { CREDITS_TOKEN_URL: tokenUrl, CREDITS_CLIENT_ID: clientId, CREDITS_CLIENT_SECRET: clientSecret } = values;
  const hasClient = tokenUrl !== null && clientId !== null && clientSecret !== null;
  return {
    xtracta:
      values.XTRACTA_API_KEY === null
        ? null
        : { apiKey: values.XTRACTA_API_KEY, rootGroupId: values.XTRACTA_ROOT_GROUP_ID },
    credits:
      values.CREDITS_TOKEN !== null
        ? { kind: 'bearer', token: values.CREDITS_TOKEN }
        : hasClient
          ? { kind: 'clientCredentials', tokenUrl, clientId, clientSecret }
          : null,
  };
}

interface Examination {
  readonly config: Settings;
  readonly credentials: EnvironmentCredentials;
  readonly values: { readonly group?: string | undefined; readonly outside?: string | undefined };
  readonly deadlineMs: number;
}

async function examine(
  { config, credentials, values, deadlineMs }: Examination,
  probes: Probe[],
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const baseUrl = config.XTRACTA_URL.replace(/\/+$/, '');
  // At most a quarter of the remaining time, because the reads need most of it. No longer than the gateway would wait.
  const left = (limitMs: number): number =>
    Math.max(1, Math.min(REACH_MS, limitMs, (deadlineMs - performance.now()) / 4));
  const xtracta = await reach(baseUrl, left(config.READ_TIMEOUT_MS));
  checks.push(...reachChecks('xtracta', 'XTRACTA_URL', xtracta));
  if (credentials.xtracta === null) {
    checks.push(check('credential', 'fail', null, 'no api key is set', 'nothing can be read', 'XTRACTA_API_KEY'));
  } else if (!cannotConnect(xtracta)) {
    const prober = new Prober({
      baseUrl,
      cataloguePath: config.XTRACTA_CATALOGUE_PATH,
      apiKey: credentials.xtracta.apiKey,
      readTimeoutMs: config.READ_TIMEOUT_MS,
      deadlineMs,
    });
    const account = {
      groupId: values.group ?? null,
      rootGroupId: credentials.xtracta.rootGroupId,
      outsideGroupId: values.outside ?? null,
      planSource: config.PLAN_SOURCE,
    };
    checks.push(...(await examineXtracta(prober, account, Date.now())));
    prober.close();
    probes.push(...prober.probes);
  }
  checks.push(...(await creditsChecks(config, credentials, () => left(config.WRITE_TIMEOUT_MS))));
  return checks;
}

async function creditsChecks(
  config: Settings,
  { credits }: EnvironmentCredentials,
  left: () => number,
): Promise<readonly Check[]> {
  if (config.CREDITS_URL === null) {
    return [
      check(
        'credits',
        'ok',
        'not configured',
        'CREDITS_URL is not set',
        'purchaseCredits is NOT_CONFIGURED',
        'CREDITS_URL',
      ),
    ];
  }
  const api = reachChecks('credits', 'CREDITS_URL', await reach(config.CREDITS_URL, left()));
  if (credits === null) {
    return [
      ...api,
      check(
        'token',
        'doubt',
        null,
        'no credentials for credits are set',
        'purchaseCredits is NOT_CONFIGURED',
        'CREDITS_TOKEN',
      ),
    ];
  }
  if (credits.kind === 'bearer') {
    return [...api, open('token', 'a static token is set; the documented API has no read that could test it')];
  }
  const endpoint = await reach(credits.tokenUrl, left());
  const token = reachChecks('token endpoint', 'CREDITS_TOKEN_URL', endpoint);
  return [...api, ...token, ...(cannotConnect(endpoint) ? [] : [await tokenCheck(credits, left())])];
}

/** Whether no connection is possible. A server may refuse or ignore a HEAD request and still serve reads. */
function cannotConnect({ fault }: Reach): boolean {
  return fault !== null && fault !== 'timeout' && fault !== 'ECONNRESET' && !fault.startsWith('HPE_');
}

function reachChecks(name: string, setting: string, found: Reach): readonly Check[] {
  const { host, addresses, tls, fault, clockSkewSeconds } = found;
  if (addresses === null) {
    return [check(`${name} name`, 'fail', null, `${host} cannot be resolved`, 'nothing can be sent', setting)];
  }
  const resolved = check(
    `${name} name`,
    'ok',
    'resolved',
    `${host} has ${counted(addresses.length, 'address', 'addresses')}`,
    'the name is known',
  );
  if (cannotConnect(found)) {
    return [
      resolved,
      check(
        `${name} connection`,
        'fail',
        fault,
        faultText(fault ?? ''),
        'no connection is possible, so nothing can be sent',
        setting,
      ),
    ];
  }
  return [resolved, connectionCheck(name, setting, tls, fault), clockCheck(name, clockSkewSeconds)];
}

function connectionCheck(name: string, setting: string, tls: Reach['tls'], fault: string | null): Check {
  if (fault !== null) {
    return check(
      `${name} connection`,
      'doubt',
      fault,
      `a HEAD request to the base URL: ${faultText(fault)}`,
      'reads may still work',
      setting,
    );
  }
  if (tls === null)
    return check(
      `${name} connection`,
      'ok',
      'http',
      'plain HTTP on this machine',
      'a stand-in, not the upstream',
      setting,
    );
  const days = tls.expiresAt === null ? null : Math.floor((tls.expiresAt.getTime() - Date.now()) / DAY_MS);
  const isSoon = days !== null && days < CERTIFICATE_DAYS;
  const seen = `${tls.protocol}, the certificate ends in ${days ?? 'an unknown number of'} days`;
  return check(
    `${name} connection`,
    isSoon ? 'doubt' : 'ok',
    tls.protocol,
    seen,
    isSoon ? 'no connection is possible after that' : 'verified',
  );
}

function clockCheck(name: string, skew: number | null): Check {
  if (skew === null) return open(`${name} clock`, 'there is no response with a Date header');
  const seconds = Math.round(skew);
  const size = Math.abs(seconds);
  const seen = size === 0 ? 'the clocks agree' : `this machine is ${size} seconds ${seconds > 0 ? 'ahead' : 'behind'}`;
  const verdict = size <= SKEW_SECONDS.fine ? 'ok' : size <= SKEW_SECONDS.bad ? 'doubt' : 'fail';
  return check(
    `${name} clock`,
    verdict,
    String(seconds),
    seen,
    verdict === 'ok'
      ? 'windows end at the right moment'
      : 'histories may lack the newest rows, and plans may change at the wrong moment',
    verdict === 'ok' ? null : 'the clock of this machine',
  );
}

const UNTRUSTED = 'is signed by nobody whom this machine trusts; a private authority goes into NODE_EXTRA_CA_CERTS';

const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet, or the clock of this machine is slow',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

function faultText(fault: string): string {
  if (fault === 'timeout') return 'no response in time';
  if (fault === 'ECONNREFUSED') return 'the connection is refused';
  if (fault === 'ECONNRESET') return 'the connection is reset';
  const certificate = CERTIFICATE_FAULTS[fault];
  if (certificate !== undefined) return `the TLS connection fails: the certificate ${certificate} (${fault})`;
  if (/^(?:CERT_|DEPTH_|UNABLE_|SELF_|ERR_TLS|ERR_SSL|EPROTO)/.test(fault))
    return `the TLS connection fails (${fault})`;
  return `it fails (${fault.replace(/[^A-Z0-9_]/gi, '').slice(0, 40)})`;
}

function reportOf(checks: readonly Check[], probes: readonly Probe[]): DoctorReport {
  const failed = checks.some(({ verdict }) => verdict === 'fail');
  const doubted = checks.some(({ verdict }) => verdict === 'doubt');
  return {
    result: failed ? 'cannot work' : doubted ? 'works with a doubt' : 'works',
    exitCode: failed ? 1 : doubted ? 2 : 0,
    checks,
    calls: probes.map(({ label, result, durationMs }) => ({
      call: label,
      httpStatus: result.status,
      bytes: result.bytes,
      ms: Math.round(durationMs),
    })),
    readings: readingStates(checks),
  };
}

function secretsOf(credentials: EnvironmentCredentials | null): readonly string[] {
  const { xtracta = null, credits = null } = credentials ?? {};
  return [
    ...(xtracta === null ? [] : [xtracta.apiKey]),
    ...(credits === null ? [] : credits.kind === 'bearer' ? [credits.token] : [credits.clientSecret]),
  ];
}

/**
 * Second lock against printing credentials. The first: the doctor prints no text in which an upstream could echo a
 * credential.
 */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[removed]'), text);
}

const WIDTH = 150;

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function textOf({ result, checks, calls, readings }: DoctorReport): string {
  const rows = checks.map(({ name, verdict, seen, means, setting }) => [
    verdict.toUpperCase(),
    name,
    `${sentence(seen)} ${sentence(means)}${setting === null ? '' : ` [${setting}]`}`,
  ]);
  const label = Math.max(...rows.map(([, name = '']) => name.length));
  const table = rows.map(([verdict = '', name = '', text = '']) =>
    wrapped(`${verdict.padEnd(6)}${name.padEnd(label)}  ${terminalText(text)}`, WIDTH, ' '.repeat(label + 8)),
  );
  const settled = readings.filter((reading) => reading.settled);
  const still = readings.filter((reading) => !reading.settled);
  return [
    `Result: ${result}\n`,
    ...table.map((line) => `${line}\n`),
    '\nCalls\n',
    columns(
      calls.map(({ call, httpStatus, bytes, ms }) => [
        call,
        httpStatus === null ? '-' : `HTTP ${httpStatus}`,
        `${bytes} bytes`,
        `${ms} ms`,
      ]),
    ),
    `\nOpen readings of the documents: ${settled.length} settled, ${still.length} still open\n`,
    // Where nothing could be read, a list of what was not read would only hide why.
    ...(settled.length === 0 ? [] : still).map(
      ({ number, about, how }) =>
        `  ${String(number).padStart(2)}  ${wrapped(`${about}: ${how}`, WIDTH - 6, '      ')}\n`,
    ),
  ].join('');
}
