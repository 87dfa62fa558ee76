import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign, exportSPKI, SignJWT } from 'jose';
import { type Authenticator, createAuthenticator } from '../../../src/auth/authenticate.js';
import type { JwtConfig } from '../../../src/config/config.js';
import { createLogger, type Logger } from '../../../src/observability/logger.js';
import {
  AUDIENCE,
  handmade,
  ISSUER,
  type KeySetServer,
  newSigningKey,
  type SigningKey,
  startKeySet,
  token,
} from './identity-provider.js';

const NOW = Math.floor(Date.now() / 1000);
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, exp: NOW + 300, tenant: 'acme', scope: 'billing:admin' };

let key: SigningKey;
let stranger: SigningKey;
let keySet: KeySetServer;
let logger: Logger;
const log: string[] = [];
const opened: Authenticator[] = [];

beforeAll(async () => {
  key = await newSigningKey('key-1');
  stranger = await newSigningKey('key-1');
  keySet = await startKeySet([key]);
  logger = await createLogger({ level: 'debug', format: 'json', destination: { write: (line) => log.push(line) } });
});
afterAll(() => keySet.close());
afterEach(() => {
  for (const authenticator of opened.splice(0)) authenticator.close();
});

async function authenticator(change: Partial<JwtConfig> = {}, nowRef?: { ms: number }): Promise<Authenticator> {
  const made = await createAuthenticator({
    auth: {
      mode: 'jwt',
      keys: { kind: 'jwks', url: keySet.url },
      issuer: ISSUER,
      audience: [AUDIENCE],
      tenantClaim: 'tenant',
      groupsClaim: 'groups',
      tenantsFile: null,
      environment: { xtracta: { apiKey: 'k', rootGroupId: null }, credits: null },
      ...change,
    },
    keyedHash: (text) => createHmac('sha256', 'test').update(text).digest('hex'),
    logger,
    ...(nowRef === undefined ? {} : { remoteKeys: { now: () => nowRef.ms } }),
  });
  opened.push(made);
  return made;
}

function bearer(value: string): { headers: { authorization: string } } {
  return { headers: { authorization: `Bearer ${value}` } };
}

