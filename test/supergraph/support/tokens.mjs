// Bearer tokens of a key pair made for this run.
import { generateKeyPairSync, sign } from 'node:crypto';

const ISSUER = 'https://login.test/';
const AUDIENCE = 'billing';
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * A key pair, the gateway's settings for it, and `bearer({ scopes, expiresInSeconds })`, which makes an `authorization`
 * header.
 */
export function createIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    settings: {
      AUTH: 'jwt',
      JWT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
    },
    bearer({ scopes = ['billing:read', 'billing:write'], expiresInSeconds = 300 } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: 'supergraph-test',
        tenant: 'demo',
        scope: scopes.join(' '),
        iat: now - 3600,
        exp: now + expiresInSeconds,
      };
      const payload = `${encode({ alg: 'EdDSA', typ: 'JWT' })}.${encode(claims)}`;
      const signature = sign(null, Buffer.from(payload), privateKey).toString('base64url');
      return { authorization: `Bearer ${payload}.${signature}` };
    },
  };
}
