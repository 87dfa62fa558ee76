import type { CreditsAuthorization } from '../config/config.js';
import { CreditsTokens } from '../upstreams/credits/credits.token.js';
import { createGotTransport } from '../upstreams/upstream.got.js';
import { type Check, check } from './doctor.check.js';

type ClientCredentials = Extract<CreditsAuthorization, { kind: 'clientCredentials' }>;

/** Fetches one token as the gateway does, and throws it away. */
export async function tokenCheck(credentials: ClientCredentials, timeoutMs: number): Promise<Check> {
  const transport = createGotTransport();
  const call = {
    requestId: 'doctor',
    tenantId: 'doctor',
    observer: { attempt: () => undefined, drift: () => undefined },
  };
  try {
    const found = await new CreditsTokens(transport).authorize({ ...credentials, id: 'doctor' }, timeoutMs, call);
    if (found.kind === 'authorization') {
      return check('token', 'ok', 'issued', 'the token endpoint issues a token', 'purchases can be authorised', null);
    }
    return found.code === 'UPSTREAM_UNAUTHENTICATED'
      ? check(
          'token',
          'fail',
          'refused',
          'the token endpoint refuses the client',
          'no purchase can be made',
          'CREDITS_CLIENT_ID, CREDITS_CLIENT_SECRET',
        )
      : check(
          'token',
          'fail',
          'no token',
          'the token endpoint gives no token that can be used',
          'no purchase can be made',
          'CREDITS_TOKEN_URL',
        );
  } finally {
    transport.close();
  }
}
