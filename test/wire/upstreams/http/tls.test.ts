import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createGotTransport } from '../../../../src/upstreams/http/got.transport.js';
import { createUndiciTransport } from '../../../../src/upstreams/http/undici.transport.js';
import { httpResponse, type RawUpstream, startRawUpstream } from '../../../support/raw-upstream.js';

const pem = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const key = pem('localhost.key');
const localhost = { key, cert: pem('localhost.cert') };
const trusted = tls.getCACertificates();

let upstream: RawUpstream | undefined;

beforeAll(() =>
  tls.setDefaultCACertificates([...trusted, localhost.cert, pem('other-host.cert'), pem('expired.cert')]),
);
afterAll(() => tls.setDefaultCACertificates(trusted));
afterEach(() => upstream?.close());

const TRANSPORTS = [
  ['write', 'undici', createUndiciTransport],
  ['read', 'undici', createUndiciTransport],
  ['write', 'got', createGotTransport],
  ['read', 'got', createGotTransport],
] as const;

describe.each(TRANSPORTS)('a %s over TLS, over %s', (kind, _client, createTransport) => {
  async function sendTo(options: tls.TlsOptions) {
    upstream = await startRawUpstream(httpResponse(200, '<a/>'), { tls: options });
    const transport = createTransport();
    const request = { headers: {}, body: 'api_key=canary', timeoutMs: 5_000, maxResponseBytes: 1_000 };
    return transport.send({ ...request, kind, url: `${upstream.url}/v1/billings/booster` });
  }

  it('sends to a server that it can verify', async () => {
    expect(await sendTo(localhost)).toMatchObject({ kind: 'response', status: 200 });
    expect(upstream?.requests()).toHaveLength(1);
  });

  it.each<[string, tls.TlsOptions]>([
    ['has expired', { key, cert: pem('expired.cert') }],
    ['is for another host', { key, cert: pem('other-host.cert') }],
    ['is for another host, with TLS 1.2', { key, cert: pem('other-host.cert'), maxVersion: 'TLSv1.2' }],
  ])('sends not a byte when the certificate %s', async (_name, options) => {
    expect(await sendTo(options)).toMatchObject({ kind: 'failure', sent: false, reason: 'tls' });
    expect(upstream?.bytes()).toBe(0);
  });

  it('sends not a byte when nobody vouches for the certificate', async () => {
    tls.setDefaultCACertificates(trusted);
    expect(await sendTo(localhost)).toMatchObject({ kind: 'failure', sent: false, reason: 'tls' });
    expect(upstream?.bytes()).toBe(0);
    tls.setDefaultCACertificates([...trusted, localhost.cert]);
  });

  it.each<[string, tls.TlsOptions]>([
    ['TLS 1.3', {}],
    ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
  ])('proves it unsent when the server wants a certificate of ours, with %s', async (_name, options) => {
    const result = await sendTo({ ...localhost, ...options, requestCert: true, rejectUnauthorized: true });
    expect(result).toMatchObject({ kind: 'failure', sent: false });
    expect(upstream?.requests()).toHaveLength(0);
  });

  it('sends not a byte when its time is over before the handshake is', async () => {
    let bytes = 0;
    const server = tls.createServer(localhost, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
      });
      socket.on('error', () => undefined);
    });
    const gate = net.createServer().listen(0, '127.0.0.1');
    const connection = once(gate, 'connection') as Promise<[net.Socket]>;
    await once(gate, 'listening');
    const transport = createTransport();
    const { port } = gate.address() as net.AddressInfo;
    const request = { kind, headers: {}, body: 'api_key=canary', timeoutMs: 200, maxResponseBytes: 1_000 };
    expect(await transport.send({ ...request, url: `https://127.0.0.1:${port}/` })).toMatchObject({ sent: false });
    const [socket] = await connection;
    const gone = once(socket, 'close');
    server.emit('connection', socket);
    transport.close();
    await gone;
    expect(bytes).toBe(0);
    gate.close();
  });

  it('sends not a byte to a server that speaks TLS 1.0 alone', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await sendTo({ ...localhost, ...old })).toMatchObject({ kind: 'failure', sent: false });
    expect(upstream?.bytes()).toBe(0);
  });
});
