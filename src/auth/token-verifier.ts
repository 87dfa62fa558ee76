import { createPublicKey } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { JwtConfig } from '../config/config.js';
import { RemoteKeys, type RemoteKeysOptions } from './remote-keys.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Signatures by a key pair only: a public key must never serve as the secret of an HMAC, and `none` signs nothing. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

// Longer tokens cost more to look at than any honest one; real ones stay under 4 KB.
const MAX_TOKEN_CHARACTERS = 8_192;

// Clocks of well-kept machines differ by less.
const CLOCK_TOLERANCE_SECONDS = 5;

export type VerifyToken<T> = (token: string) => Promise<T>;

/**
 * Makes the check of signature, issuer, audience, expiry and not-before. What it returns rejects with a `jose` error, which says
 * why and must not reach the caller.
 *
 * @param read what is wanted of a verified token; once per verification
 */
export function createTokenVerifier<T>(
  config: Pick<JwtConfig, 'keys' | 'issuer' | 'audience'>,
  remote: RemoteKeysOptions,
  read: (payload: JWTPayload) => T,
): VerifyToken<T> {
  const keys = keySource(config.keys, remote);
  const verified = new VerifiedTokens<T>(remote.now);
  const options = {
    algorithms: ALGORITHMS,
    issuer: config.issuer,
    audience: [...config.audience],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp'],
  };
  return async (token) => {
    if (token.length > MAX_TOKEN_CHARACTERS) throw new errors.JWTInvalid('token is too long');
    const generation = keys.generation();
    const known = verified.find(token, generation);
    if (known !== null) return known;
    const { payload } = await jwtVerify(token, keys.find, options);
    const claims = read(payload);
    verified.keep(token, claims, payload.exp ?? 0, generation);
    return claims;
  };
}

interface KeySource {
  readonly find: JWTVerifyGetKey;
  /** Another number means other keys. A source that can be stale looks to itself when asked. */
  readonly generation: () => number;
}

function keySource(keys: JwtConfig['keys'], remote: RemoteKeysOptions): KeySource {
  switch (keys.kind) {
    case 'publicKey': {
      const key = createPublicKey(keys.pem);
      return { find: () => key, generation: () => 0 };
    }
    case 'jwks': {
      const source = new RemoteKeys(new URL(keys.url), remote);
      return { find: (header, token) => source.find(header, token), generation: () => source.generation() };
    }
  }
}
