import { describe, expect, it } from '@jest/globals';
import { VerifiedTokens } from '../../../src/auth/token-verifier.js';

function clocked() {
  let nowMs = 1_000_000;
  return { tokens: new VerifiedTokens<{ readonly sub: string }>(() => nowMs), advance: (ms: number) => (nowMs += ms) };
}

describe('a token that was verified', () => {
  it('is known for half a minute', () => {
    const { tokens, advance } = clocked();
    tokens.keep('a.b.c', { sub: 'me' }, 9_999, 1);
    advance(29_999);
    expect(tokens.find('a.b.c', 1)).toMatchObject({ sub: 'me' });
    expect(tokens.find('a.b.d', 1)).toBeNull();
    advance(1);
    expect(tokens.find('a.b.c', 1)).toBeNull();
  });

  it('is never known beyond its expiry, nor without one', () => {
    const { tokens, advance } = clocked();
    tokens.keep('short', { sub: 'me' }, 1_010, 1);
    tokens.keep('none', { sub: 'me' }, 0, 1);
    expect(tokens.find('none', 1)).toBeNull();
    advance(9_999);
    expect(tokens.find('short', 1)).not.toBeNull();
    advance(1);
    expect(tokens.find('short', 1)).toBeNull();
  });

  it('is verified anew with other keys', () => {
    const { tokens } = clocked();
    tokens.keep('a.b.c', { sub: 'me' }, 9_999, 1);
    expect(tokens.find('a.b.c', 2)).toBeNull();
  });

  it('is one of ten thousand, of which the oldest is given up', () => {
    const { tokens } = clocked();
    for (let index = 0; index <= 10_000; index += 1) tokens.keep(`token ${index}`, { sub: 'me' }, 9_999, 1);
    expect(tokens.find('token 0', 1)).toBeNull();
    expect(tokens.find('token 1', 1)).not.toBeNull();
  });
});
