import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { BillingActivity } from '../../src/domain/billing-history.js';
import type { DoctorReport } from '../../src/ops/doctor.command.js';
import { rowChecks } from '../../src/ops/history-checks.js';
import { runOpsCommand } from '../../src/ops/ops.command.js';
import { TOGGLES, type ToggleName } from '../../src/simulator/world-toggles.js';
import {
  chunkedResponse,
  closedResponse,
  drip,
  flood,
  hang,
  headOnly,
  httpResponse,
  type RawHandler,
  type RawUpstreamOptions,
  raw,
  redirect,
  reset,
  shortResponse,
  startRawUpstream,
} from '../support/raw-upstream.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { activity } from '../unit/reads/activity.fixture.js';

// One run is about twelve reads, one after the other.
jest.setTimeout(30_000);

let simulator: TestSimulator;
let folder: string;

beforeAll(async () => {
  simulator = await startTestSimulator();
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});

afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true });
});

const OUTSIDE = '900001';

function envOf({ apiKey }: TestWorld, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { AUTH: 'none', XTRACTA_URL: simulator.url, XTRACTA_API_KEY: apiKey, ...more };
}

async function doctor(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ readonly report: DoctorReport; readonly exitCode: number; readonly out: string }> {
  const { exitCode, out, err } = await runOpsCommand('doctor', ['--json', ...args], env);
  expect(err).not.toContain('Usage');
  return { report: JSON.parse(out), exitCode, out };
}

function found(report: DoctorReport, name: string): string | null | undefined {
  return report.checks.find((check) => check.name === name)?.value;
}

/** The doctor's own words for values of toggles, where they differ. */
const WORDS: Readonly<Record<string, string>> = {
  'dateFormat=auckland': 'offset',
  'creditAmount=unused': 'whole',
};

/** Toggles that reads can see. The others are about what writes, purchases and links do. */
const READ_TOGGLES = [
  'historyFilter',
  'historyOrder',
  'emptyHistory',
  'historyDates',
  'activityGroupId',
  'activityIdZeros',
  'creditAmount',
  'dateFormat',
  'closeOldPeriod',
  'foreignGroup',
  'usageWithoutPlan',
  'catalogueShape',
  'catalogueCurrency',
] as const satisfies readonly ToggleName[];

/**
 * Enough worlds for each value of every toggle: all toggles advance together, each through its own values. Rows without
 * a group hide other checks on rows of many groups, so that value has a world of its own.
 */
const WORLDS: readonly Readonly<Partial<Record<ToggleName, string>>>[] = [
  ...Array.from({ length: Math.max(...READ_TOGGLES.map((toggle) => TOGGLES[toggle].length)) }, (_, turn) =>
    Object.fromEntries(
      READ_TOGGLES.filter((toggle) => toggle !== 'activityGroupId').map((toggle) => {
        const values: readonly string[] = TOGGLES[toggle];
        return [toggle, values[turn % values.length] ?? ''];
      }),
    ),
  ),
  { activityGroupId: 'no' },
];

/** A world with events: a plan was changed, a pack was ordered. */
async function livedIn(label: string, toggles: Readonly<Record<string, string>>): Promise<TestWorld> {
  const fresh = simulator.freshWorld(label);
  fresh.world.setToggles(toggles);
  await write(fresh, 'update', { plan_id: '113', purge: 'process' });
  await write(fresh, 'booster', { pack_id: '1223', purge: 'process', quantity: '1' });
  return fresh;
}

async function write({ apiKey }: TestWorld, endpoint: string, form: Readonly<Record<string, string>>): Promise<void> {
  const body = new URLSearchParams({ api_key: apiKey, group_id: '100000', ...form });
  const response = await fetch(`${simulator.url}/v1/billings/${endpoint}`, { method: 'POST', body });
  expect(response.status).toBe(200);
}

it('a period that a change ends in its first second overlaps nothing, whatever the order of the rows', () => {
  const [startMs, laterMs] = [Date.UTC(2026, 10, 30), Date.UTC(2026, 11, 30)];
  const replaced = activity({ id: '1', startMs, expiryMs: startMs });
  const now = activity({ id: '2', kind: 'UPGRADE', startMs, expiryMs: laterMs });
  const overlapOf = (...rows: BillingActivity[]) =>
    rowChecks(rows).find(({ name }) => name === 'closeOldPeriod')?.value;
  expect([overlapOf(now, replaced), overlapOf(replaced, now)]).toEqual(['yes', 'yes']);
  expect(overlapOf(now, { ...replaced, expiryMs: laterMs })).toBe('no');
});

