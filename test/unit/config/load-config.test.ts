import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { decide } from '../../../src/cli.js';
import type { Config } from '../../../src/config/config.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { parseTenantsFile } from '../../../src/config/tenants-file.js';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const CANARY = 'CANARY-s3cr3t';
const NONE = { AUTH: 'none', XTRACTA_API_KEY: CANARY };
const JWT = {
  AUTH: 'jwt',
  JWT_JWKS_URL: 'https://login.test/jwks',
  JWT_ISSUER: 'https://login.test/',
  JWT_AUDIENCE: 'billing',
  XTRACTA_API_KEY: CANARY,
};

async function configOf(env: Record<string, string>): Promise<Config> {
  const result = await loadConfig(env);
  if (!result.ok) throw new Error(result.problems.map(({ setting, message }) => `${setting} ${message}`).join('; '));
  return result.config;
}

describe('a configuration', () => {
  it('of the least settings has safe defaults', async () => {
    expect(await configOf(NONE)).toMatchObject({
      production: false,
      http: {
        host: '127.0.0.1',
        port: 4000,
        routerSecrets: [],
        introspection: true,
        explorer: true,
        drainTimeoutMs: 35_000,
      },
      auth: { mode: 'none', environment: { xtracta: { apiKey: CANARY, rootGroupId: null }, credits: null } },
      xtracta: {
        url: 'https://api-app.xtracta.com',
        loopback: false,
        cataloguePath: '/v1/billings/plans',
        planSource: 'history',
      },
      credits: null,
      ledger: { url: 'sqlite:data/ledger.sqlite' },
      limits: {
        readTimeoutMs: 8000,
        writeTimeoutMs: 30_000,
        operationTimeoutMs: 30_000,
        maxUpstreamCalls: 100,
        mergeHistoryWindows: true,
        staleReadsMs: 0,
      },
    });
  });

  it('for production shows nothing that helps exploring, unless told to', async () => {
    const { http } = await configOf({ ...NONE, NODE_ENV: 'production' });
    expect(http).toMatchObject({ introspection: false, explorer: false, debugUi: false, corsOrigins: [] });
    const told = await configOf({
      ...NONE,
      NODE_ENV: 'production',
      INTROSPECTION: 'true',
      CORS_ORIGINS: 'https://a.test, https://b.test:8443, loopback',
    });
    expect(told.http).toMatchObject({
      introspection: true,
      explorer: false,
      corsOrigins: ['https://a.test', 'https://b.test:8443', 'loopback'],
    });
  });

  it('takes every secret from a file, without its line end', async () => {
    const config = await configOf({
      ...NONE,
      XTRACTA_API_KEY: '',
      XTRACTA_API_KEY_FILE: fileWith('key', 'from-file\n'),
      CREDITS_URL: 'http://localhost:4010/credits/',
      CREDITS_TOKEN_FILE: fileWith('token', 'tok'),
      ROUTER_SECRET_FILE: fileWith('router', 'one-secret-0123456, other-secret-0123456'),
      LEDGER_URL_FILE: fileWith('ledger', 'postgres://u:p@db/billing'),
    });
    expect(config).toMatchObject({
      auth: { environment: { xtracta: { apiKey: 'from-file' }, credits: { kind: 'bearer', token: 'tok' } } },
      credits: { url: 'http://localhost:4010/credits' },
      http: { routerSecrets: ['one-secret-0123456', 'other-secret-0123456'] },
      ledger: { url: 'postgres://u:p@db/billing' },
    });
  });

  it('of AUTH=jwt has a key set or a key, an issuer and audiences', async () => {
    expect((await configOf({ ...JWT, JWT_AUDIENCE: 'billing, other' })).auth).toMatchObject({
      keys: { kind: 'jwks', url: 'https://login.test/jwks' },
      audience: ['billing', 'other'],
    });
    const pem = await configOf({ ...JWT, JWT_JWKS_URL: '', JWT_PUBLIC_KEY: pair.publicKey.replaceAll('\n', '\\n') });
    expect(pem.auth).toMatchObject({ keys: { kind: 'publicKey', pem: pair.publicKey } });
  });

  it('takes a root group in its canonical form', async () => {
    const { auth } = await configOf({ ...NONE, XTRACTA_ROOT_GROUP_ID: '007' });
    expect(auth).toMatchObject({ environment: { xtracta: { rootGroupId: '7' } } });
  });

  it('may let everybody in on an address that others reach only when told so', async () => {
    await expect(configOf({ ...NONE, HOST: '0.0.0.0' })).rejects.toThrow('AUTH none lets everybody');
    await expect(configOf({ ...NONE, HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'true' })).resolves.toBeDefined();
  });

  it('warns of settings that have no effect', async () => {
    const result = await loadConfig({
      AUTH: 'passthrough',
      XTRACTA_API_KEY: 'k',
      JWT_ISSUER: 'x',
      XTRACTA_REGION: 'eu',
      CACHE_PORT: 'tcp://1.2.3.4:6379',
    });
    expect(result.ok).toBe(true);
    expect(result.warnings.map(({ setting }) => setting)).toEqual(['XTRACTA_API_KEY', 'JWT_ISSUER', 'XTRACTA_REGION']);
  });

  it('ignores what belongs to others', async () => {
    const { warnings } = await loadConfig({
      ...NONE,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      POST: 'x',
      HOSTNAME: 'pod',
      LEDGER_SERVICE_HOST: '10.0.0.1',
      CREDITS_PORT_80_TCP_ADDR: '10.0.0.2',
      PATH: '/bin',
    });
    expect(warnings).toEqual([]);
  });
});

