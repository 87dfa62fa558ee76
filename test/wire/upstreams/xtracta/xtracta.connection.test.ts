import { describe, expect, it } from '@jest/globals';
import { hang, httpResponse, REFUSING_URL, redirect } from '../../../support/raw-upstream.js';
import {
  BOOSTER,
  clientOf,
  INVALID,
  order,
  readCode,
  SHORT_MS,
  stopAllAfterEach,
  TIMEOUT,
  TRANSPORT_NAMES,
  UNAVAILABLE,
  upstreamOf,
} from './xtracta.harness.js';

stopAllAfterEach();

describe.each(TRANSPORT_NAMES)('Xtracta when no connection comes about, over %s', (transport) => {
  const clientOver = (url: string, connectTimeoutMs?: number) => clientOf(url, undefined, connectTimeoutMs, transport);
  const readOver = (url: string, connectTimeoutMs?: number) => readCode(clientOver(url, connectTimeoutMs));

  it('proves a refused connection unsent', async () => {
    expect((await order(clientOver(REFUSING_URL))).kind).toBe('notSent');
    expect(await readOver(REFUSING_URL)).toBe(UNAVAILABLE);
  });

  it('proves an unknown host unsent', async () => {
    const client = clientOver('http://nowhere.invalid');
    expect(await order(client)).toMatchObject({ kind: 'notSent', failure: { code: 'UPSTREAM_UNAVAILABLE' } });
    expect(await readOver('http://nowhere.invalid')).not.toMatch(/^OK/);
  });

  it('proves a TLS handshake that nobody answers unsent, within the time for connecting', async () => {
    const upstream = await upstreamOf(hang(), { onConnection: 'silent' });
    const client = clientOver(upstream.url.replace('http:', 'https:'), SHORT_MS);
    expect((await order(client)).kind).toBe('notSent');
    expect(await readOver(upstream.url.replace('http:', 'https:'), SHORT_MS)).toBe(TIMEOUT);
    expect(upstream.bytes()).toBe(0);
  });

  it('takes a reset after a part of the request for one that may have been sent', async () => {
    const upstream = await upstreamOf(hang(), { resetAfterBytes: 1 });
    expect((await order(clientOver(upstream.url))).kind).toBe('unknown');
    expect(await readOver(upstream.url)).toBe(UNAVAILABLE);
    expect(upstream.requests()).toHaveLength(0);
  });

  it('never claims a success of a connection that is reset at once', async () => {
    const upstream = await upstreamOf(hang(), { onConnection: 'reset' });
    // Whether the reset overtakes the handshake is the kernel's affair; both readings are true.
    expect(['notSent', 'unknown']).toContain((await order(clientOver(upstream.url))).kind);
    expect(await readOver(upstream.url)).toBe(UNAVAILABLE);
    expect(upstream.requests()).toHaveLength(0);
  });

  it('proves a reset during the TLS handshake unsent', async () => {
    const upstream = await upstreamOf(hang(), { resetAfterBytes: 1 });
    expect((await order(clientOver(upstream.url.replace('http:', 'https:')))).kind).toBe('notSent');
    expect(upstream.requests()).toHaveLength(0);
  });
});

describe.each(TRANSPORT_NAMES)('Xtracta when the upstream redirects, over %s', (transport) => {
  const clientOver = (url: string) => clientOf(url, undefined, undefined, transport);

  it.each([301, 302, 303, 307, 308])('does not follow %i to another host, which receives nothing', async (status) => {
    const target = await upstreamOf(httpResponse(200, BOOSTER));
    const upstream = await upstreamOf(redirect(status, `${target.url}/v1/billings/booster`));
    expect((await order(clientOver(upstream.url))).kind).toBe('unknown');
    expect(await readCode(clientOver(upstream.url))).toBe(INVALID);
    expect(upstream.requests()).toHaveLength(2);
    expect(target.connections()).toBe(0);
    expect(target.bytes()).toBe(0);
  });

  it.each(['/v1/billings/booster', 'http://169.254.169.254/', 'unix:/tmp/x.sock:/', 'file:///etc/passwd'])(
    'does not follow 307 to %s',
    async (location) => {
      const upstream = await upstreamOf(redirect(307, location));
      expect((await order(clientOver(upstream.url))).kind).toBe('unknown');
      expect(upstream.requests()).toHaveLength(1);
    },
  );
});
