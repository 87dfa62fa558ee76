import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BillingError } from '../../../../src/domain/errors.js';
import { UpstreamChannel } from '../../../../src/upstreams/http/channel.js';
import { createGotTransport } from '../../../../src/upstreams/http/got.transport.js';
import { createUndiciTransport } from '../../../../src/upstreams/http/undici.transport.js';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import {
  type RawHandler,
  type RawUpstream,
  type RawUpstreamOptions,
  startRawUpstream,
} from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';

export const API_KEY = 'canary-key-0123456789abcdef0123456789abcdef';
export const CREDENTIAL = { id: 'credential-1', apiKey: API_KEY, rootGroupId: null };
export const UNAVAILABLE = 'UPSTREAM_UNAVAILABLE';
export const INVALID = 'UPSTREAM_INVALID_RESPONSE';
export const TIMEOUT = 'UPSTREAM_TIMEOUT';

const fixture = (name: string): URL => new URL(`../../../fixtures/xtracta/${name}.xml`, import.meta.url);

/** The manual's sample responses. */
export const BOOSTER = readFileSync(fixture('booster'), 'utf8');
export const HISTORY = readFileSync(fixture('billing-history'), 'utf8');

/**
 * What the upstream does, what a write comes to, what a read comes to (its code, or `OK` and the number of rows), and
 * how many whole requests the read makes: 3 where the failure may pass. A write makes 1, always.
 */
export type Fault = readonly [
  name: string,
  handler: RawHandler,
  write: 'succeeded' | 'rejected' | 'unknown',
  read: string,
  reads: number,
];

const stops: (() => Promise<void> | void)[] = [];

/** Call once in each test file. */
export function stopAllAfterEach(): void {
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
}

export async function upstreamOf(handler: RawHandler, options?: RawUpstreamOptions): Promise<RawUpstream> {
  const upstream = await startRawUpstream(handler, options);
  stops.push(() => upstream.close());
  return upstream;
}

/** For upstreams that hang, and for them alone: a busy machine must not turn a response into a timeout. */
export const SHORT_MS = 300;

/**
 * Both implementations of the transport; in the gateway calls of Xtracta travel by undici, those of the other API by
 * got.
 */
const TRANSPORTS = { undici: createUndiciTransport, got: createGotTransport } as const;
export type TransportName = keyof typeof TRANSPORTS;
export const TRANSPORT_NAMES: readonly TransportName[] = ['undici', 'got'];

export function clientOf(
  baseUrl: string,
  timeoutMs = 10_000,
  connectTimeoutMs = 10_000,
  transportName: TransportName = 'undici',
): XtractaClient {
  const transport = TRANSPORTS[transportName]({ connectTimeoutMs });
  const channel = new UpstreamChannel({ service: 'xtracta', transport, random: () => 0, breaker: { failures: 50 } });
  stops.push(() => channel.close());
  return new XtractaClient({ baseUrl, readTimeoutMs: timeoutMs, writeTimeoutMs: timeoutMs, channel });
}

export function order(client: XtractaClient) {
  const request = { packId: '1223', groupId: '494', quantity: 2, heldDocuments: 'PROCESS' } as const;
  return client.orderBoosterPack(CREDENTIAL, request, recordedCall().call);
}

export async function readCode(client: XtractaClient): Promise<string> {
  const request = { groupId: '123456', fromSeconds: 0, toSeconds: 1, recursive: false };
  try {
    const history = await client.getBillingHistory(CREDENTIAL, request, recordedCall().call);
    return `OK ${history.activities.length}`;
  } catch (error) {
    return error instanceof BillingError ? error.code : 'not a BillingError';
  }
}

/** Both kinds of call under each fault, with the count of what the upstream received. */
export function describeFaults(title: string, faults: readonly Fault[]): void {
  describe.each(TRANSPORT_NAMES)(`${title}, over %s`, (transport) => {
    it.each(faults)('classes a write right, and sends it once: %s', async (_name, handler, write, read) => {
      const upstream = await upstreamOf(handler);
      const client = clientOf(upstream.url, read === TIMEOUT ? SHORT_MS : undefined, undefined, transport);
      const outcome = await order(client);
      expect(outcome.kind).toBe(write);
      expect(upstream.requests()).toHaveLength(1);
      expect(upstream.connections()).toBe(1);
      expect(JSON.stringify(outcome)).not.toContain(API_KEY);
    });

    it.each(faults)('answers a read with the right code: %s', async (_name, handler, _write, read, reads) => {
      const upstream = await upstreamOf(handler);
      const client = clientOf(upstream.url, read === TIMEOUT ? SHORT_MS : undefined, undefined, transport);
      expect(await readCode(client)).toBe(read);
      expect(upstream.requests()).toHaveLength(reads);
    });
  });
}
