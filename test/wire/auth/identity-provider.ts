import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const ISSUER = 'https://login.test/';
export const AUDIENCE = 'billing';

/** A key pair with its id, as an identity provider keeps it. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export async function newSigningKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey: pair.privateKey, publicKey: pair.publicKey };
}

/** Settings of a gateway that lets in bearers of tokens signed by the key. */
export async function jwtSettings({ publicKey }: SigningKey): Promise<Readonly<Record<string, string>>> {
  return {
    AUTH: 'jwt',
    JWT_PUBLIC_KEY: await exportSPKI(publicKey),
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
  };
}

/** A key set on a real server, whose keys and state can be changed. */
export interface KeySetServer {
  readonly url: string;
  publish(keys: readonly SigningKey[]): Promise<void>;
  /** HTTP status that is answered from now on. */
  setStatus(status: number): void;
  readonly fetches: () => number;
  close(): Promise<void>;
}

export async function startKeySet(keys: readonly SigningKey[]): Promise<KeySetServer> {
  let body = '';
  let status = 200;
  let fetches = 0;
  const publish = async (published: readonly SigningKey[]): Promise<void> => {
    const jwks = await Promise.all(
      published.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })),
    );
    body = JSON.stringify({ keys: jwks });
  };
  await publish(keys);
  const server = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 200 ? body : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}/jwks`,
    publish,
    setStatus: (next) => {
      status = next;
    },
    fetches: () => fetches,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A good token, unless `change` says otherwise. */
export async function token(
  key: SigningKey,
  claims: JWTPayload = {},
  change: (jwt: SignJWT) => SignJWT = (jwt) => jwt,
): Promise<string> {
  const jwt = new SignJWT({ tenant: 'acme', scope: 'billing:read', sub: 'user-1', ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('5m');
  return await change(jwt).sign(key.privateKey);
}

/** A token whose header and payload are written by hand, with any signature. */
export function handmade(header: object, payload: object, signature = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${signature}`;
}
