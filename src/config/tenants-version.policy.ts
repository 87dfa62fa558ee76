import { type DecimalText, parseDecimal } from '../domain/money.js';
import type { SpendingLimits } from '../domain/spending.js';
import type { EnvironmentCredentials } from './config.js';
import { NO_LIMIT } from './spending-limits.js';

/** One tenant of the file, with the secrets from its files. */
export interface TenantRecord {
  readonly id: string;
  readonly credentials: EnvironmentCredentials;
  /** Leading zeros stripped; null: no list, every group. */
  readonly allowedGroups: readonly string[] | null;
  /** Whether the file states the groups: a list, or `all`. */
  readonly groupsAreStated: boolean;
  /** Limits of its spending; null: the file has none, so nothing is limited. */
  readonly limits: SpendingLimits | null;
}

/** One version of the tenants file, with the facts that decide whether it may replace another. Contains secrets. */
export interface TenantsVersion {
  readonly text: string;
  /** The file's content, every scalar as text. */
  readonly content: unknown;
  readonly tenants: readonly TenantRecord[];
  /** The tenant whose entry may be incomplete at the end of the text; null: brackets have closed every entry. */
  readonly openTenant: string | null;
  /** Whether the text ends with YAML's mark for the end of a document, a line `...`. */
  readonly hasEndMark: boolean;
}

const HINT = 'End the file with a line "..." to say that it is whole.';

/**
 * Reason for which a version must not replace the one in use; null: it may. A file that was cut while it was written is
 * still valid YAML. It has lost its end, which may be a list of groups, a limit, or the rest of a key. So the gateway
 * refuses a version that looks cut. It also refuses a version that removes a tenant's list without the word `all`, or a
 * limit without the word `none`. A version with the end mark is whole. Once a version had the mark, each later one must
 * have it.
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

/** Paths of the limits in force. */
function limitsSetBy(limits: SpendingLimits): readonly (readonly string[])[] {
  return [
    ...(limits.frozen ? [['frozen']] : []),
    ...(limits.writesPerDay === null ? [] : [['writesPerDay']]),
    ...[...limits.spendPerDay.keys()].map((currency) => ['spendPerDay', currency]),
    ...(limits.maxQuantity === null ? [] : [['maxQuantity']]),
    ...(limits.requirePrice ? [['requirePrice']] : []),
  ];
}

/** Whether the path has a value, or a parent of it has the word for no limit. */
function isStated(stated: unknown, [name, ...rest]: readonly string[]): boolean {
  const member = name === undefined ? stated : property(stated, name);
  return member === NO_LIMIT || (member !== undefined && (rest.length === 0 || isStated(member, rest)));
}

/** Whether the new limits forbid everything that the former ones forbade. */
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

/** Secrets in separate files are checked too, because these may be written at the same time. */
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

/** Reason to distrust a new last entry: it lacks what other entries have. */
function whyNewIsCut({ id, groupsAreStated, limits }: TenantRecord, others: readonly TenantRecord[]): string | null {
  if (!groupsAreStated && others.some(({ allowedGroups }) => allowedGroups !== null)) {
    const remedy = `Write "allowedGroups: all", or a list. ${HINT}`;
    return `tenants.${id}, its last entry, is new and has no allowedGroups. ${remedy}`;
  }
  return limits === null && others.some((other) => other.limits !== null && limitsSetBy(other.limits).length > 0)
    ? `tenants.${id}, its last entry, is new and has no limits. Write "limits: ${NO_LIMIT}", or limits. ${HINT}`
    : null;
}

/**
 * Limits at the very end may be incomplete. That is harmless where the present ones are at least as strict as before,
 * so freezing needs no mark.
 */
function openLimits(
  next: TenantsVersion,
  { id, limits }: TenantRecord,
  former: TenantRecord | undefined,
): string | null {
  const entry = property(property(next.content, 'tenants'), id);
  const isLast = isNode(entry) && Object.keys(entry).at(-1) === 'limits' && isNode(property(entry, 'limits'));
  // A bracket closes the limits.
  if (!isLast || limits === null || next.text.trimEnd().endsWith('}')) return null;
  return isAsStrict(limits, former?.limits ?? null)
    ? null
    : `tenants.${id}, its last entry, ends with limits that are new or looser, and that may go on. ${HINT}`;
}

/** Whether `value` may be `whole`, cut anywhere after its beginning. */
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
