import { readFileSync } from 'node:fs';
import { afterEach } from '@jest/globals';
import type { CreditsCredential } from '../../../../src/domain/caller.js';
import { CreditsClient } from '../../../../src/upstreams/credits/credits.client.js';
import { httpResponse, type RawHandler, type RawUpstream, startRawUpstream } from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';

/** A sample of the help page. */
export function helpPage(name: 'purchase-request' | 'purchase-response'): string {
  return readFileSync(new URL(`../../../fixtures/credits/${name}.json.txt`, import.meta.url), 'utf8');
}

export const SAMPLE = helpPage('purchase-response');
export const SECRET = 'canary-secret-0123456789abcdef';
export const BEARER: CreditsCredential = { kind: 'bearer', id: 'credential-1', token: SECRET };
export const ID = '56709ccd-06ca-4ac2-be10-2c4fb6d7dd75';
export const REQUEST = { purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b', purchaseOrder: null, billing: null };
/** Details that begin with one another. */
export const CONTACT = {
  address: '1 Hidden Lane\nAuckland',
  company: 'Auckland Dental Ltd',
  email: 'jane@dental.example',
  mobile: '021 555 1234',
  phone: '021 555 1234 ext 77',
};
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const stops: (() => Promise<void> | void)[] = [];

/** Call once in each test file. */
export function stopAllAfterEach(): void {
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
}

export async function upstreamOf(handler: RawHandler): Promise<RawUpstream> {
  const upstream = await startRawUpstream(handler);
  stops.push(() => upstream.close());
  return upstream;
}

export function clientOf(baseUrl: string, writeTimeoutMs = 10_000): CreditsClient {
  const client = new CreditsClient({ baseUrl, writeTimeoutMs });
  stops.push(() => client.close());
  return client;
}

export const json = (status: number, body: unknown): RawHandler =>
  httpResponse(status, typeof body === 'string' ? body : JSON.stringify(body), JSON_TYPE);

/** The outcome of a purchase that is answered like this. */
export async function outcomeOf(handler: RawHandler, writeTimeoutMs?: number) {
  const upstream = await upstreamOf(handler);
  const { call, drifts } = recordedCall();
  const outcome = await clientOf(upstream.url, writeTimeoutMs).purchaseCredits(BEARER, REQUEST, call);
  return { outcome, upstream, drifts: drifts.map(({ field }) => field) };
}

export const purchase = (detail: unknown, error: unknown = null) => ({
  Error: error,
  ResponseData: { Result: 'Done', Detail: detail },
});