/** Each broken in its own way; the settings that must be named. */
const BROKEN: [string, Record<string, string>, string[]][] = [
  ['nothing set', {}, ['AUTH']],
  ['no key for the one tenant', { AUTH: 'none' }, ['XTRACTA_API_KEY']],
  ['an unknown mode', { ...NONE, AUTH: CANARY }, ['AUTH']],
  ['everybody let in from everywhere', { ...NONE, HOST: '10.0.0.1' }, ['AUTH']],
  ['jwt and nothing else', { AUTH: 'jwt' }, ['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE', 'XTRACTA_API_KEY']],
  ['two kinds of keys', { ...JWT, JWT_PUBLIC_KEY: pair.publicKey }, ['JWT_JWKS_URL']],
  ['a private key for a public one', { ...JWT, JWT_JWKS_URL: '', JWT_PUBLIC_KEY: pair.privateKey }, ['JWT_PUBLIC_KEY']],
  ['a tenants file that nobody uses', { ...NONE, TENANTS_FILE: 'x' }, ['TENANTS_FILE']],
  ['a tenants file that is not there', { ...JWT, TENANTS_FILE: '/nowhere' }, ['TENANTS_FILE']],
  [
    'a tenants file with three faults',
    {
      ...JWT,
      TENANTS_FILE: fileWith(
        'bad.yaml',
        `tenants: { a: { xtractaApiKey: [${CANARY}] }, b: { xtractaApiKey: x, allowedGroups: [0] }, c: { xtractaApiKy: ${CANARY} } }`,
      ),
    },
    ['TENANTS_FILE', 'TENANTS_FILE', 'TENANTS_FILE'],
  ],
  [
    'a tenants file with secrets given twice and halves',
    {
      ...JWT,
      TENANTS_FILE: fileWith(
        'bad2.yaml',
        `tenants: { a: { xtractaApiKey: ${CANARY}, xtractaApiKeyFile: x }, b: { xtractaApiKeyFile: /nowhere }, c: { xtractaApiKey: x, creditsClientId: c } }`,
      ),
    },
    ['TENANTS_FILE', 'TENANTS_FILE', 'TENANTS_FILE'],
  ],
  ...[
    ['no blank after a colon', `tenants: { a: { xtractaApiKey:${CANARY}, rootGroupId: "1" } }`],
    ['no blank after a colon, in place of a tenant', `tenants: { xtractaApiKey:${CANARY} }`],
    ['a key that YAML takes for an alias', `tenants: { a: { xtractaApiKey: *${CANARY} } }`],
    ['a key that YAML takes for a tag', `tenants: { a: { xtractaApiKey: !${CANARY} } }`],
    ['a comma in a key', `tenants: { a: { xtractaApiKey: x,${CANARY} } }`],
    ['a placeholder that nobody filled', `tenants: {{ ${CANARY} }}`],
    ['a limit without a colon', `tenants: { a: { xtractaApiKey: x, limits: { ${CANARY} } } }`],
    ['no currency', `tenants: { a: { xtractaApiKey: x, limits: { spendPerDay: { ${CANARY}: 1 } } } }`],
  ].map(([name = '', text = ''], at): (typeof BROKEN)[number] => [
    `a tenants file with ${name}`,
    { ...JWT, TENANTS_FILE: fileWith(`slip-${at}.yaml`, text) },
    ['TENANTS_FILE'],
  ]),
  ['limits of another name', { ...NONE, SPENDING_LIMITS: `{"${CANARY}": 1}` }, ['SPENDING_LIMITS']],
  ['limits in no currency', { ...NONE, SPENDING_LIMITS: `{"spendPerDay": {"${CANARY}": "1"}}` }, ['SPENDING_LIMITS']],
  ['limits that are no JSON', { ...NONE, SPENDING_LIMITS: `{${CANARY}` }, ['SPENDING_LIMITS']],
  ['a colon for an equals sign', { ...NONE, [`ROUTER_SECRET:${CANARY}`]: '=', PORT: 'x' }, ['PORT']],
  ['an upstream without TLS', { ...NONE, XTRACTA_URL: 'http://api.xtracta.test' }, ['XTRACTA_URL']],
  ['an upstream with a password', { ...NONE, XTRACTA_URL: `https://u:${CANARY}@api.xtracta.test` }, ['XTRACTA_URL']],
  ['an upstream that is no URL', { ...NONE, XTRACTA_URL: 'api.xtracta.test' }, ['XTRACTA_URL']],
  [
    'an upstream of another kind',
    { ...NONE, XTRACTA_URL: 'file:///etc/passwd', CREDITS_URL: 'ftp://x' },
    ['XTRACTA_URL', 'CREDITS_URL', 'CREDITS_TOKEN'],
  ],
  [
    'a catalogue outside of the upstream',
    { ...NONE, XTRACTA_CATALOGUE_PATH: '//x.test/y' },
    ['XTRACTA_CATALOGUE_PATH'],
  ],
  ['a catalogue above the upstream', { ...NONE, XTRACTA_CATALOGUE_PATH: '/v1/../plans' }, ['XTRACTA_CATALOGUE_PATH']],
  ['a catalogue with a query', { ...NONE, XTRACTA_CATALOGUE_PATH: '/plans?api_key=x' }, ['XTRACTA_CATALOGUE_PATH']],
  ['an unknown source of plans', { ...NONE, PLAN_SOURCE: CANARY }, ['PLAN_SOURCE']],
  ['credentials for no credits API', { ...NONE, CREDITS_TOKEN: CANARY }, ['CREDITS_URL']],
  ['a credits API without credentials', { ...NONE, CREDITS_URL: 'https://c.test' }, ['CREDITS_TOKEN']],
  [
    'both kinds of credits credentials, one of them half',
    { ...NONE, CREDITS_URL: 'https://c.test', CREDITS_TOKEN: CANARY, CREDITS_CLIENT_SECRET: CANARY },
    ['CREDITS_TOKEN', 'CREDITS_TOKEN_URL', 'CREDITS_CLIENT_ID'],
  ],
  ['a secret given twice', { ...NONE, XTRACTA_API_KEY_FILE: fileWith('twice', CANARY) }, ['XTRACTA_API_KEY']],
  ['a secret file that is not there', { AUTH: 'none', XTRACTA_API_KEY_FILE: '/nowhere' }, ['XTRACTA_API_KEY']],
  ['an empty secret file', { AUTH: 'none', XTRACTA_API_KEY_FILE: fileWith('empty', '\n') }, ['XTRACTA_API_KEY']],
  ['a key that no header could carry', { AUTH: 'none', XTRACTA_API_KEY: `${CANARY} with blanks` }, ['XTRACTA_API_KEY']],
  [
    'a router secret that can be guessed',
    { ...NONE, ROUTER_SECRET: 'long-enough-0123456789,short' },
    ['ROUTER_SECRET'],
  ],
  [
    'ledgers that are none',
    { ...NONE, LEDGER_URL: `mysql://u:${CANARY}@db`, CACHE_URL: `memcached://${CANARY}` },
    ['LEDGER_URL', 'CACHE_URL'],
  ],
  ['a ledger that forgets', { ...NONE, LEDGER_URL: 'sqlite::memory:' }, ['LEDGER_URL']],
  [
    'numbers that are none',
    { ...NONE, PORT: '70000', READ_TIMEOUT_MS: '8s', WRITE_TIMEOUT_MS: '-1', MAX_UPSTREAM_CALLS: '1e3' },
    ['PORT', 'READ_TIMEOUT_MS', 'WRITE_TIMEOUT_MS', 'MAX_UPSTREAM_CALLS'],
  ],
  ['a stop that cuts writes', { ...NONE, DRAIN_TIMEOUT_MS: '30000' }, ['DRAIN_TIMEOUT_MS']],
  [
    'flags that are none',
    { ...NONE, INTROSPECTION: 'yes', EXPLORER: '1', DEBUG_UI: 'on' },
    ['INTROSPECTION', 'EXPLORER', 'DEBUG_UI'],
  ],
  ['origins that are none', { ...NONE, CORS_ORIGINS: '*, https://a.test/path' }, ['CORS_ORIGINS']],
  [
    'slips of the pen',
    { ...NONE, ROUTER_SECRETS: CANARY, XTRACTA_APIKEY: CANARY, LEDGR_URL: 'x' },
    ['ROUTER_SECRETS', 'XTRACTA_APIKEY', 'LEDGR_URL'],
  ],
  ['a group that is none', { ...NONE, XTRACTA_ROOT_GROUP_ID: '0' }, ['XTRACTA_ROOT_GROUP_ID']],
  ['a log nobody knows', { ...NONE, LOG_LEVEL: 'loud', LOG_FORMAT: 'xml' }, ['LOG_LEVEL', 'LOG_FORMAT']],
];