describe("doctor, against the simulator's", () => {
  it.each(WORLDS)('%j, finds each of them', async (toggles) => {
    const world = await livedIn('toggles', toggles);
    const { report } = await doctor(envOf(world), '--group', '100000', '--outside', OUTSIDE);
    const expected = Object.entries(toggles).map(([toggle, value]) => [toggle, WORDS[`${toggle}=${value}`] ?? value]);
    expect(expected.map(([toggle = '']) => [toggle, found(report, toggle)])).toEqual(expected);
    // Rows that name no group tell nothing of groups below.
    expect(found(report, 'recursion')).toBe(toggles['activityGroupId'] === 'no' ? null : 'yes');
  });

  it('toggles leaves none of them out', () => {
    const covered = (toggle: ToggleName): Set<string> => new Set(WORLDS.flatMap((world) => world[toggle] ?? []));
    for (const toggle of READ_TOGGLES) {
      const expected = toggle === 'activityGroupId' ? ['no'] : TOGGLES[toggle];
      expect([...covered(toggle)].sort()).toEqual([...expected].sort());
    }
  });

  it('boosters finds them where they are, and says where they are not that it cannot tell', async () => {
    const yes = await doctor(envOf(await livedIn('boosters-yes', {})));
    expect(found(yes.report, 'boostersInHistory')).toBe('yes');
    const no = await doctor(envOf(await livedIn('boosters-no', { boostersInHistory: 'no' })));
    expect(found(no.report, 'boostersInHistory')).toBeNull();
  });

  it('write endpoints never hears of it', async () => {
    const fresh = simulator.freshWorld('reads-alone');
    await doctor(envOf(fresh), '--outside', OUTSIDE);
    const counts = fresh.world.journal.counts();
    expect(counts['history']?.received).toBeGreaterThan(5);
    for (const endpoint of ['booster', 'update', 'billing_ui', 'purchase'] as const) {
      expect(counts[endpoint]).toBeUndefined();
    }
  });
});

describe('doctor', () => {
  it('finds an account that works, and says what is settled and what is still open', async () => {
    const env = envOf(await livedIn('works', {}), {
      XTRACTA_ROOT_GROUP_ID: '100000',
      CREDITS_URL: simulator.url,
      CREDITS_TOKEN_URL: `${simulator.url}/Token`,
      CREDITS_CLIENT_ID: 'demo-credits-client',
      CREDITS_CLIENT_SECRET: 'demo-credits-secret',
    });
    const { report, exitCode, out } = await doctor(env, '--outside', OUTSIDE);
    expect(found(report, 'activityGroupId')).toBe('yes');
    expect(report.checks.filter(({ verdict }) => verdict === 'doubt' || verdict === 'fail')).toEqual([]);
    expect({ exitCode, result: report.result }).toEqual({ exitCode: 0, result: 'works' });
    expect(report.readings).toHaveLength(45);
    expect(report.readings.map(({ number }) => number)).toEqual(Array.from({ length: 45 }, (_, index) => index + 1));
    for (const { how } of report.readings) expect(how).not.toBe('');
    expect(report.readings.filter(({ settled }) => settled).length).toBeGreaterThan(24);
    expect(report.readings.find(({ number }) => number === 24)).toMatchObject({ settled: false, how: 'needs a write' });
    expect(report.calls.length).toBeGreaterThan(8);
    expect(out).not.toContain(env['XTRACTA_API_KEY']);
    expect(out).not.toContain('demo-credits-secret');
  });

  it('says which setting a wrong key, a wrong client and a wrong root group are', async () => {
    const wrongKey = await doctor({ AUTH: 'none', XTRACTA_URL: simulator.url, XTRACTA_API_KEY: 'nobody-knows-this' });
    expect(wrongKey.exitCode).toBe(1);
    expect(wrongKey.report.checks).toContainEqual(
      expect.objectContaining({
        name: 'credential',
        verdict: 'fail',
        setting: expect.stringContaining('XTRACTA_API_KEY'),
      }),
    );
    const world = simulator.freshWorld('wrong');
    const wrong = await doctor(
      envOf(world, {
        XTRACTA_ROOT_GROUP_ID: '100001',
        CREDITS_URL: simulator.url,
        CREDITS_TOKEN_URL: `${simulator.url}/Token`,
        CREDITS_CLIENT_ID: 'somebody',
        CREDITS_CLIENT_SECRET: 'not-the-secret',
      }),
    );
    expect(wrong.exitCode).toBe(1);
    const failed = wrong.report.checks.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name);
    expect(failed).toEqual(['ownGroup', 'token']);
  });

  it('lists what is wrong with the settings, and asks nobody', async () => {
    const { report, exitCode } = await doctor({ AUTH: 'none', XTRACTA_URL: 'ftp://x', XTRACTA_API_KEY: 'k' });
    expect(exitCode).toBe(1);
    expect(report.checks).toMatchObject([{ name: 'XTRACTA_URL', verdict: 'fail' }]);
    expect(report.calls).toEqual([]);
  });

  it('keeps masked responses that read as the real ones did', async () => {
    const world = await livedIn('record', {});
    const file = join(folder, 'recording.json');
    await doctor(envOf(world), '--group', '100007', '--record', file);
    const text = await readFile(file, 'utf8');
    for (const theirs of ['Zoë', 'Business 1000', 'Demo Holdings', '100007', '450.50', world.apiKey]) {
      expect(text).not.toContain(theirs);
    }
    for (const form of ['renew', 'Monthly', 'NZD', '+00:00', 'The request has been successfully processed']) {
      expect(text).toContain(form);
    }
    const again = await runOpsCommand('doctor', ['--record', file], envOf(world));
    expect(again.err).toContain('not there yet');
  });
});

