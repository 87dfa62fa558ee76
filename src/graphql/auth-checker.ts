import type { AuthChecker } from 'type-graphql';
import type { Caller, Scope } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { GatewayContext } from './context.js';

/** Throws `FORBIDDEN`, naming the scopes that the caller lacks: it helps who set up the token, and tells nothing of the data. */
export function requireScopes(caller: Caller, needed: Iterable<Scope>): void {
  const missing = [...new Set(needed)].filter((scope) => !caller.scopes.has(scope)).sort();
  if (missing.length > 0) {
    throw new BillingError('FORBIDDEN', `This operation needs the scope ${missing.join(', ')}.`);
  }
}

/**
 * Second lock on the mutations: the admission of the whole operation has refused before this runs, and money must not depend on a
 * plugin being installed.
 */
export const authChecker: AuthChecker<GatewayContext, Scope> = ({ context }, roles) => {
  requireScopes(context.caller, roles);
  return true;
};
