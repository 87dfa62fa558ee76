import { describe, expect, it } from '@jest/globals';
import { CreditsTokens } from '../../../../src/upstreams/credits/credits-token.js';
import type { UpstreamTransport } from '../../../../src/upstreams/http/transport.js';
import { recordedCall } from '../../../support/upstream-call.js';

const CREDENTIAL = {
  kind: 'clientCredentials',
  id: 'c',
  tokenUrl: 'https://t.example/Token',
  clientId: 'i',
  clientSecret: 's',
} as const;

/** A token endpoint that numbers its tokens, on a clock that the test moves. */
function endpoint(expiresIn: unknown) {
  const clock = { nowMs: 0 };
  let fetched = 0;
  const transport: UpstreamTransport = {
    send: async () => {
      fetched += 1;
      const body = Buffer.from(JSON.stringify({ access_token: `t${fetched}`, expires_in: expiresIn }));
      const headers = { contentType: null, retryAfter: null };
      return { kind: 'response', status: 200, headers, body, bytes: body.byteLength, complete: true };
    },
    close: () => undefined,
  };
  const tokens = new CreditsTokens(transport, () => clock.nowMs);
  const header = async () => {
    const result = await tokens.authorize(CREDENTIAL, 1_000, recordedCall().call);
    return result.kind === 'authorization' ? result.header : result.code;
  };
  return { clock, tokens, header };
}

describe('a token', () => {
  it.each<[unknown, number]>([
    [28_799, 28_739_000],
    ['3600', 3_540_000],
    [100, 90_000],
    [undefined, 270_000],
    ['soon', 270_000],
    [-1, 270_000],
  ])('that lives %j s is used until shortly before its end', async (expiresIn, usableMs) => {
    const { clock, header } = endpoint(expiresIn);
    expect(await header()).toBe('Bearer t1');
    clock.nowMs = usableMs - 1;
    expect(await header()).toBe('Bearer t1');
    clock.nowMs = usableMs;
    expect(await header()).toBe('Bearer t2');
  });

  it('is not forgotten for the sake of an older one', async () => {
    const { tokens, header } = endpoint(3_600);
    await header();
    tokens.forget(CREDENTIAL, 'Bearer t0');
    expect(await header()).toBe('Bearer t1');
    tokens.forget(CREDENTIAL, 'Bearer t1');
    expect(await header()).toBe('Bearer t2');
  });
});
