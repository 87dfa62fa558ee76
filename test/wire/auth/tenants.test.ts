import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exportSPKI } from 'jose';
import { createAuthenticator } from '../../../src/auth/authenticate.js';
import { TenantDirectory } from '../../../src/auth/tenant-directory.js';
import { createLogger } from '../../../src/observability/logger.js';
import { AUDIENCE, ISSUER, newSigningKey, token } from './identity-provider.js';

let folder: string;
let file: string;
let log: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenants-'));
  file = join(folder, 'tenants.yaml');
  log = [];
});
afterEach(() => rm(folder, { recursive: true }));

const keyedHash = (text: string): string => `#${text.length}`;
const logTo = async () =>
  await createLogger({ level: 'debug', format: 'json', destination: { write: (line) => log.push(line) } });

async function open(): Promise<TenantDirectory> {
  const directory = await TenantDirectory.open({
    path: file,
    keyedHash,
    logger: await logTo(),
    checkIntervalMs: 3_600_000,
  });
  directory.close();
  return directory;
}

describe('the tenants file', () => {
  it('gives each tenant its credentials and groups, ids without leading zeros and never as numbers', async () => {
    await writeFile(
      file,
      `tenants:
  acme: { xtractaApiKey: key-a, rootGroupId: 007, allowedGroups: [007, 123456789012345678], creditsToken: tok }
  "b c": { xtractaApiKeyFile: b.key, creditsTokenUrl: "https://login.test/token", creditsClientId: b, creditsClientSecretFile: b.secret }
`,
    );
    await writeFile(join(folder, 'b.key'), 'key-b\n');
    await writeFile(join(folder, 'b.secret'), ' secret-b \n');
    const directory = await open();
    expect(directory.find('acme')).toMatchObject({
      tenant: { id: 'acme', xtracta: { apiKey: 'key-a', rootGroupId: '7' }, credits: { kind: 'bearer', token: 'tok' } },
      allowedGroups: new Set(['7', '123456789012345678']),
    });
    expect(directory.find('b c')).toMatchObject({
      tenant: {
        xtracta: { apiKey: 'key-b', rootGroupId: null },
        credits: { kind: 'clientCredentials', clientSecret: 'secret-b', clientId: 'b' },
      },
      allowedGroups: null,
    });
  });

  it('may be JSON', async () => {
    await writeFile(file, JSON.stringify({ tenants: { acme: { xtractaApiKey: 'k', allowedGroups: ['1'] } } }));
    expect((await open()).find('acme')?.allowedGroups).toEqual(new Set(['1']));
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('knows no tenant %j that it does not list', async (id) => {
    await writeFile(file, 'tenants: { acme: { xtractaApiKey: k } }');
    expect((await open()).find(id)).toBeNull();
  });

  it('is read again when it changes, and when a secret file does', async () => {
    await writeFile(file, 'tenants: { acme: { xtractaApiKeyFile: a.key } }');
    await writeFile(join(folder, 'a.key'), 'one');
    const directory = await open();
    await replace(join(folder, 'a.key'), 'two-two');
    await settled(directory);
    expect(directory.find('acme')?.tenant.xtracta?.apiKey).toBe('two-two');
    await replace(file, 'tenants: { zeta: { xtractaApiKey: z } }');
    await settled(directory);
    expect([directory.find('acme'), directory.find('zeta')?.tenant.id]).toEqual([null, 'zeta']);
  });

  it('that became invalid is logged without its secrets, and the old one goes on', async () => {
    await writeFile(file, 'tenants: { acme: { xtractaApiKey: CANARY-1 } }');
    const directory = await open();
    for (const broken of [
      'tenants: { acme: { xtractaApiKey: [CANARY-2] } }',
      '{ CANARY-3: ',
      '',
      'tenants: { b: {} }',
      'tenants: { acme: { xtractaApiKey: *CANARY-4 } }',
      'tenants: { acme: { xtractaApiKey:CANARY-5, rootGroupId: 1 } }',
    ]) {
      await replace(file, broken);
      await settled(directory);
      expect(directory.find('acme')?.tenant.xtracta?.apiKey).toBe('CANARY-1');
    }
    await rm(file);
    await settled(directory);
    expect(directory.find('acme')).not.toBeNull();
    expect(log.filter((line) => line.includes('not valid'))).toHaveLength(7);
    expect(log.join('')).not.toContain('CANARY');
  });

  it('is taken when it has come to rest, and one that looks cut is refused, told and forgotten', async () => {
    const text = (groups: string): string => `tenants:\n  acme:\n    xtractaApiKey: k\n${groups}`;
    await writeFile(file, text('    allowedGroups: [1, 2]\n'));
    const directory = await open();
    const groups = (): readonly string[] => [...(directory.find('acme')?.allowedGroups ?? ['all'])];
    await replace(file, text('    allowedGroups: [3]\n'));
    await directory.refresh();
    await replace(file, text('    allowedGroups: [4]\n'));
    await directory.refresh();
    expect(groups()).toEqual(['1', '2']);
    await directory.refresh();
    expect(groups()).toEqual(['4']);

    await replace(file, text(''));
    await settled(directory);
    await settled(directory);
    expect([groups(), directory.isRefused()]).toEqual([['4'], true]);
    expect(log.filter((line) => line.includes('tenants.acme has lost its allowedGroups'))).toHaveLength(1);
    await replace(file, text('    allowedGroups: [4]\n'));
    await settled(directory);
    expect(directory.isRefused()).toBe(false);
    await replace(file, text('    allowedGroups: all\n'));
    await settled(directory);
    expect([groups(), directory.isRefused()]).toEqual([['all'], false]);
  });

  it('is looked at by itself', async () => {
    await writeFile(file, 'tenants: { acme: { xtractaApiKey: a } }');
    const reread = Promise.withResolvers<null>();
    const destination = {
      write: (line: string): void => {
        if (line.includes('tenants file re-read')) reread.resolve(null);
      },
    };
    const logger = await createLogger({ level: 'info', format: 'json', destination });
    const directory = await TenantDirectory.open({ path: file, keyedHash, logger, checkIntervalMs: 1 });
    await replace(file, 'tenants: { zeta: { xtractaApiKey: z } }');
    await reread.promise;
    directory.close();
    expect([directory.find('acme'), directory.find('zeta')?.tenant.id]).toEqual([null, 'zeta']);
  });

  it('that is not valid at the start stops the start', async () => {
    await writeFile(file, 'tenants: { acme: {} }');
    await expect(open()).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
  });
});

describe('a caller', () => {
  it('acts for the tenant of its claim, within both lists of groups; an unknown tenant is forbidden', async () => {
    await writeFile(file, 'tenants: { acme: { xtractaApiKey: a, allowedGroups: [1, 2] }, free: { xtractaApiKey: f } }');
    const key = await newSigningKey('k', 'ES256');
    const { authenticate, tenantById, close } = await createAuthenticator({
      auth: {
        mode: 'jwt',
        keys: { kind: 'publicKey', pem: await exportSPKI(key.publicKey) },
        issuer: ISSUER,
        audience: [AUDIENCE],
        tenantClaim: 'https://acme.test/tenant',
        groupsClaim: 'groups',
        tenantsFile: file,
        environment: { xtracta: null, credits: null },
      },
      keyedHash,
      logger: await logTo(),
    });
    const callerOf = async (claims: Record<string, unknown>) =>
      await authenticate({ headers: { authorization: `Bearer ${await token(key, claims)}` } });
    const claim = 'https://acme.test/tenant';
    expect((await callerOf({ [claim]: 'acme', groups: ['2', '3'] })).allowedGroups).toEqual(new Set(['2']));
    expect((await callerOf({ [claim]: 'acme' })).allowedGroups).toEqual(new Set(['1', '2']));
    expect((await callerOf({ [claim]: 'free', groups: ['3'] })).allowedGroups).toEqual(new Set(['3']));
    for (const tenant of ['other', '__proto__', '', 7, null, ['acme'], undefined]) {
      await expect(callerOf({ [claim]: tenant })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    expect([tenantById('acme')?.id, tenantById('other')]).toEqual(['acme', null]);
    close();
  });
});

/** A version is taken when two looks in a row have found it. */
async function settled(directory: TenantDirectory): Promise<void> {
  await directory.refresh();
  await directory.refresh();
}

// As mounted secrets change: a new file under the old name.
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