const SILENCE = hang();
const KEY = 'key-that-must-not-be-printed';
const SECRET = 'secret-that-must-not-be-printed';
const JSON_TYPE = { 'content-type': 'application/json' };
const SELF_SIGNED = {
  key: readFileSync('test/fixtures/tls/localhost.key.pem'),
  cert: readFileSync('test/fixtures/tls/localhost.cert.pem'),
};
const STATUS = (status: number): string =>
  `<billings_response><status>${status}</status><message>${KEY}</message></billings_response>`;
const ROW = `<activity><plan_activity>renew</plan_activity><id>0123</id><plan>Business</plan><plan_type>monthly</plan_type><price>99.50</price>
<credit_amount>0</credit_amount><allowed_documents>100</allowed_documents><used_documents>7</used_documents>
<start_date>2026-11-01T00:00:00+00:00</start_date><expiry_date>2036-11-01T00:00:00+00:00</expiry_date>
<group_id>5</group_id><group_name>Five</group_name></activity>`;
const HISTORY = `<billings_response><status>200</status><message>ok</message><plans>${ROW}</plans></billings_response>`;
const ECHO = `<billings_response><status>${KEY}</status><message>${KEY}</message><plans><${KEY}>1</${KEY}></plans></billings_response>`;

/** Hostile responses to every read, with the doctor's words for each. */
const HOSTILE: Readonly<Record<string, readonly [handler: RawHandler, words: RegExp]>> = {
  hang: [hang(), /did not end in time/i],
  'a drip': [drip(50), /did not end in time/i],
  'a head alone': [headOnly(200), /did not end in time/i],
  'a reset': [reset(), /the connection (is reset|broke)/i],
  'a cut body': [shortResponse(200, '<billings_response>'), /ends before its own length/i],
  'no HTTP': [raw('SSH-2.0-x\r\n', { close: true }), /not HTTP/i],
  'a huge head': [raw(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`, { close: true }), /not HTTP, or its head/],
  'a flood': [flood(64 * 1024 * 1024), /larger than the gateway reads|did not end in time/i],
  gzip: [httpResponse(200, 'x', { 'content-encoding': 'gzip' }), /content-encoding/],
  'a redirect': [redirect(302, 'https://elsewhere.example/'), /HTTP 302/],
  'a login page': [httpResponse(200, '<html>Log in</html>'), /root is <html>/],
  'a proxy that is down': [httpResponse(502, '<html>Bad gateway</html>'), /HTTP 502/],
  'a DOCTYPE': [httpResponse(200, '<!DOCTYPE a [<!ENTITY b "c">]><billings_response/>'), /DOCTYPE/],
  'two roots': [closedResponse(200, '<billings_response/><billings_response/>'), /not well-formed/],
  JSON: [httpResponse(200, '{"status":200}'), /not well-formed/],
  'invalid UTF-8': [httpResponse(200, Buffer.from([0x3c, 0x61, 0x3e, 0xff])), /UTF-8|well-formed/],
  nothing: [httpResponse(204, ''), /HTTP 204 has no body by definition/],
  'nothing to reset': [httpResponse(205, ''), /HTTP 205 has no body by definition/],
  'what was cached': [httpResponse(304, ''), /HTTP 304 has no body by definition/],
  'a refusal': [
    httpResponse(401, '<billings_response><status>401</status></billings_response>'),
    /does not accept the api key/,
  ],
  'a refusal of the group': [httpResponse(403, STATUS(403)), /HTTP 403 refuses the group/],
  'a bad request': [httpResponse(400, STATUS(400)), /HTTP 400, <status> 400/],
  'a refusal inside a 200': [httpResponse(200, STATUS(400)), /HTTP 200, <status> 400/],
  'a page that is not there': [httpResponse(404, '<html>Not found</html>'), /HTTP 404, but the root is <html>/],
  'a timeout of its own': [httpResponse(408, ''), /HTTP 408 asks to come back later/],
  'too early': [httpResponse(425, ''), /HTTP 425 asks to come back later/],
  'too many requests': [httpResponse(429, '', { 'retry-after': '60' }), /HTTP 429 asks to come back later/],
  'an error page': [httpResponse(500, '<html>Oops</html>'), /HTTP 500 is a failure of the upstream/],
  'an error in XML': [httpResponse(500, STATUS(500)), /HTTP 500 is a failure of the upstream/],
  'a maintenance page': [httpResponse(503, '<html/>'), /HTTP 503 is a failure of the upstream/],
  'a gateway that waits in vain': [httpResponse(504, ''), /HTTP 504 is a failure of the upstream/],
  'a redirect to itself': [
    redirect(307, '/v1/billings/history'),
    /HTTP 307 is a redirect, and the gateway follows none/,
  ],
  'a redirect to a socket': [redirect(307, 'unix:/var/run/docker.sock'), /HTTP 307 is a redirect/],
  'a cut chunk': [chunkedResponse(200, HISTORY, { cut: true }), /ends before its own length/i],
  'two DOCTYPEs': [httpResponse(200, `<!DOCTYPE a><!DOCTYPE b>${HISTORY}`), /DOCTYPE/],
  'a DOCTYPE from elsewhere': [httpResponse(200, `<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x">${HISTORY}`), /DOCTYPE/],
  'a DOCTYPE that gives amp another meaning': [
    httpResponse(200, `<!DOCTYPE a [<!ENTITY amp "x">]>${HISTORY}`),
    /DOCTYPE/,
  ],
  'a deep document': [
    httpResponse(200, `<billings_response>${'<a>'.repeat(200)}${'</a>'.repeat(200)}</billings_response>`),
    /deeper in each other/,
  ],
  'too many rows': [
    httpResponse(200, HISTORY.replace(ROW, '<activity/>'.repeat(20_001))),
    /more rows than the gateway reads/,
  ],
  'an unclosed root': [closedResponse(200, '<billings_response><status>200</status>'), /not well-formed to its end/],
  'crossed tags': [
    httpResponse(200, '<billings_response><a><b></a></b></billings_response>'),
    /not well-formed to its end/,
  ],
  'text behind the root': [httpResponse(200, `${HISTORY} garbage`), /not well-formed to its end/],
  'text before the root': [httpResponse(200, `garbage ${HISTORY}`), /not well-formed/],
  'an empty body': [httpResponse(200, ''), /no element: it is empty, or no XML/],
  blanks: [httpResponse(200, ' \n '), /no element: it is empty, or no XML/],
  'a byte of zero': [httpResponse(200, '\0'), /not well-formed/],
  'UTF-16': [httpResponse(200, Buffer.from(`\ufeff${HISTORY}`, 'utf16le')), /not UTF-8/],
  'another root': [httpResponse(200, HISTORY.replaceAll('billings_response', 'xml')), /the root is <xml>/],
  'its key, everywhere': [httpResponse(200, ECHO), /./],
  'a status in another case': [httpResponse(200, HISTORY.replaceAll('status>', 'Status>')), /history cannot be read/],
  'rows in another case': [
    httpResponse(200, HISTORY.replaceAll('activity>', 'Activity>')),
    /HTTP 200, <status> 200, but the elements of its content are not the documented ones/,
  ],
  'rows under another name': [
    httpResponse(200, HISTORY.replaceAll('activity>', 'item>')),
    /HTTP 200, <status> 200, but the elements of its content are not the documented ones/,
  ],
};

/** Of these the doctor waits for all of its time. A busy machine may need longer for the others. */
const ENDLESS = new Set(['hang', 'a drip', 'a head alone', 'a flood']);
const HASTE = { READ_TIMEOUT_MS: '300' };

describe('doctor, answered by', () => {
  it.each(Object.entries(HOSTILE))(
    '%s, ends, says what is wrong, and keeps the key to itself',
    async (name, [handler, words]) => {
      const upstream = await startRawUpstream(handler);
      try {
        const isEndless = ENDLESS.has(name);
        const env = { AUTH: 'none', XTRACTA_URL: upstream.url, XTRACTA_API_KEY: KEY, ...(isEndless ? HASTE : {}) };
        const args = ['--timeout', isEndless ? '3' : '20', '--group', '5'];
        const outputs = await Promise.all(
          [args, [...args, '--json']].map((each) => runOpsCommand('doctor', each, env)),
        );
        for (const { exitCode, out, err } of outputs) {
          expect(exitCode).toBe(1);
          expect(out).toMatch(words);
          expect(out + err).not.toContain(KEY);
        }
        for (const { path } of upstream.requests()) expect(path).not.toMatch(/booster|update|billing_ui|Purchase/);
      } finally {
        await upstream.close();
      }
    },
  );

  it.each<[string, string, RegExp]>([
    ['a status that is a word', HISTORY.replace('>200<', '>true<'), /history +.*1 row\./],
    ['no status', HISTORY.replace('<status>200</status>', ''), /drift: status/],
    ['a byte order mark', `\ufeff${HISTORY}`, /history +.*1 row\./],
    ['a blank line in front', `\n${HISTORY}`, /history +.*1 row\./],
    [
      'the root of another endpoint',
      HISTORY.replaceAll('billings_response', 'documents_response'),
      /history +.*1 row\./,
    ],
    ['no rows', HISTORY.replace(ROW, ''), /history +.*0 rows/],
    ['no list', STATUS(200), /history +.*0 rows/],
    ['an attribute __proto__', HISTORY.replace('<id>', '<id __proto__="x">'), /history +.*1 row\./],
    ['text among the rows', HISTORY.replace('<plans>', '<plans>words'), /drift: .*plans/],
    ['text in the place of rows', HISTORY.replace(ROW, 'words'), /emptyHistory +.*there is text in <plans>/],
    ['an unknown element among the rows', HISTORY.replace('<plans>', '<plans><page>1</page>'), /drift: .*\(unknown\)/],
    ['a group that is no number', HISTORY.replace('<group_id>5<', '<group_id>five<'), /drift: .*group_id/],
    ['a count in powers of ten', HISTORY.replace('>7<', '>1e3<'), /drift: .*used_documents/],
    ['a price with a comma', HISTORY.replace('99.50', '1,099.50'), /drift: .*price/],
    ['a price below 0', HISTORY.replace('99.50', '-5'), /history +.*1 row\./],
    ['an entity that nobody knows', HISTORY.replace('Business', 'A &unknown; B'), /drift: .*plan/],
    ['a row of another group', HISTORY.replace('<group_id>5<', '<group_id>77<'), /foreignRows/],
    ['a period that ends before it starts', HISTORY.replace('2036', '2016'), /history +.*1 row\./],
    [
      'a date that is none',
      HISTORY.replace('2036-11-01T00:00:00+00:00', '0000-00-00'),
      /a form that the gateway does not know is null/i,
    ],
    ['a word that is new', HISTORY.replace('renew', 'grandfathered'), /grandfathered/],
    ['one row twice', HISTORY.replace(ROW, ROW + ROW), /history +.*2 rows/],
  ])('%s, works with it, and says what it doubts', async (_name, body, words) => {
    const upstream = await startRawUpstream(httpResponse(200, body));
    try {
      const env = { AUTH: 'none', XTRACTA_URL: upstream.url, XTRACTA_API_KEY: KEY };
      const { exitCode, out, err } = await runOpsCommand('doctor', ['--group', '5'], env);
      expect(exitCode).toBe(2);
      expect(out).toMatch(words);
      expect(out + err).not.toContain(KEY);
    } finally {
      await upstream.close();
    }
  });

  it.each<[string, RawHandler, RegExp]>([
    ['an hour of silence', SILENCE, /token endpoint gives no token/],
    ['a login page', httpResponse(200, '<html>Log in</html>'), /token endpoint gives no token/],
    ['a redirect', redirect(307, 'https://elsewhere.example/'), /token endpoint gives no token/],
    ['an error with the secret in it', httpResponse(500, `{"error":"${SECRET}"}`), /token endpoint gives no token/],
    [
      'a refusal with the secret in it',
      httpResponse(401, `{"error":"invalid_client ${SECRET}"}`),
      /refuses the client/,
    ],
    [
      'a token of two lines',
      httpResponse(200, '{"access_token":"a\\r\\nb","token_type":"bearer"}', JSON_TYPE),
      /gives no token/,
    ],
    ['a flood', flood(64 * 1024 * 1024), /gives no token/],
  ])('a token endpoint with %s, says what is wrong, and keeps the secret to itself', async (_name, handler, words) => {
    const [upstream, endpoint] = [await startRawUpstream(httpResponse(200, HISTORY)), await startRawUpstream(handler)];
    try {
      // Of silence all the time is waited for that there is.
      const seconds = handler === SILENCE ? '2' : '5';
      const env = {
        AUTH: 'none',
        XTRACTA_URL: upstream.url,
        XTRACTA_API_KEY: KEY,
        CREDITS_URL: endpoint.url,
        CREDITS_TOKEN_URL: `${endpoint.url}/Token`,
        CREDITS_CLIENT_ID: 'somebody',
        CREDITS_CLIENT_SECRET: SECRET,
        READ_TIMEOUT_MS: '300',
      };
      const { exitCode, out, err } = await runOpsCommand('doctor', ['--timeout', seconds, '--group', '5'], env);
      expect(exitCode).toBe(1);
      expect(out).toMatch(words);
      expect(out + err).not.toContain(SECRET);
    } finally {
      await upstream.close();
      await endpoint.close();
    }
  });

  it.each<[string, RawUpstreamOptions, RegExp]>([
    ['a certificate of nobody', { tls: SELF_SIGNED }, /the certificate is signed by nobody whom this machine trusts/],
    ['a reset while TLS begins', { onConnection: 'reset' }, /TLS|reset/],
    ['silence where TLS is due', { onConnection: 'silent' }, /no response in time|no connection came about in time/i],
  ])('%s, says that no TLS connection comes about, and sends nothing', async (_name, options, words) => {
    const upstream = await startRawUpstream(httpResponse(200, HISTORY), options);
    try {
      const url = `https://localhost:${upstream.port}`;
      const isSilent = options.onConnection === 'silent';
      const env = { AUTH: 'none', XTRACTA_URL: url, XTRACTA_API_KEY: KEY, ...(isSilent ? HASTE : {}) };
      const { exitCode, out } = await runOpsCommand('doctor', ['--timeout', isSilent ? '5' : '20'], env);
      expect(exitCode).toBe(1);
      expect(out).toMatch(words);
      expect(out).not.toContain(KEY);
      expect(upstream.requests().filter(({ body }) => body.includes(KEY))).toEqual([]);
    } finally {
      await upstream.close();
    }
  });

  it.each([
    ['a name that there is not', 'https://nowhere.invalid', /cannot be resolved/],
    ['a port where nobody listens', 'http://127.0.0.1:1', /connection is refused/i],
  ])('%s, says so', async (_name, url, words) => {
    const env = { AUTH: 'none', XTRACTA_URL: url, XTRACTA_API_KEY: KEY };
    const { exitCode, out } = await runOpsCommand('doctor', [], env);
    expect(exitCode).toBe(1);
    expect(out).toMatch(words);
    expect(out).toContain('[XTRACTA_URL]');
  });
});
