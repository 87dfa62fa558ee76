import { exportSPKI, generateKeyPair, SignJWT } from 'jose';

export interface TokenIssuer {
  readonly publicKeyPem: string;
  readonly issuer: string;
  readonly audience: string;
  /** Valid tokens of this number of different users of a tenant. */
  issue(tenant: string, users: number): Promise<readonly string[]>;
}

/** A key pair for one run. RS256, because most identity providers use it. */
export async function createTokenIssuer(): Promise<TokenIssuer> {
  const issuer = 'https://login.bench.example/';
  const audience = 'billing';
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const sign = (tenant: string, user: number): Promise<string> =>
    new SignJWT({ tenant, scope: 'billing:read billing:write credits:purchase' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(`user-${user}`)
      .setIssuedAt()
      .setExpirationTime('6h')
      .sign(privateKey);
  return {
    publicKeyPem: await exportSPKI(publicKey),
    issuer,
    audience,
    issue: (tenant, users) => Promise.all(Array.from({ length: users }, (_, user) => sign(tenant, user))),
  };
}
