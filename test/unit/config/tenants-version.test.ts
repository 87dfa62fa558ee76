import { describe, expect, it } from '@jest/globals';
import { parseTenantsFile } from '../../../src/config/tenants-file.js';
import { type TenantsVersion, whyNotTaken } from '../../../src/config/tenants-version.policy.js';

async function read(text: string): Promise<TenantsVersion | null> {
  return (await parseTenantsFile('/nowhere/tenants.yaml', text)).version;
}

async function versionOf(text: string): Promise<TenantsVersion> {
  const version = await read(text);
  if (version === null) throw new Error(`not valid: ${text}`);
  return version;
}

const IN_USE = `tenants:
  acme:
    xtractaApiKey: key-of-acme-0001
    rootGroupId: 100000
    allowedGroups:
      - 100015
      - 100016
  zeta:
    xtractaApiKey: key-of-zeta-0002
    allowedGroups: [200015, 200016]
`;

const VERSIONS: Readonly<Record<string, string>> = {
  'the same': IN_USE,
  'other lists': IN_USE.replace('100016', '100017').replace('200016', '2000160'),
  'other keys': IN_USE.replaceAll('key-of-', 'new-'),
  'longer keys': IN_USE.replaceAll('000', '0009'),
  'a new tenant at the end': `${IN_USE}  beta:\n    xtractaApiKey: key-of-beta-0003\n    allowedGroups:\n      - 300015\n      - 300016\n`,
  'a new tenant, everything else before it': `tenants:\n  acme:\n    allowedGroups: [100015]\n    xtractaApiKey: key-of-acme-0001\n  beta:\n    xtractaApiKey: key-of-beta-0003\n    rootGroupId: 300000\n    allowedGroups: [300015]\n`,
  'tenants in another order': `tenants:\n  zeta:\n    allowedGroups: [200015]\n    xtractaApiKey: key-of-zeta-0002\n  acme:\n    xtractaApiKey: key-of-acme-0001\n    allowedGroups: [100015, 100016]\n`,
  'lines of Windows': IN_USE.replaceAll('\n', '\r\n'),
  'no end of line at the end': IN_USE.trimEnd(),
  'the word all': IN_USE.replace('[200015, 200016]', 'all'),
  'an end mark': `${IN_USE}...\n`,
  'a comment at the end': `${IN_USE}# of 2026\n`,
  'quoted scalars': IN_USE.replace('key-of-zeta-0002', '"key-of-zeta-0002"'),
};

describe('a tenants file that was cut while it was written', () => {
  it.each(Object.keys(VERSIONS))(
    'with %s: wherever it was cut, nobody gains a group and no key is cut',
    async (name) => {
      const text = VERSIONS[name] ?? '';
      const inUse = await versionOf(IN_USE);
      const whole = await versionOf(text);
      let valid = 0;
      for (let at = 0; at < text.length; at += 1) {
        const cut = await read(text.slice(0, at));
        if (cut === null) continue;
        valid += 1;
        if (whyNotTaken(cut, inUse) !== null) continue;
        for (const tenant of cut.tenants) {
          const permitted = [whole, inUse].flatMap(({ tenants }) => tenants.filter(({ id }) => id === tenant.id));
          expect(permitted.map(({ credentials }) => credentials.xtracta?.apiKey)).toContain(
            tenant.credentials.xtracta?.apiKey,
          );
          const { allowedGroups } = tenant;
          if (allowedGroups === null) expect(permitted.some((other) => other.allowedGroups === null)).toBe(true);
          else
            expect(permitted.flatMap((other) => other.allowedGroups ?? allowedGroups)).toEqual(
              expect.arrayContaining([...allowedGroups]),
            );
        }
      }
      // Cuts that stay valid are what this is about.
      expect(valid).toBeGreaterThan(10);
    },
  );

  it('is refused at every byte when it is a cut of the version in use', async () => {
    const inUse = await versionOf(IN_USE);
    for (let at = 0; at < IN_USE.trimEnd().length; at += 1) {
      const cut = await read(IN_USE.slice(0, at));
      if (cut !== null) expect(whyNotTaken(cut, inUse)).not.toBeNull();
    }
  });

  it('is refused at every byte where whole versions end with the mark', async () => {
    const text = `${IN_USE}...\n`;
    const inUse = await versionOf(text.replaceAll('0001', '0009'));
    for (let at = 0; at < text.trimEnd().length; at += 1) {
      const cut = await read(text.slice(0, at));
      if (cut !== null) expect(whyNotTaken(cut, inUse)).not.toBeNull();
    }
    expect(whyNotTaken(await versionOf(text), inUse)).toBeNull();
  });
});

