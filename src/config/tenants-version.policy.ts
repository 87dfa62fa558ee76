import type { SpendingLimits } from '../domain/spending.js';
import type { EnvironmentCredentials } from './config.js';

/** One tenant of the file, its secrets read in. */
export interface TenantRecord {
  readonly id: string;
  readonly credentials: EnvironmentCredentials;
  /** Leading zeros stripped; null: no list, every group. */
  readonly allowedGroups: readonly string[] | null;
  /** The file says so in words: a list, or `all`. */
  readonly groupsAreStated: boolean;
  /** What it may spend; null: that is not limited. */
  readonly limits: SpendingLimits | null;
}

/** One reading of the tenants file, as far as it matters for taking it in place of another. Holds secrets. */
export interface TenantsVersion {
  readonly text: string;
  /** What the file says, every scalar as text. */
  readonly content: unknown;
  readonly tenants: readonly TenantRecord[];
  /** The tenant whose entry may go on where the text ends; null: brackets have closed every entry. */
  readonly openTenant: string | null;
  /** The text ends with YAML's mark for the end of a document, a line `...`. */
  readonly hasEndMark: boolean;
}

const HINT = 'End the file with a line "..." to say that it is whole.';

/**
 * Why a version must not take the place of the one in use; null: it may. A file that was cut while it was written is still valid YAML: it
 * has lost what stood last, and that may be a list of groups, or the rest of a key. So a version is refused that looks cut, or that takes
 * a tenant's list away without the word `all`. A version with the end mark is whole; once one had it, each has to.
 *
 * The messages name tenants, never values.
 */
export function whyNotTaken(next: TenantsVersion, inUse: TenantsVersion): string | null {
  return lostGroups(next, inUse) ?? shortenedSecret(next, inUse) ?? (next.hasEndMark ? null : whyCut(next, inUse));
}

function lostGroups(next: TenantsVersion, inUse: TenantsVersion): string | null {
  for (const { id, allowedGroups, groupsAreStated } of next.tenants) {
    const before = inUse.tenants.find((tenant) => tenant.id === id);
    if (before === undefined || before.allowedGroups === null || allowedGroups !== null || groupsAreStated) continue;
    return `tenants.${id} has lost its allowedGroups. Write "allowedGroups: all" if it may name every group.`;
  }
  return null;
}

/** Also of files beside this one, which may be written at the same time. */
function shortenedSecret(next: TenantsVersion, inUse: TenantsVersion): string | null {
  for (const { id, credentials } of next.tenants) {
    const before = inUse.tenants.find((tenant) => tenant.id === id);
    if (before === undefined) continue;
    const former = secretsOf(before.credentials);
    if (secretsOf(credentials).some((secret, at) => isStrictStart(secret, former[at] ?? ''))) {
      return `tenants.${id} has a secret that is the beginning of its former one.`;
    }
  }
  return null;
}

function secretsOf({ xtracta, credits }: TenantRecord['credentials']): string[] {
  const bearer = credits?.kind === 'bearer' ? credits.token : '';
  const clientSecret = credits?.kind === 'clientCredentials' ? credits.clientSecret : '';
  return [xtracta?.apiKey ?? '', bearer, clientSecret];
}

function whyCut(next: TenantsVersion, inUse: TenantsVersion): string | null {
  if (inUse.hasEndMark) return 'It does not end with the line "..." that the version in use ends with.';
  if (isStrictStart(next.text.trimEnd(), inUse.text.trimEnd()))
    return `It is the beginning of the version in use. ${HINT}`;
  const { openTenant } = next;
  if (openTenant === null) return null;
  if (!next.text.endsWith('\n')) return `It ends within a line. ${HINT}`;
  const [now, before] = [next, inUse].map(({ content }) => property(property(content, 'tenants'), openTenant));
  if (before !== undefined) {
    return isStart(now, before) && !isEqual(now, before)
      ? `tenants.${openTenant}, its last entry, is the beginning of what it was. ${HINT}`
      : null;
  }
  const stated = next.tenants.find(({ id }) => id === openTenant)?.groupsAreStated === true;
  if (stated || ![...next.tenants, ...inUse.tenants].some(({ allowedGroups }) => allowedGroups !== null)) return null;
  return `tenants.${openTenant}, its last entry, is new and has no allowedGroups. Write "allowedGroups: all", or a list. ${HINT}`;
}

/** Whether a value, cut anywhere behind its beginning, could have become this one. */
function isStart(value: unknown, whole: unknown): boolean {
  if (typeof value === 'string' && typeof whole === 'string') return whole.startsWith(value);
  if (!isNode(value) || !isNode(whole) || Array.isArray(value) !== Array.isArray(whole)) return false;
  const members: readonly [string, unknown][] = Object.entries(value);
  const all: readonly [string, unknown][] = Object.entries(whole);
  return (
    members.length <= all.length &&
    members.every(([name, member], at) => {
      const other = Array.isArray(whole) ? all[at]?.[1] : property(whole, name);
      return at === members.length - 1 ? isStart(member, other) : isEqual(member, other);
    })
  );
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isStrictStart(text: string, whole: string): boolean {
  return text !== '' && text.length < whole.length && whole.startsWith(text);
}

function isNode(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function property(value: unknown, name: string): unknown {
  return isNode(value) ? new Map<string, unknown>(Object.entries(value)).get(name) : undefined;
}
