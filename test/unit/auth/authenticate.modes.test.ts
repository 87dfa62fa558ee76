import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createAuthenticator } from '../../../src/auth/authenticate.js';
import { SCOPES } from '../../../src/domain/caller.js';
import { createLogger } from '../../../src/observability/logger.js';

const keyedHash = (text: string): string => createHmac('sha256', 'test').update(text).digest('hex').slice(0, 16);
const logger = await createLogger({ level: 'silent', format: 'json' });

describe('AUTH=passthrough', () => {
  it('takes both credentials from the caller, and keeps nothing but hashes of them in names', async () => {
    const { authenticate, tenantById } = await createAuthenticator({
      auth: { mode: 'passthrough' },
      keyedHash,
      logger,
    });
    const headers = { 'x-xtracta-api-key': 'key-1', 'x-credits-authorization': 'Bearer abc' };
    const caller = await authenticate({ headers });
    expect(caller.tenant).toMatchObject({
      xtracta: { apiKey: 'key-1', rootGroupId: null },
      credits: { kind: 'header', authorization: 'Bearer abc' },
    });
    expect(caller.tenant.id + (caller.tenant.xtracta?.id ?? '') + (caller.tenant.credits?.id ?? '')).not.toMatch(
      /key-1|abc/,
    );
    expect([...caller.scopes]).toEqual([...SCOPES]);
    expect(tenantById(caller.tenant.id)).toBeNull();
  });

  it('makes one tenant of one key, whatever else is sent, and another of another key', async () => {
    const { authenticate } = await createAuthenticator({ auth: { mode: 'passthrough' }, keyedHash, logger });
    const id = async (headers: Record<string, string>) => (await authenticate({ headers })).tenant.id;
    const one = await id({ 'x-xtracta-api-key': 'key-1' });
    expect(await id({ 'x-xtracta-api-key': 'key-1', 'x-credits-authorization': 'x' })).toBe(one);
    expect(await id({ 'x-xtracta-api-key': 'key-2' })).not.toBe(one);
  });

  it.each([
    ['no key', {}],
    ['an empty key', { 'x-xtracta-api-key': '' }],
    ['a key with a blank', { 'x-xtracta-api-key': 'a b' }],
    ['a key of 2 KB', { 'x-xtracta-api-key': 'x'.repeat(2000) }],
    ['a line break beside the key', { 'x-xtracta-api-key': 'k', 'x-credits-authorization': 'a\r\nb' }],
  ])('refuses %s', async (_name, headers: Record<string, string>) => {
    const { authenticate } = await createAuthenticator({ auth: { mode: 'passthrough' }, keyedHash, logger });
    await expect(authenticate({ headers })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('AUTH=none', () => {
  it('makes everybody the one tenant of the environment, with all scopes', async () => {
    const { authenticate, tenantById } = await createAuthenticator({
      auth: {
        mode: 'none',
        environment: { xtracta: { apiKey: 'k', rootGroupId: '1' }, credits: { kind: 'bearer', token: 't' } },
      },
      keyedHash,
      logger,
    });
    const caller = await authenticate({ headers: {} });
    expect(caller).toMatchObject({
      tenant: { id: 'default', credits: { kind: 'bearer' } },
      allowedGroups: null,
      subject: null,
    });
    expect(tenantById('default')).toBe(caller.tenant);
    expect(tenantById('other')).toBeNull();
  });
});
