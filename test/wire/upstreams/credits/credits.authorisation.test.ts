import { describe, expect, it } from '@jest/globals';
import type { CreditsCredential } from '../../../../src/domain/caller.js';
import { httpResponse, inTurn, type RawHandler, redirect, reset } from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';
import {
  clientOf,
  ID,
  json,
  outcomeOf,
  purchase,
  REQUEST,
  SECRET,
  stopAllAfterEach,
  upstreamOf,
} from './credits.harness.js';

stopAllAfterEach();

describe('the authorisation of a purchase', () => {
  const denied = json(401, { Message: 'Authorization has been denied for this request.' });
  const token = (value: string, expires: unknown = 28_799): RawHandler =>
    json(200, { access_token: value, token_type: 'bearer', expires_in: expires });
  const bought = json(200, purchase({ ID }));

  async function oauth(tokenHandler: RawHandler, handler: RawHandler) {
    const tokens = await upstreamOf(tokenHandler);
    const upstream = await upstreamOf(handler);
    const credential: CreditsCredential = {
      kind: 'clientCredentials',
      id: 'credential-2',
      tokenUrl: `${tokens.url}/Token`,
      clientId: 'client&1',
      clientSecret: SECRET,
    };
    const client = clientOf(upstream.url);
    const recorded = recordedCall();
    const buy = () => client.purchaseCredits(credential, REQUEST, recorded.call);
    const used = () =>
      upstream.requests().map(({ headers }) => Object.entries(headers).find(([name]) => name === 'authorization')?.[1]);
    return { tokens, upstream, buy, used, recorded };
  }

  it('passes the caller’s own header through', async () => {
    const upstream = await upstreamOf(bought);
    const credential: CreditsCredential = { kind: 'header', id: 'c', authorization: 'Basic YTpi' };
    await clientOf(upstream.url).purchaseCredits(credential, REQUEST, recordedCall().call);
    expect(upstream.requests()[0]?.headers).toMatchObject({ authorization: 'Basic YTpi' });
  });

  it('does not replay a refusal of a token that cannot be renewed', async () => {
    const { outcome, upstream } = await outcomeOf(denied);
    expect(outcome.kind).toBe('rejected');
    expect(upstream.requests()).toHaveLength(1);
  });

  it('fetches a token by form, and keeps it', async () => {
    const { tokens, buy, used, recorded } = await oauth(token('t1'), bought);
    expect((await buy()).kind).toBe('succeeded');
    expect((await buy()).kind).toBe('succeeded');
    expect(tokens.requests()).toMatchObject([
      {
        method: 'POST',
        path: '/Token',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
        body: `grant_type=client_credentials&client_id=client%261&client_secret=${SECRET}`,
      },
    ]);
    expect(used()).toEqual(['Bearer t1', 'Bearer t1']);
    expect(recorded.attempts.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['fetchToken', 'ok'],
      ['purchaseCredits', 'ok'],
      ['purchaseCredits', 'ok'],
    ]);
  });

  it('fetches one token for callers at the same time', async () => {
    const { tokens, upstream, buy } = await oauth(token('t1'), bought);
    const outcomes = await Promise.all(Array.from({ length: 10 }, buy));
    expect(outcomes.every(({ kind }) => kind === 'succeeded')).toBe(true);
    expect(tokens.requests()).toHaveLength(1);
    expect(upstream.requests()).toHaveLength(10);
  });

  it('replays a clear refusal once, with a fresh token', async () => {
    const { tokens, buy, used } = await oauth(inTurn(token('t1'), token('t2')), inTurn(denied, bought));
    expect((await buy()).kind).toBe('succeeded');
    expect(used()).toEqual(['Bearer t1', 'Bearer t2']);
    expect(tokens.requests()).toHaveLength(2);
  });

  it('does not replay twice', async () => {
    const { upstream, buy } = await oauth(token('t1'), denied);
    expect(await buy()).toMatchObject({ kind: 'rejected', failure: { code: 'UPSTREAM_UNAUTHENTICATED' } });
    expect(upstream.requests()).toHaveLength(2);
  });

  it.each<[string, RawHandler]>([
    ['401 that is not clear', httpResponse(401, '<html/>')],
    ['a reset', reset()],
    ['500', httpResponse(500, '')],
    ['403', json(403, { Message: 'Forbidden' })],
  ])('does not replay after %s', async (_name, handler) => {
    const { upstream, buy } = await oauth(token('t1'), handler);
    expect((await buy()).kind).not.toBe('succeeded');
    expect(upstream.requests()).toHaveLength(1);
  });

  it('stays a refusal when no fresh token can be had', async () => {
    const { upstream, buy } = await oauth(inTurn(token('t1'), httpResponse(500, '')), denied);
    expect((await buy()).kind).toBe('rejected');
    expect(upstream.requests()).toHaveLength(1);
  });

  it.each<[string, RawHandler, string]>([
    ['knows no such client', json(400, { error: 'invalid_client' }), 'UPSTREAM_UNAUTHENTICATED'],
    ['says 401', httpResponse(401, ''), 'UPSTREAM_UNAUTHENTICATED'],
    ['fails', httpResponse(500, ''), 'UPSTREAM_UNAVAILABLE'],
    ['resets', reset(), 'UPSTREAM_UNAVAILABLE'],
    ['redirects', redirect(307, '/Token2'), 'UPSTREAM_UNAVAILABLE'],
    ['sends no token', json(200, {}), 'UPSTREAM_UNAVAILABLE'],
    ['sends a token with a line break', token('a\r\nx-evil: 1'), 'UPSTREAM_UNAVAILABLE'],
    ['sends HTML', httpResponse(200, '<html/>'), 'UPSTREAM_UNAVAILABLE'],
  ])('sends no purchase when the token endpoint %s', async (_name, handler, code) => {
    const { upstream, buy } = await oauth(handler, bought);
    const outcome = await buy();
    expect(outcome).toMatchObject({ kind: 'notSent', failure: { code } });
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    expect(upstream.connections()).toBe(0);
  });

  it('asks again for a token after a failure', async () => {
    const { buy } = await oauth(inTurn(httpResponse(500, ''), token('t1')), bought);
    expect((await buy()).kind).toBe('notSent');
    expect((await buy()).kind).toBe('succeeded');
  });
});
