import { describe, expect, it } from '@jest/globals';
import { parseTenantsFile } from '../../../src/config/tenants-file.js';
import { type TenantsVersion, whyNotTaken } from '../../../src/config/tenants-version.policy.js';

/** Of bytes between two cuts; CI sets `TENANTS_CUT_STEP=1`. */
const STEP = Number(process.env['TENANTS_CUT_STEP'] ?? 5);

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
      expect(valid).toBeGreaterThan(10 / STEP);
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
    const answer = whyNotTaken(await versionOf(text), await versionOf(IN_USE));
    if (refusal === null) expect(answer).toBeNull();
    else expect(answer).toContain(refusal);
  });

  it('takes tenants without lists where nobody has one', async () => {
    const inUse = await versionOf('tenants:\n  acme:\n    xtractaApiKey: a\n');
    const next = await versionOf('tenants:\n  acme:\n    xtractaApiKey: a\n  beta:\n    xtractaApiKey: b\n');
    expect(whyNotTaken(next, inUse)).toBeNull();
  });
});
