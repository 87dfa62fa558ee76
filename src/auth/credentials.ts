import type { CreditsAuthorization, EnvironmentCredentials } from '../config/config.js';
import type { CreditsCredential, Tenant, XtractaCredential } from '../domain/caller.js';
import type { SpendingLimits } from '../domain/spending.js';

/** Keyed hash of a text: stable across restarts and replicas, and useless to whoever does not hold the key. */
export type KeyedHash = (text: string) => string;

export function xtractaCredential(apiKey: string, rootGroupId: string | null, keyedHash: KeyedHash): XtractaCredential {
  return { id: keyedHash(`xtracta:${apiKey}`), apiKey, rootGroupId };
}

/** The id of client credentials is that of the client, so that a rotated secret remains the same account. */
export function creditsCredential(authorization: CreditsAuthorization, keyedHash: KeyedHash): CreditsCredential {
  switch (authorization.kind) {
    case 'bearer':
      return { kind: 'bearer', id: keyedHash(`credits:bearer:${authorization.token}`), token: authorization.token };
    case 'clientCredentials':
      return {
        kind: 'clientCredentials',
        id: keyedHash(`credits:client:${authorization.tokenUrl}\n${authorization.clientId}`),
        tokenUrl: authorization.tokenUrl,
        clientId: authorization.clientId,
        clientSecret: authorization.clientSecret,
      };
  }
}

/** @param limits null: what it spends is not limited */
export function tenantOf(
  id: string,
  credentials: EnvironmentCredentials,
  limits: SpendingLimits | null,
  keyedHash: KeyedHash,
): Tenant {
  const { xtracta, credits } = credentials;
  return {
    id,
    xtracta: xtracta === null ? null : xtractaCredential(xtracta.apiKey, xtracta.rootGroupId, keyedHash),
    credits: credits === null ? null : creditsCredential(credits, keyedHash),
    ...(limits === null ? {} : { limits }),
  };
}
