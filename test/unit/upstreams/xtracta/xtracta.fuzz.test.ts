import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TransportResponse } from '../../../../src/upstreams/http/transport.js';
import { TimeSlices } from '../../../../src/upstreams/xml/time-slices.js';
import { readDocument } from '../../../../src/upstreams/xml/xml.reader.js';
import { boosterPayload } from '../../../../src/upstreams/xtracta/booster.endpoint.js';
import { HistoryReader } from '../../../../src/upstreams/xtracta/history.rows.js';
import { classifyRead, classifyWrite } from '../../../../src/upstreams/xtracta/xtracta-classify.js';
import { readEnvelope } from '../../../../src/upstreams/xtracta/xtracta-envelope.js';
import { FieldReader, hasElement } from '../../../../src/upstreams/xtracta/xtracta-fields.js';
import { anyCharacter } from '../../../support/character.arbitrary.js';
import { randomRuns } from '../../../support/suite.sizes.js';

const BOOSTER = readFileSync(new URL('../../../fixtures/xtracta/booster.xml', import.meta.url));
const REQUEST = { packId: '1', groupId: '494', quantity: 2, heldDocuments: 'PROCESS' } as const;

const fields = (): FieldReader => new FieldReader('orderBoosterPack', () => undefined);
const LIMITS = { maxRows: 100 };
const envelopeOf = (response: TransportResponse) =>
  readEnvelope('orderBoosterPack', response, readDocument(response.body, LIMITS), []);

function order(body: Uint8Array, status = 200) {
  const headers = { contentType: null, retryAfter: null };
  const result = {
    kind: 'response',
    status,
    headers,
    body: Buffer.from(body),
    bytes: body.byteLength,
    complete: true,
  } as const;
  return classifyWrite(
    'orderBoosterPack',
    result,
    envelopeOf,
    ({ content }) => boosterPayload(content, REQUEST, fields()),
    ({ content }) => hasElement(content, 'pack', 'pack_summary'),
  );
}

function historyKind(body: Uint8Array): string {
  const headers = { contentType: null, retryAfter: null };
  const whole = { body: Buffer.alloc(0), bytes: body.byteLength, complete: true };
  const reader = new HistoryReader('getBillingHistory', LIMITS, new TimeSlices());
  void reader.write(Buffer.from(body));
  return classifyRead(
    'getBillingHistory',
    { kind: 'response', status: 200, headers, ...whole },
    (response) => readEnvelope('getBillingHistory', response, reader.end(), []),
    ({ content }) => reader.history(content, () => undefined),
  ).kind;
}

describe('a response out of thin air', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: anyCharacter, maxLength: 300 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
  );

  it('is never a success, never a refusal, and never a crash', () => {
    fc.assert(
      fc.property(noise, fc.constantFrom(200, 201, 400, 404, 500), (body, status) => {
        expect(order(body, status).kind).toBe('unknown');
        expect(historyKind(body)).toBe('error');
      }),
      { numRuns: randomRuns(2_000) },
    );
  });
});

describe('a success that was cut', () => {
  it.each(Array.from({ length: 24 }, (_, index) => index))('is unknown at every place (part %i of 24)', (part) => {
    const whole = BOOSTER.length;
    for (let end = part; end < whole; end += 24) {
      expect(order(BOOSTER.subarray(0, end)).kind).toBe('unknown');
    }
  });
});

describe('a success with noise in it', () => {
  it('is a success only if it still names the order, and never a crash', () => {
    const position = fc.nat({ max: BOOSTER.length });
    fc.assert(
      fc.property(position, position, fc.uint8Array({ maxLength: 6 }), (from, to, noise) => {
        const body = Buffer.concat([
          BOOSTER.subarray(0, Math.min(from, to)),
          noise,
          BOOSTER.subarray(Math.max(from, to)),
        ]);
        const outcome = order(body);
        if (outcome.kind === 'succeeded') expect(body.toString()).toMatch(/<pack>\s*<id>[^<]*\S[^<]*<\/id>/);
        expect(outcome.kind).not.toBe('notSent');
      }),
      { numRuns: randomRuns(2_000) },
    );
  });
});
