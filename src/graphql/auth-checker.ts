import { defaultFieldResolver, type GraphQLFieldResolver } from 'graphql';
import type { AuthChecker } from 'type-graphql';
import type { Caller, Scope } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { GatewayContext } from './context.js';
import { type FieldAccess, holdsScopes, INHERITED } from './scopes.js';

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

/**
 * Second lock on every field that needs a scope: its resolver refuses a caller who lacks one. The admission reads the document; this
 * lock does not, so a field that the admission has overlooked, or that an executor adds by mistake, still shows nothing.
 */
export function withScopeLock(
  access: FieldAccess | undefined,
  resolve: GraphQLFieldResolver<unknown, GatewayContext> | undefined,
): GraphQLFieldResolver<unknown, GatewayContext> | undefined {
  if (access === undefined || access === INHERITED) return resolve;
  const answer = resolve ?? defaultFieldResolver;
  return (source, args, context, info) => {
    if (!holdsScopes(context.caller, access)) requireScopes(context.caller, access);
    return answer(source, args, context, info);
  };
}