describe('a broken configuration', () => {
  it.each(BROKEN)(
    'with %s is refused with all its problems in one list, exit code 1 and no secret shown',
    async (_name, env, settings) => {
      const result = await decide(['--check-config'], env);
      expect(result).toMatchObject({ kind: 'done', exitCode: 1, out: '' });
      const text = result.kind === 'done' ? result.err : '';
      const named = text.split('\n').flatMap((line) => /^ {2}([A-Z_]+) /.exec(line)?.[1] ?? []);
      expect(named.sort()).toEqual([...settings].sort());
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain('PRIVATE KEY');
    },
  );

  it('with everything wrong at once is listed at once', async () => {
    const all = Object.assign({}, ...BROKEN.slice(11).map(([, env]) => env)) as Record<string, string>;
    const result = await loadConfig({ ...all, AUTH: 'jwt', HOST: 'not a host' });
    expect(result.ok ? 0 : new Set(result.problems.map(({ setting }) => setting)).size).toBeGreaterThanOrEqual(20);
  });

  it('says what a slip of the pen was meant to be', async () => {
    const result = await loadConfig({ ...NONE, WRITE_TIMEOUTMS: '1', xtracta_url: 'x', CREDITS_CLIENT_SERCET: 'x' });
    expect(result.ok ? [] : result.problems.map(({ message }) => /did you mean (\w+)/.exec(message)?.[1])).toEqual([
      'WRITE_TIMEOUT_MS',
      'XTRACTA_URL',
      'CREDITS_CLIENT_SECRET',
    ]);
  });
});

