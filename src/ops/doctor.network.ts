import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';

/** What a host looks like before any credential is sent to it. */
export interface Reach {
  readonly host: string;
  /** Addresses of the name; null: it could not be resolved. */
  readonly addresses: readonly string[] | null;
  /** Null over plain HTTP, and where no TLS connection came about. */
  readonly tls: { readonly protocol: string; readonly expiresAt: Date | null } | null;
  /** Null: something answered HTTP. Else the code of what went wrong: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `timeout`. */
  readonly fault: string | null;
  /** Clock of this machine minus the upstream's, in seconds, by its `Date` header; null without one. */
  readonly clockSkewSeconds: number | null;
  readonly durationMs: number;
}

/** Asks for the head of the base URL, without a credential, and reads no body. Never throws. */
export async function reach(baseUrl: string, timeoutMs: number): Promise<Reach> {
  const url = new URL(baseUrl);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const startMs = performance.now();
  const nothing = { host, tls: null, clockSkewSeconds: null };
  const addresses = await within(timeoutMs, addressesOf(host));
  if (addresses === null) {
    return { ...nothing, addresses, fault: 'ENOTFOUND', durationMs: performance.now() - startMs };
  }
  const head = await headOf(url, Math.max(1, timeoutMs - (performance.now() - startMs)));
  return { ...nothing, addresses, ...head, durationMs: performance.now() - startMs };
}

async function addressesOf(host: string): Promise<readonly string[] | null> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return null;
  }
}

/** Null where it takes longer. */
function within<T>(timeoutMs: number, work: Promise<T | null>): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), timeoutMs);
    void work.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

type Head = Pick<Reach, 'tls' | 'fault' | 'clockSkewSeconds'>;

function headOf(url: URL, timeoutMs: number): Promise<Head> {
  const { promise, resolve } = Promise.withResolvers<Head>();
  const startedAtMs = Date.now();
  const request = (url.protocol === 'https:' ? https : http).request(
    url,
    { method: 'HEAD', agent: false },
    (response) => {
      const halfwayMs = (startedAtMs + Date.now()) / 2;
      // The header counts whole seconds; it was true at some moment within its second.
      const theirMs = Date.parse(response.headers.date ?? '') + 500;
      resolve({
        tls: 'getPeerCertificate' in response.socket ? tlsOf(response.socket as TLSSocket) : null,
        fault: null,
        clockSkewSeconds: Number.isNaN(theirMs) ? null : (halfwayMs - theirMs) / 1000,
      });
      request.destroy();
    },
  );
  const timer = setTimeout(() => {
    resolve({ tls: null, fault: 'timeout', clockSkewSeconds: null });
    request.destroy();
  }, timeoutMs);
  request.on('close', () => clearTimeout(timer));
  request.on('error', (error) => {
    resolve({ tls: null, fault: 'code' in error ? String(error.code) : 'error', clockSkewSeconds: null });
  });
  request.end();
  return promise;
}

function tlsOf(socket: TLSSocket): Reach['tls'] {
  const expiresAt = new Date(socket.getPeerCertificate().valid_to);
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    expiresAt: Number.isNaN(expiresAt.getTime()) ? null : expiresAt,
  };
}
