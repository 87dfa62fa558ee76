import { describe, expect, it } from '@jest/globals';
import { answer, hang, redirect } from '../../../support/raw-upstream.js';
import {
  BOOSTER,
  clientOf,
  INVALID,
  order,
  READ_TRANSPORTS,
  readCode,
  SHORT_MS,
  stopAllAfterEach,
  TIMEOUT,
  UNAVAILABLE,
  upstreamOf,
} from './xtracta.stand.js';

stopAllAfterEach();

describe.each(READ_TRANSPORTS)('Xtracta when no connection comes about, reads over %s', (reads) => {
  const readOver = (url: string, connectTimeoutMs?: number) =>
    readCode(clientOf(url, undefined, connectTimeoutMs, reads));

  it('proves a refused connection unsent', async () => {
    const closed = await upstreamOf(hang());
    await closed.close();
    expect((await order(clientOf(closed.url))).kind).toBe('notSent');
    expect(await readOver(closed.url)).toBe(UNAVAILABLE);
  });

  it('proves an unknown host unsent', async () => {
    const client = clientOf('http://nowhere.invalid');
    expect(await order(client)).toMatchObject({ kind: 'notSent', failure: { code: 'UPSTREAM_UNAVAILABLE' } });
    expect(await readOver('http://nowhere.invalid')).not.toMatch(/^OK/);
  });

  it('proves a TLS handshake that nobody answers unsent, within the time for connecting', async () => {
    const upstream = await upstreamOf(hang(), { onConnection: 'silent' });
    const client = clientOf(upstream.url.replace('http:', 'https:'), 10_000, SHORT_MS);
    expect((await order(client)).kind).toBe('notSent');
    expect(await readOver(upstream.url.replace('http:', 'https:'), SHORT_MS)).toBe(TIMEOUT);
    expect(upstream.bytes()).toBe(0);
  });

  it('takes a reset after a part of the request for one that may have been sent', async () => {
    const upstream = await upstreamOf(hang(), { resetAfterBytes: 1 });
    expect((await order(clientOf(upstream.url))).kind).toBe('unknown');
    expect(await readOver(upstream.url)).toBe(UNAVAILABLE);
    expect(upstream.requests()).toHaveLength(0);
  });

  it('never claims a success of a connection that is reset at once', async () => {
    const upstream = await upstreamOf(hang(), { onConnection: 'reset' });
    // Whether the reset overtakes the handshake is the kernel's affair; both readings are true.
    expect(['notSent', 'unknown']).toContain((await order(clientOf(upstream.url))).kind);
    expect(await readOver(upstream.url)).toBe(UNAVAILABLE);
    expect(upstream.requests()).toHaveLength(0);
  });

  it('proves a reset during the TLS handshake unsent', async () => {
    const upstream = await upstreamOf(hang(), { resetAfterBytes: 1 });
    expect((await order(clientOf(upstream.url.replace('http:', 'https:')))).kind).toBe('notSent');
    expect(upstream.requests()).toHaveLength(0);
  });
});

describe('Xtracta when the upstream redirects', () => {
  it.each([301, 302, 303, 307, 308])('does not follow %i to another host, which receives nothing', async (status) => {
    const target = await upstreamOf(answer(200, BOOSTER));
    const upstream = await upstreamOf(redirect(status, `${target.url}/v1/billings/booster`));
    expect((await order(clientOf(upstream.url))).kind).toBe('unknown');
    for (const reads of READ_TRANSPORTS) {
      expect(await readCode(clientOf(upstream.url, undefined, undefined, reads))).toBe(INVALID);
    }
    expect(upstream.requests()).toHaveLength(3);
    expect(target.connections()).toBe(0);
    expect(target.bytes()).toBe(0);
  });

  it.each(['/v1/billings/booster', 'http://169.254.169.254/', 'unix:/tmp/x.sock:/', 'file:///etc/passwd'])(
    'does not follow 307 to %s',
    async (location) => {
      const upstream = await upstreamOf(redirect(307, location));
      expect((await order(clientOf(upstream.url))).kind).toBe('unknown');
      expect(upstream.requests()).toHaveLength(1);
    },
  );
});