describe('a tenants file with any slip of one character', () => {
  const KEY = 'zqxjvkwzqxjv';
  const TOKEN = 'wvuzyxwvuzyx';
  const pieces = [KEY, TOKEN].flatMap((secret) => Array.from({ length: 8 }, (_, at) => secret.slice(at, at + 5)));

  /** The text without one of its characters, and with one more at each place. */
  function* slipsOf(text: string): Generator<string> {
    for (let at = 0; at <= text.length; at += 1) {
      yield text.slice(0, at) + text.slice(at + 1);
      for (const more of ' :,{*#"\n') yield text.slice(0, at) + more + text.slice(at);
    }
  }

  it.each([
    [
      'lines',
      `tenants:\n  a:\n    xtractaApiKey: ${KEY}\n    creditsToken: ${TOKEN}\n    limits:\n      frozen: true\n`,
    ],
    ['brackets', `tenants: {a: {xtractaApiKey: ${KEY}, creditsToken: ${TOKEN}, limits: {spendPerDay: {NZD: 1}}}}`],
    ['JSON', `{"tenants": {"a": {"xtractaApiKey": "${KEY}", "creditsToken": "${TOKEN}", "limits": {"frozen": true}}}}`],
  ])('in %s is refused without a word of a secret, or is none', async (_name, text) => {
    expect((await parseTenantsFile('/nowhere/tenants.yaml', text)).problems).toEqual([]);
    const shown: string[] = [];
    let refused = 0;
    for (const slip of slipsOf(text)) {
      const messages = (await parseTenantsFile('/nowhere/tenants.yaml', slip)).problems.map(({ message }) => message);
      refused += messages.length > 0 ? 1 : 0;
      shown.push(...messages.filter((message) => pieces.some((piece) => message.includes(piece))));
    }
    expect(shown).toEqual([]);
    expect(refused).toBeGreaterThan(text.length);
  });
});
