import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BillingError } from '../../src/domain/errors.js';
import type { WriteOutcome } from '../../src/domain/write.js';
import { CreditsClient } from '../../src/upstreams/credits/credits.client.js';
import { UpstreamChannel } from '../../src/upstreams/http/channel.js';
import { createGotTransport } from '../../src/upstreams/http/got.transport.js';
import { createUndiciTransport } from '../../src/upstreams/http/undici.transport.js';
import { XtractaClient } from '../../src/upstreams/xtracta/xtracta.client.js';
import { FUZZ_PATIENCE_MS, fuzzSettings } from '../support/suite.sizes.js';
import { recordedCall } from '../support/upstream-call.js';
import { type FuzzedResponse, fuzzedResponse } from './body.arbitrary.js';
import { property } from './http-probe.js';
import { sketchXml } from './xml.oracle.js';

const { runs, seed } = fuzzSettings('fuzzed upstream bodies');
const CANARY = 'canary-secret-0123456789abcdef';
const CREDENTIAL = { id: 'fuzz', apiKey: CANARY, rootGroupId: null };
const BEARER = { kind: 'bearer', id: 'fuzz', token: CANARY } as const;
const AT_ONCE = 10;

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const BOOSTER = fixture('xtracta/booster.xml');
const PLAN = fixture('xtracta/plan-update.xml');
const UI = fixture('xtracta/billing-ui.xml');
const HISTORY = fixture('xtracta/billing-history.xml');
const PURCHASE = fixture('credits/purchase-response.json.txt');
const REFUSAL = Buffer.from(
  `<?xml version="1.0"?><billings_response><status>400</status><message>no ${CANARY}</message></billings_response>`,
);
const EXCEPTION = Buffer.from(
  `{"Error":{"ErrorCode":"P1","ErrorReason":"no ${CANARY}"},"ResponseData":{"Result":null,"Detail":null}}`,
);

