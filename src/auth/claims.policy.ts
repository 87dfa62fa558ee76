import type { JWTPayload } from 'jose';
import { SCOPES, type Scope } from '../domain/caller.js';
import { parseNumericId } from '../domain/numeric-id.js';

const NAME = /^[^\p{Cc}]{1,200}$/u;

/** Scopes that the token grants: `scope` (RFC 8693, words in one text) and `scp` (text or list). Unknown words grant nothing. */
function scopesOf(payload: JWTPayload): ReadonlySet<Scope> {
  const granted = new Set([...words(claim(payload, 'scope')), ...words(claim(payload, 'scp'))]);
  return new Set(SCOPES.filter((scope) => granted.has(scope)));
}

/**
 * Group ids that the token limits its bearer to, leading zeros stripped; null when it has no such claim. A claim that makes no
 * sense limits to nothing: its issuer meant a limit.
 */
function groupsOf(payload: JWTPayload, name: string): ReadonlySet<string> | null {
  if (!Object.hasOwn(payload, name)) return null;
  return new Set(words(payload[name]).flatMap((word) => parseNumericId(word) ?? []));
}

/** A claim that is a name: text of 1 to 200 characters without control characters; else null. */
function nameOf(payload: JWTPayload, name: string): string | null {
  const value = claim(payload, name);
  return typeof value === 'string' && NAME.test(value) ? value : null;
}

/** What decides of a token who calls and what they may do. */
export interface CallerClaims {
  readonly tenantId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Null: no limit. */
  readonly groups: ReadonlySet<string> | null;
  readonly subject: string | null;
}

/** @param names of the claims that the operator chose */
export function callerClaimsOf(
  payload: JWTPayload,
  names: { readonly tenantClaim: string; readonly groupsClaim: string },
): CallerClaims {
  return {
    tenantId: nameOf(payload, names.tenantClaim),
    scopes: scopesOf(payload),
    groups: groupsOf(payload, names.groupsClaim),
    subject: nameOf(payload, 'sub'),
  };
}

/** What both lists permit; null stands for no list. */
export function intersectGroups(
  one: ReadonlySet<string> | null,
  other: ReadonlySet<string> | null,
): ReadonlySet<string> | null {
  if (one === null || other === null) return one ?? other;
  return new Set([...one].filter((id) => other.has(id)));
}

function claim(payload: JWTPayload, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined;
}

function words(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((word) => word !== '');
  if (typeof value === 'number') return Number.isSafeInteger(value) ? [String(value)] : [];
  return Array.isArray(value) ? value.flatMap((item) => (Array.isArray(item) ? [] : words(item))) : [];
}