describe('a good token', () => {
  it('names the tenant of the environment, the scopes, the groups and the subject', async () => {
    const { authenticate } = await authenticator();
    const caller = await authenticate(
      bearer(await token(key, { scope: 'billing:read made:up', scp: ['billing:ui'], groups: ['007', 12, 'x'] })),
    );
    expect(caller).toMatchObject({ tenant: { id: 'default', xtracta: { apiKey: 'k' } }, subject: 'user-1' });
    expect([...caller.scopes]).toEqual(['billing:read', 'billing:ui']);
    expect(caller.allowedGroups).toEqual(new Set(['7', '12']));
  });

  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('may be signed with %s', async (alg) => {
    const own = await newSigningKey('own', alg);
    const set = await startKeySet([own]);
    const { authenticate } = await authenticator({ keys: { kind: 'jwks', url: set.url } });
    await expect(authenticate(bearer(await token(own)))).resolves.toBeDefined();
    await set.close();
  });

  it.each(['RS256', 'ES256', 'EdDSA'])('may be checked with one %s public key', async (alg) => {
    const own = await newSigningKey('own', alg);
    const pem = await exportSPKI(own.publicKey);
    const { authenticate } = await authenticator({ keys: { kind: 'publicKey', pem } });
    await expect(authenticate(bearer(await token(own)))).resolves.toBeDefined();
    await expect(authenticate(bearer(await token(key)))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('without a groups claim is limited by no list of its own', async () => {
    const { authenticate } = await authenticator();
    expect((await authenticate(bearer(await token(key)))).allowedGroups).toBeNull();
  });

  it.each([[null], [{}], [true], [[]], [1.5], ['none of them']])(
    'with the groups claim %j may name no group',
    async (groups) => {
      const { authenticate } = await authenticator();
      expect((await authenticate(bearer(await token(key, { groups })))).allowedGroups).toEqual(new Set());
    },
  );

  it('may be a few seconds past its end, as clocks differ', async () => {
    const { authenticate } = await authenticator();
    const late = await token(key, {}, (jwt) => jwt.setExpirationTime(Math.floor(Date.now() / 1000) - 1));
    await expect(authenticate(bearer(late))).resolves.toBeDefined();
  });
});

describe('a forged or misused token', () => {
  const hmac = async (): Promise<string> => {
    const secret = Buffer.from(await exportSPKI(key.publicKey));
    return await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(secret);
  };
  const good = (): Promise<string> => token(key);
  const forgeries: [string, () => Promise<string> | string][] = [
    ['no signature (alg none)', () => handmade({ alg: 'none' }, CLAIMS)],
    ['alg None in other letters', () => handmade({ alg: 'NoNe', kid: 'key-1' }, CLAIMS)],
    ['alg none with a signature', () => handmade({ alg: 'none', kid: 'key-1' }, CLAIMS, 'c2ln')],
    ['the public key used as an HMAC secret', hmac],
    ['an empty signature', async () => `${(await good()).split('.').slice(0, 2).join('.')}.`],
    ['a signature by another key of the same id', () => token(stranger)],
    ['a payload that was changed', async () => swapPart(await good(), 1, { ...CLAIMS, tenant: 'other' })],
    ['a header that was changed', async () => swapPart(await good(), 0, { alg: 'PS256', kid: 'key-1' })],
    ['an end in the past', () => token(key, {}, (jwt) => jwt.setExpirationTime(NOW - 60))],
    [
      'no end',
      () =>
        new SignJWT({ iss: ISSUER, aud: AUDIENCE })
          .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
          .sign(key.privateKey),
    ],
    ['an end that is no number', () => signed({ ...CLAIMS, exp: 'never' })],
    ['a beginning in the future', () => token(key, {}, (jwt) => jwt.setNotBefore(NOW + 600))],
    ['another audience', () => token(key, {}, (jwt) => jwt.setAudience('other'))],
    [
      'no audience',
      () =>
        new SignJWT({ iss: ISSUER, exp: NOW + 300 })
          .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
          .sign(key.privateKey),
    ],
    ['another issuer', () => token(key, {}, (jwt) => jwt.setIssuer('https://evil.test/'))],
    ['an issuer that only begins alike', () => token(key, {}, (jwt) => jwt.setIssuer(`${ISSUER}evil`))],
    ['a key id that is a path', () => token({ ...stranger, kid: '../../../../dev/null' })],
    ['a key id that is a query', () => token({ ...stranger, kid: "' OR 1=1 --" })],
    ['an unknown key id', () => token({ ...key, kid: 'unknown' })],
    [
      'its own key in the header',
      async () =>
        new SignJWT(CLAIMS)
          .setProtectedHeader({ alg: 'RS256', jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } })
          .sign(stranger.privateKey),
    ],
    [
      'a key set address in the header',
      async () =>
        new SignJWT(CLAIMS)
          .setProtectedHeader({ alg: 'RS256', kid: 'evil', jku: 'http://127.0.0.1:9/jwks' })
          .sign(stranger.privateKey),
    ],
    ['an unknown critical header', () => handmade({ alg: 'RS256', kid: 'key-1', crit: ['x'], x: 1 }, CLAIMS, 'c2ln')],
    ['a megabyte', () => handmade({ alg: 'RS256', kid: 'key-1' }, { ...CLAIMS, x: 'x'.repeat(1_000_000) }, 'c2ln')],
    ['five parts, as encrypted tokens have', () => 'e30.e30.e30.e30.e30'],
    ['a payload that is no JSON', () => 'eyJhbGciOiJSUzI1NiJ9.bm8ganNvbg.c2ln'],
    ['nothing but dots', () => '..'],
  ];

  it.each(forgeries)('with %s is refused like any other', async (_name, forge) => {
    const { authenticate } = await authenticator();
    const error: unknown = await authenticate(bearer(await forge())).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    // One response for all: what was wrong helps whoever forges.
    expect(String(error)).toBe('BillingError: The request is not authenticated.');
  });

  it.each([
    ['no header', {}],
    ['two headers', { authorization: 'Bearer a, Bearer b' }],
    ['Basic', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['a bare word', { authorization: 'Bearer' }],
    ['a line break', { authorization: 'Bearer a\nb' }],
  ])('sent as %s is refused', async (_name, headers) => {
    const { authenticate } = await authenticator();
    await expect(authenticate({ headers })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('never shows in the log', async () => {
    const { authenticate } = await authenticator();
    const forged = await token(stranger);
    await authenticate(bearer(forged)).catch(() => undefined);
    expect(log.join('')).not.toContain(forged.split('.')[1]);
  });
});

describe('the key set', () => {
  it('rotates without a restart', async () => {
    const set = await startKeySet([key]);
    const now = { ms: 1_000_000 };
    const { authenticate } = await authenticator({ keys: { kind: 'jwks', url: set.url } }, now);
    await authenticate(bearer(await token(key)));
    const next = await newSigningKey('key-2');
    await set.publish([next]);
    now.ms += 10_000;
    await expect(authenticate(bearer(await token(next)))).resolves.toBeDefined();
    await expect(authenticate(bearer(await token(key)))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await set.close();
  });

  it('keeps callers in whose key is known while it answers 500 or nothing at all', async () => {
    const set = await startKeySet([key]);
    const now = { ms: 1_000_000 };
    const { authenticate } = await authenticator({ keys: { kind: 'jwks', url: set.url } }, now);
    await authenticate(bearer(await token(key)));
    set.setStatus(500);
    now.ms += 3_600_000;
    await expect(authenticate(bearer(await token(key)))).resolves.toBeDefined();
    await set.close();
    now.ms += 3_600_000;
    await expect(authenticate(bearer(await token(key)))).resolves.toBeDefined();
  });

  it('lets nobody in before it was ever read, and everybody as soon as it was', async () => {
    const set = await startKeySet([key]);
    const now = { ms: 1_000_000 };
    set.setStatus(500);
    const { authenticate } = await authenticator({ keys: { kind: 'jwks', url: set.url } }, now);
    await expect(authenticate(bearer(await token(key)))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    set.setStatus(200);
    now.ms += 10_000;
    await expect(authenticate(bearer(await token(key)))).resolves.toBeDefined();
    await set.close();
  });

  it('is fetched once for many callers, and not for each token with an unknown key id', async () => {
    const set = await startKeySet([key]);
    const now = { ms: 1_000_000 };
    const { authenticate } = await authenticator({ keys: { kind: 'jwks', url: set.url } }, now);
    const good = await token(key);
    await Promise.all(Array.from({ length: 20 }, () => authenticate(bearer(good))));
    expect(set.fetches()).toBe(1);
    const unknown = await token({ ...stranger, kid: 'unknown' });
    now.ms += 10_000;
    for (let attempt = 0; attempt < 10; attempt += 1) await authenticate(bearer(unknown)).catch(() => undefined);
    expect(set.fetches()).toBe(2);
    set.setStatus(500);
    now.ms += 10_000;
    for (let attempt = 0; attempt < 10; attempt += 1) await authenticate(bearer(unknown)).catch(() => undefined);
    expect(set.fetches()).toBe(3);
    await set.close();
  });
});

function swapPart(jwt: string, index: number, value: object): string {
  return jwt
    .split('.')
    .map((part, at) => (at === index ? Buffer.from(JSON.stringify(value)).toString('base64url') : part))
    .join('.');
}

/** A payload as it is, signed well: the builder of tokens would refuse what a forger writes. */
async function signed(payload: object): Promise<string> {
  return await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
    .sign(key.privateKey);
}