describe('a version of the tenants file that somebody means', () => {
  it.each([
    ['a group taken from a list', IN_USE.replace('      - 100016\n', ''), null],
    ['a group taken from the last list', IN_USE.replace(', 200016', ''), 'its last entry'],
    ['the same, with the mark', `${IN_USE.replace(', 200016', '')}...\n`, null],
    ['a group added', IN_USE.replace('200016]', '200016, 200017]'), null],
    ['a tenant removed before the last', IN_USE.replace(/ {2}acme:[\s\S]*(?= {2}zeta)/, ''), null],
    ['the last tenant removed', IN_USE.replace(/ {2}zeta:[\s\S]*/, ''), 'the beginning of the version in use'],
    ['the same, with the mark', `${IN_USE.replace(/ {2}zeta:[\s\S]*/, '')}...\n`, null],
    ['a list removed', IN_USE.replace(/ {4}allowedGroups:\n.*\n.*\n/, ''), 'tenants.acme has lost its allowedGroups'],
    ['the same, with the mark', `${IN_USE.replace(/ {4}allowedGroups:\n.*\n.*\n/, '')}...\n`, 'lost its allowedGroups'],
    ['a list replaced by all', IN_USE.replace('[200015, 200016]', 'all'), null],
    [
      'a new tenant that says nothing of groups',
      `${IN_USE}  beta:\n    xtractaApiKey: b\n`,
      'is new and has no allowedGroups',
    ],
    ['a new tenant with all', `${IN_USE}  beta:\n    xtractaApiKey: b\n    allowedGroups: all\n`, null],
    ['as JSON', '{"tenants":{"acme":{"xtractaApiKey":"other","allowedGroups":["100015"]}}}', null],
    ['as JSON without a list', '{"tenants":{"acme":{"xtractaApiKey":"other"}}}', 'lost its allowedGroups'],
    [
      'as JSON with a key cut',
      '{"tenants":{"acme":{"xtractaApiKey":"key-of-acme","allowedGroups":["100015"]}}}',
      'a secret that is the beginning',
    ],
  ] as const)('%s', async (_name, text, refusal) => {
    const reason = whyNotTaken(await versionOf(text), await versionOf(IN_USE));
    if (refusal === null) expect(reason).toBeNull();
    else expect(reason).toContain(refusal);
  });

  const LIMITED = `tenants:
  acme:
    xtractaApiKey: a
    limits:
      frozen: true
      writesPerDay: 20
      spendPerDay: { NZD: "1000", AUD: "99.50" }
      maxQuantity: 10
      requirePrice: true
  zeta:
    xtractaApiKey: z
    limits:
      writesPerDay: 5
`;
  const BETA = '  beta:\n    xtractaApiKey: b\n';
  it.each([
    ['the same limits', LIMITED, null],
    [
      'no limits any more',
      LIMITED.replace(/ {4}limits:\n( {6}.*\n)+(?= {2}zeta)/, ''),
      'tenants.acme has lost its limits',
    ],
    ['limits: none', LIMITED.replace(/ {4}limits:\n( {6}.*\n)+(?= {2}zeta)/, '    limits: none\n'), null],
    [
      'no frozen any more',
      LIMITED.replace('      frozen: true\n', ''),
      'acme.limits has lost its frozen. Write "frozen: false"',
    ],
    ['the same, with the mark', `${LIMITED.replace('      frozen: true\n', '')}...\n`, 'has lost its frozen'],
    ['frozen: false', LIMITED.replace('frozen: true', 'frozen: false'), null],
    ['no writesPerDay any more', LIMITED.replace('      writesPerDay: 20\n', ''), 'Write "writesPerDay: none"'],
    ['writesPerDay: none', LIMITED.replace('writesPerDay: 20', 'writesPerDay: none'), null],
    ['other figures', LIMITED.replace('20', '30').replace('1000', '2000'), null],
    ['a currency less', LIMITED.replace(', AUD: "99.50"', ''), 'lost its spendPerDay.AUD. Write "AUD: none"'],
    ['a currency: none', LIMITED.replace('"99.50"', 'none'), null],
    ['no spendPerDay any more', LIMITED.replace(/ {6}spendPerDay.*\n/, ''), 'lost its spendPerDay.NZD'],
    ['spendPerDay: none', LIMITED.replace(/spendPerDay.*\n/, 'spendPerDay: none\n'), null],
    ['no maxQuantity any more', LIMITED.replace('      maxQuantity: 10\n', ''), 'Write "maxQuantity: none"'],
    ['no requirePrice any more', LIMITED.replace('      requirePrice: true\n', ''), 'Write "requirePrice: false"'],
    ['the tenant removed', LIMITED.replace(/ {2}acme:[\s\S]*(?= {2}zeta)/, ''), null],
    ['the last tenant frozen at the very end', `${LIMITED}      frozen: true\n`, null],
    ['a lower limit at the very end', LIMITED.replace('writesPerDay: 5', 'writesPerDay: 4'), null],
    ['a higher limit at the very end', LIMITED.replace('writesPerDay: 5', 'writesPerDay: 50'), 'new or looser'],
    ['the same, with the mark', `${LIMITED.replace('writesPerDay: 5', 'writesPerDay: 50')}...\n`, null],
    ['the same, in brackets', LIMITED.replace('limits:\n      writesPerDay: 5', 'limits: { writesPerDay: 50 }'), null],
    ['a new tenant that says nothing of limits', LIMITED + BETA, 'is new and has no limits'],
    ['a new tenant with limits: none', `${LIMITED}${BETA}    limits: none\n`, null],
    ['a new tenant with limits in brackets', `${LIMITED}${BETA}    limits: { maxQuantity: 1 }\n`, null],
    ['a new tenant with limits that may go on', `${LIMITED}${BETA}    limits:\n      maxQuantity: 1\n`, 'may go on'],
    [
      'the same, before another entry',
      `${LIMITED}${BETA}    limits:\n      maxQuantity: 1\n    rootGroupId: 1\n`,
      null,
    ],
  ] as const)('limits: %s', async (_name, text, refusal) => {
    const reason = whyNotTaken(await versionOf(text), await versionOf(LIMITED));
    if (refusal === null) expect(reason).toBeNull();
    else expect(reason).toContain(refusal);
  });

  it('is never taken with less limits than both versions have, wherever it was cut', async () => {
    const inUse = await versionOf(LIMITED);
    const texts = [
      LIMITED.replace('20', '30').replace('writesPerDay: 5', 'maxQuantity: 5\n      writesPerDay: none'),
      `${LIMITED}${BETA}    limits:\n      writesPerDay: 9\n      frozen: true\n`,
    ];
    let taken = 0;
    for (const text of texts) {
      const whole = await versionOf(`${text}...\n`);
      for (let at = 0; at < text.length; at += 1) {
        const cut = await read(text.slice(0, at));
        if (cut === null || whyNotTaken(cut, inUse) !== null) continue;
        taken += 1;
        for (const { id, limits } of cut.tenants) {
          const [meant, before] = [whole, inUse].map(
            ({ tenants }) => tenants.find((tenant) => tenant.id === id)?.limits,
          );
          for (const version of before === undefined ? [meant] : [meant, before]) expect(version).toBeDefined();
          const isFrozen = meant?.frozen === true || before?.frozen === true;
          if (before === undefined) expect(limits).toEqual(meant);
          else if (isFrozen) expect(limits?.frozen).toBe(true);
          if (before?.writesPerDay !== null)
            expect([meant?.writesPerDay, before?.writesPerDay]).toContain(limits?.writesPerDay);
        }
      }
    }
    expect(taken).toBeGreaterThan(0);
  });

  it('takes tenants without lists where nobody has one', async () => {
    const inUse = await versionOf('tenants:\n  acme:\n    xtractaApiKey: a\n');
    const next = await versionOf('tenants:\n  acme:\n    xtractaApiKey: a\n  beta:\n    xtractaApiKey: b\n');
    expect(whyNotTaken(next, inUse)).toBeNull();
  });
});