let server: Server;
let channels: { readonly xtracta: UpstreamChannel; readonly credits: UpstreamChannel };
let lastNumber = 0;
/** The responses, by the number at the start of the request's path. */
const responses = new Map<string, FuzzedResponse>();
const tally = new Map<string, number>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const number = /^\/(\d+)\//.exec(request.url ?? '')?.[1] ?? '';
    const { status, contentType, body } = responses.get(number) ?? { status: 500, contentType: null, body: '' };
    request.resume().once('end', () => {
      response.writeHead(status, contentType === null ? {} : { 'content-type': contentType }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  channels = { xtracta: channelOf('xtracta'), credits: channelOf('credits') };
});

afterAll(async () => {
  for (const channel of Object.values(channels)) channel.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A channel without a breaker, because every body must be read. */
function channelOf(service: 'xtracta' | 'credits'): UpstreamChannel {
  const createTransport = service === 'xtracta' ? createUndiciTransport : createGotTransport;
  const transport = createTransport({ connectTimeoutMs: 10_000 });
  return new UpstreamChannel({ service, transport, random: () => 0, breaker: { failures: 1_000_000 } });
}

/** Calls an upstream with this response, through the real client. */
async function calling<T>(response: FuzzedResponse, call: (baseUrl: string) => Promise<T>): Promise<T> {
  lastNumber += 1;
  const number = String(lastNumber);
  responses.set(number, response);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return await call(`http://127.0.0.1:${port}/${number}`).finally(() => responses.delete(number));
}

const xtracta = (baseUrl: string): XtractaClient =>
  new XtractaClient({ baseUrl, readTimeoutMs: 30_000, writeTimeoutMs: 30_000, channel: channels.xtracta });

const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);

const YES = /^\s*(0*2\d\d|true|1|ok|success)?\s*$/i;

/**
 * A success must be a success for an independent reader too. A refusal must have no success marker. No result may
 * repeat a secret.
 */
function expectHonest(what: string, outcome: WriteOutcome<unknown>, { status, body }: FuzzedResponse, payload: string) {
  count(`${what} ${outcome.kind}`);
  expect(outcome.kind).not.toBe('notSent');
  if (outcome.kind !== 'succeeded') {
    expect(JSON.stringify(outcome)).not.toContain(CANARY);
    if (outcome.kind === 'rejected') {
      expect(sketchXml(body)?.texts.has(`${sketchXml(body)?.root}/${payload}`)).toBe(false);
    }
    return;
  }
  expect([status, [200, 201, 202, 206].includes(status)]).toEqual([status, true]);
  const sketch = sketchXml(body);
  expect(['billings_response', 'documents_response']).toContain(sketch?.root);
  expect(sketch?.texts.has(`${sketch.root}/${payload}`)).toBe(true);
  for (const text of sketch?.texts.get(`${sketch.root}/status`) ?? []) expect(text).toMatch(YES);
}

const scenarios = {
  order: {
    bodies: [BOOSTER, REFUSAL],
    run: async (response: FuzzedResponse) => {
      const request = { packId: '1', groupId: '494', quantity: 2, heldDocuments: 'PROCESS' } as const;
      const outcome = await calling(response, (url) =>
        xtracta(url).orderBoosterPack(CREDENTIAL, request, recordedCall().call),
      );
      expectHonest('order', outcome, response, 'pack');
      if (outcome.kind === 'succeeded') expect(outcome.value.pack.id).not.toBe('');
    },
  },
  planChange: {
    bodies: [PLAN, REFUSAL],
    run: async (response: FuzzedResponse) => {
      const request = { planId: '1', groupId: '494', heldDocuments: 'PROCESS' } as const;
      const outcome = await calling(response, (url) =>
        xtracta(url).changePlan(CREDENTIAL, request, recordedCall().call),
      );
      expectHonest('plan change', outcome, response, 'plan');
    },
  },
  billingUi: {
    bodies: [UI, REFUSAL],
    run: async (response: FuzzedResponse) => {
      const request = { expireSeconds: 600, heldDocuments: 'PROCESS' } as const;
      const outcome = await calling(response, (url) =>
        xtracta(url).openBillingUi(CREDENTIAL, request, recordedCall().call),
      );
      expectHonest('billing UI', outcome, response, 'url');
      if (outcome.kind === 'succeeded') {
        const { protocol, username, password } = new URL(outcome.value.url);
        expect([username, password]).toEqual(['', '']);
        expect(['https:', 'http:']).toContain(protocol);
      }
    },
  },
  history: {
    bodies: [HISTORY, REFUSAL],
    run: async (response: FuzzedResponse) => {
      const request = { groupId: '123456', fromSeconds: 0, toSeconds: 2_000_000_000, recursive: false };
      try {
        const history = await calling(response, (url) =>
          xtracta(url).getBillingHistory(CREDENTIAL, request, recordedCall().call),
        );
        count(`history ${history.activities.length === 0 ? 'empty' : 'read'}`);
        expect([200, 201, 202, 206]).toContain(response.status);
        const sketch = sketchXml(response.body);
        expect(['billings_response', 'documents_response']).toContain(sketch?.root);
        for (const text of sketch?.texts.get(`${sketch.root}/status`) ?? []) expect(text).toMatch(YES);
        const rows = response.body.toString('latin1').split('<activity').length - 1;
        expect(history.activities.length).toBeLessThanOrEqual(rows);
      } catch (error) {
        if (!(error instanceof BillingError)) throw error;
        count(`history ${error.code}`);
        expect(JSON.stringify([error.message, error.upstream])).not.toContain(CANARY);
      }
    },
  },
  purchase: {
    bodies: [PURCHASE, EXCEPTION],
    run: async (response: FuzzedResponse) => {
      const request = { purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b', purchaseOrder: null, billing: null };
      const outcome = await calling(response, (baseUrl) =>
        new CreditsClient({ baseUrl, writeTimeoutMs: 30_000, channel: channels.credits }).purchaseCredits(
          BEARER,
          request,
          recordedCall().call,
        ),
      );
      count(`purchase ${outcome.kind}`);
      expect(outcome.kind).not.toBe('notSent');
      if (outcome.kind !== 'succeeded') {
        expect(JSON.stringify(outcome)).not.toContain(CANARY);
        return;
      }
      expect([200, 201, 202, 206]).toContain(response.status);
      const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(response.body));
      const id = property(property(property(body, 'ResponseData'), 'Detail'), 'ID');
      expect(String(id)).toMatch(/[^0\s-]/);
    },
  },
};

describe('a response that was good once and is changed at random', () => {
  const each = Math.ceil(runs / Object.keys(scenarios).length / AT_ONCE);

  it.each(Object.entries(scenarios).map(([name, scenario], index) => ({ name, ...scenario, index })))(
    'is read as a success of $name only where it is one, and repeats no secret',
    async ({ bodies, run, index }) => {
      const batch = fc.array(fuzzedResponse(bodies, CANARY), { minLength: AT_ONCE, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(batch, async (cases) => {
          await Promise.all(cases.map(run));
        }),
        // Different changes to each.
        { numRuns: each, seed: seed + index },
      );
    },
    FUZZ_PATIENCE_MS,
  );

  it('comes to every kind of outcome', () => {
    const seen = [...tally].map(([what, times]) => `${what}: ${times}`).sort();
    process.stdout.write(`${seen.join('\n')}\n`);
    for (const what of ['order', 'plan change', 'billing UI', 'purchase']) {
      for (const kind of ['succeeded', 'rejected', 'unknown']) expect(tally.get(`${what} ${kind}`)).toBeGreaterThan(0);
    }
  });
});
