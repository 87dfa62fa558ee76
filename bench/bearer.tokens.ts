import { exportSPKI, generateKeyPair, SignJWT } from 'jose';

export interface TokenIssuer {
  readonly publicKeyPem: string;
  readonly issuer: string;
  readonly audience: string;
  /** Valid tokens of as many different users. */
  readonly tokens: readonly string[];
}

/** A key pair that lives for one run, and tokens signed with it. RS256: what most identity providers sign with. */
export async function issueTokens(count: number): Promise<TokenIssuer> {
  const issuer = 'https://login.bench.example/';
  const audience = 'billing';
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const tokens = await Promise.all(
    Array.from({ length: count }, (_, user) =>
      new SignJWT({ tenant: 'bench', scope: 'billing:read billing:write' })
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(`user-${user}`)
        .setIssuedAt()
        .setExpirationTime('6h')
        .sign(privateKey),
    ),
  );
  return { publicKeyPem: await exportSPKI(publicKey), issuer, audience, tokens };
}
