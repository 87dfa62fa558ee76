import { describe, expect, it } from '@jest/globals';
import { UpstreamSilence } from '../../../src/observability/upstream-observer.js';
import type { GatewayStatus } from '../../../src/server/http-server-options.js';
import { statusSentence } from '../../../src/server/pages/landing.page.js';

const NOW = Date.parse('2026-11-29T09:00:00Z');
const at = (time: string): number => Date.parse(`2026-11-29T${time}:00Z`);
const STATUS: GatewayStatus = {
  version: '1.0.0',
  production: true,
  auth: 'jwt',
  silentSince: {},
  unknownOutcomes: 0,
};
const parts = (...down: readonly string[]) =>
  ['ledger', 'xtracta', 'credits', 'redis'].map((name) => ({ name, ok: !down.includes(name) }));

describe('the sentence on the start page', () => {
  it.each([
    [parts(), STATUS, 'good', 'Everything works.'],
    [parts(), null, 'good', 'Everything works.'],
    [
      parts('xtracta'),
      { ...STATUS, silentSince: { xtracta: at('08:17') } },
      'bad',
      'Xtracta has not answered since 08:17 UTC; reads fail, writes are refused safely.',
    ],
    [
      parts('xtracta'),
      { ...STATUS, silentSince: { xtracta: Date.parse('2026-11-27T23:05:00Z') }, unknownOutcomes: 2 },
      'bad',
      'Xtracta has not answered since 2026-11-27 23:05 UTC; reads fail, writes are refused safely. 2 writes wait for their outcome to be settled.',
    ],
    [
      parts(),
      { ...STATUS, silentSince: { xtracta: at('08:59') } },
      'warn',
      'Xtracta has not answered since 08:59 UTC; the next call tries again.',
    ],
    [parts('ledger'), STATUS, 'bad', 'The ledger takes no write, so writes are refused safely and reads go on.'],
    [parts('credits'), STATUS, 'bad', 'The credits API has not answered; purchases are refused safely.'],
    [parts('redis'), STATUS, 'warn', 'Redis is away, so each replica counts rate limits by itself.'],
    [parts(), { ...STATUS, unknownOutcomes: 1 }, 'warn', 'One write waits for its outcome to be settled.'],
  ] as const)('of %j and %j is %s: %s', (state, status, tone, text) => {
    expect(statusSentence('serving', state, status, NOW)).toEqual({ tone, text });
  });

  it('says what the gateway is doing before and after it serves', () => {
    expect(statusSentence('starting', parts('xtracta'), STATUS, NOW).text).toBe('The gateway is starting.');
    expect(statusSentence('draining', parts(), STATUS, NOW).text).toMatch(/^The gateway is stopping/);
  });
});

describe('the silence of an upstream', () => {
  const attempt = (outcome: 'ok' | 'rejected' | 'failed' | 'timeout' | 'aborted', startedAtMs: number) =>
    ({
      service: 'xtracta',
      operation: 'getBillingHistory',
      kind: 'read',
      attempt: 1,
      startedAtMs,
      durationMs: 5,
      httpStatus: null,
      bytesReceived: 0,
      outcome,
    }) as const;

  it('begins with the first attempt that is not answered, and ends with a response, also one that refuses', () => {
    const silence = new UpstreamSilence();
    expect(silence.of('xtracta')).toBeNull();
    for (const [outcome, startMs] of [
      ['ok', 1],
      ['timeout', 10],
      ['aborted', 20],
      ['failed', 30],
    ] as const) {
      silence.attempt(attempt(outcome, startMs));
    }
    expect(silence.of('xtracta')).toEqual({ sinceMs: 15, attempts: 2 });
    expect(silence.of('credits')).toBeNull();
    silence.attempt(attempt('rejected', 40));
    expect(silence.of('xtracta')).toBeNull();
  });
});
