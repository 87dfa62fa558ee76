import { type DecimalText, parseDecimal } from '../domain/money.js';
import type { SpendingLimits } from '../domain/spending.js';
import type { EnvironmentCredentials } from './config.js';
import { NO_LIMIT } from './spending-limits.js';

/** One tenant of the file, its secrets read in. */
export interface TenantRecord {
  readonly id: string;
  readonly credentials: EnvironmentCredentials;
  /** Leading zeros stripped; null: no list, every group. */
  readonly allowedGroups: readonly string[] | null;
  /** The file says so in words: a list, or `all`. */
  readonly groupsAreStated: boolean;
  /** What it may spend; null: the file says nothing of it, so that it is not limited. */
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
 * Why a version must not take the place of the one in use; null: it may. A file that was cut while it was written is
 * still valid YAML: it has lost what stood last, and that may be a list of groups, a limit of spending, or the rest of
 * a key. So a version is refused that looks cut, that takes a tenant's list away without the word `all`, or a limit
 * without the word `none`. A version with the end mark is whole; once one had it, each has to.
 *
 * The messages name tenants, never values.
 */
export function whyNotTaken(next: TenantsVersion, inUse: TenantsVersion): string | null {
  const lost = lostGroups(next, inUse) ?? lostLimit(next, inUse) ?? shortenedSecret(next, inUse);
  return lost ?? (next.hasEndMark ? null : whyCut(next, inUse));
}

function lostGroups(next: TenantsVersion, inUse: TenantsVersion): string | null {
  for (const { id, allowedGroups, groupsAreStated } of next.tenants) {
    const before = inUse.tenants.find((tenant) => tenant.id === id);
    if (before === undefined || before.allowedGroups === null || allowedGroups !== null || groupsAreStated) continue;
    return `tenants.${id} has lost its allowedGroups. Write "allowedGroups: all" if it may name every group.`;
  }
  return null;
}

function lostLimit(next: TenantsVersion, inUse: TenantsVersion): string | null {
  for (const { id, limits } of inUse.tenants) {
    if (limits === null || !next.tenants.some((tenant) => tenant.id === id)) continue;
    const stated = property(property(property(next.content, 'tenants'), id), 'limits');
    if (stated === undefined)
      return `tenants.${id} has lost its limits. Write "limits: ${NO_LIMIT}" if nothing limits it.`;
    if (stated === NO_LIMIT) continue;
    const lost = limitsSetBy(limits).find((path) => !isStated(stated, path));
    if (lost === undefined) continue;
    const [word, ...rest] = [...lost].reverse();
    const how = word === 'frozen' || word === 'requirePrice' ? 'false' : NO_LIMIT;
    return `tenants.${id}.limits has lost its ${[...rest, word].join('.')}. Write "${word}: ${how}" if that is meant.`;
  }
  return null;
}

/** Where each limit stands that is in force. */
function limitsSetBy(limits: SpendingLimits): readonly (readonly string[])[] {
  return [
    ...(limits.frozen ? [['frozen']] : []),
    ...(limits.writesPerDay === null ? [] : [['writesPerDay']]),
    ...[...limits.spendPerDay.keys()].map((currency) => ['spendPerDay', currency]),
    ...(limits.maxQuantity === null ? [] : [['maxQuantity']]),
    ...(limits.requirePrice ? [['requirePrice']] : []),
  ];
}

/** Whether something is said in that place, or above it that nothing is limited. */
function isStated(stated: unknown, [name, ...rest]: readonly string[]): boolean {
  const member = name === undefined ? stated : property(stated, name);
  return member === NO_LIMIT || (member !== undefined && (rest.length === 0 || isStated(member, rest)));
}

/** Whether everything that the one forbids is forbidden by the other too. */
function isAsStrict(limits: SpendingLimits, before: SpendingLimits | null): boolean {
  if (before === null) return false;
  const holds = (most: number | null, former: number | null) => former === null || (most !== null && most <= former);
  return (
    holds(limits.writesPerDay, before.writesPerDay) &&
    holds(limits.maxQuantity, before.maxQuantity) &&
    [...before.spendPerDay].every(([currency, former]) => isAtMost(limits.spendPerDay.get(currency), former)) &&
    (limits.requirePrice || !before.requirePrice) &&
    (limits.frozen || !before.frozen)
  );
}

function isAtMost(amount: DecimalText | undefined, former: DecimalText): boolean {
  const [now, before] = [parseDecimal(amount ?? ''), parseDecimal(former)];
  return now !== null && before !== null && now.value.lte(before.value);
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
  if (before !== undefined && isStart(now, before) && !isEqual(now, before)) {
    return `tenants.${openTenant}, its last entry, is the beginning of what it was. ${HINT}`;
  }
  const [last, former] = [next, inUse].map(({ tenants }) => tenants.find(({ id }) => id === openTenant));
  if (last === undefined) return null;
  return (
    (before === undefined ? whyNewIsCut(last, [...next.tenants, ...inUse.tenants]) : null) ??
    openLimits(next, last, former)
  );
}

/** The last entry is new, and leaves out what others have. */
function whyNewIsCut({ id, groupsAreStated, limits }: TenantRecord, others: readonly TenantRecord[]): string | null {
  if (!groupsAreStated && others.some(({ allowedGroups }) => allowedGroups !== null)) {
    return `tenants.${id}, its last entry, is new and has no allowedGroups. Write "allowedGroups: all", or a list. ${HINT}`;
  }
  return limits === null && others.some((other) => other.limits !== null && limitsSetBy(other.limits).length > 0)
    ? `tenants.${id}, its last entry, is new and has no limits. Write "limits: ${NO_LIMIT}", or limits. ${HINT}`
    : null;
}

/**
 * Limits at the very end may go on. It does not matter where those so far are at least as strict as before: freezing
 * takes no mark.
 */
function openLimits(
  next: TenantsVersion,
  { id, limits }: TenantRecord,
  former: TenantRecord | undefined,
): string | null {
  const entry = property(property(next.content, 'tenants'), id);
  const isLast = isNode(entry) && Object.keys(entry).at(-1) === 'limits' && isNode(property(entry, 'limits'));
  // A bracket closes them.
  if (!isLast || limits === null || next.text.trimEnd().endsWith('}')) return null;
  return isAsStrict(limits, former?.limits ?? null)
    ? null
    : `tenants.${id}, its last entry, ends with limits that are new or looser, and that may go on. ${HINT}`;
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
