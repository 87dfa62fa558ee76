import {
  activitiesOf,
  type Check,
  check,
  groupIdOf,
  isNotFound,
  isRead,
  open,
  type Probe,
  type Prober,
  recordsIn,
  responseText,
} from './doctor-checks.js';
import { catalogueChecks, envelopeChecks, formChecks } from './form-checks.js';
import {
  datesCheck,
  emptyCheck,
  filterChecks,
  historyRead,
  orderCheck,
  recursionChecks,
  rowChecks,
} from './history-checks.js';
import { recordsOf } from './response-form.js';

/** Facts about the account before the first read. */
export interface Account {
  /** From `--group`; null: the key's own group. */
  readonly groupId: string | null;
  /** From `XTRACTA_ROOT_GROUP_ID` or the tenants file. */
  readonly rootGroupId: string | null;
  /** From `--outside`: a group that the key should not see; null: no such check. */
  readonly outsideGroupId: string | null;
  readonly planSource: 'history' | 'usage';
}

const DAY_SECONDS = 86_400;

/** The window in which the gateway looks for the plan in force. */
const REACH_SECONDS = 400 * DAY_SECONDS;

/** One minute of the year 2000, in which no billing plan existed. */
const EMPTY_WINDOW = { billing_from: '946684800', billing_to: '946684860' };

/** Runs all checks that reads can settle. Their order is such that a failure ends the run before pointless reads. */
export async function examineXtracta(prober: Prober, account: Account, nowMs: number): Promise<readonly Check[]> {
  const ownUsage = await prober.read("usage of the key's own group", 'usage', {});
  const refusal = refusedCredential(ownUsage);
  if (refusal !== null) return [refusal];
  const unreachable = noConnection(ownUsage);
  if (unreachable !== null) return [unreachable];

  const ownHistory = await prober.read('history without a group', 'history', wideWindow(nowMs));
  const ownGroupId = ownGroupOf(ownUsage) ?? onlyGroupOf(ownHistory);
  const groupId = account.groupId ?? account.rootGroupId ?? ownGroupId;
  const before = [usageCheck(ownUsage, account), ...ownGroupChecks(ownGroupId, account)];
  if (groupId === null) {
    return [
      ...before,
      check(
        'group',
        'fail',
        null,
        'no group is known',
        'nothing can be read without one',
        'doctor --group ID, or XTRACTA_ROOT_GROUP_ID',
      ),
    ];
  }
  const group = { group_id: groupId };
  const history = await prober.read(`history of ${groupId}`, 'history', { ...group, ...wideWindow(nowMs) });
  const readable = historyRead(history);
  if (history === null || readable.verdict === 'fail') return [...before, readable];

  const recursive = await prober.read(`history of ${groupId} with all below`, 'history', {
    ...group,
    ...wideWindow(nowMs),
    recursive: '1',
  });
  const records = [...recordsOf('history', history.document), ...recordsIn(recursive)];
  return [
    ...before,
    readable,
    ...envelopeChecks(prober.probes),
    ...formChecks(records, [history, recursive]),
    orderCheck(activitiesOf(recursive).length > 1 ? recursive : history),
    ...(await filterChecks(prober, group, [...activitiesOf(history)])),
    emptyCheck(await prober.read('history of a time without rows', 'history', { ...group, ...EMPTY_WINDOW })),
    datesCheck(await prober.read('history without dates', 'history', group)),
    ...recursionChecks(groupId, history, recursive),
    ...rowChecks([...activitiesOf(history), ...activitiesOf(recursive)]),
    ...catalogueChecks(await prober.read(`plans of ${groupId}`, 'plans', group)),
    await planlessCheck(prober, recursive, nowMs),
    await outsideCheck(prober, account.outsideGroupId, nowMs),
    slowCheck(prober.probes),
  ];
}

function wideWindow(nowMs: number): Record<string, string> {
  const nowSeconds = Math.floor(nowMs / 1000);
  return { billing_from: String(nowSeconds - REACH_SECONDS), billing_to: String(nowSeconds + REACH_SECONDS) };
}

function refusedCredential(probe: Probe | null): Check | null {
  const result = probe?.reading?.result;
  if (result?.kind !== 'error' || result.code !== 'UPSTREAM_UNAUTHENTICATED') return null;
  return check(
    'credential',
    'fail',
    'refused',
    responseText(probe),
    'the upstream does not accept the api key, or not from this address: no read and no write can work',
    "XTRACTA_API_KEY, or the tenant's xtractaApiKey",
  );
}

function noConnection(probe: Probe | null): Check | null {
  if (probe === null) {
    return check(
      'read',
      'fail',
      null,
      responseText(probe),
      "the upstream's behaviour is not known",
      'doctor --timeout, XTRACTA_URL',
    );
  }
  if (probe.result.kind === 'response') return null;
  const setting = probe.result.reason === 'timeout' ? 'READ_TIMEOUT_MS, XTRACTA_URL' : 'XTRACTA_URL';
  return check(
    'read',
    'fail',
    null,
    responseText(probe),
    'the first read had no response that the gateway could read',
    setting,
  );
}

function ownGroupOf(probe: Probe | null): string | null {
  if (probe?.reading?.result.kind !== 'value') return null;
  const [record] = recordsOf('usage', probe.document);
  return record === undefined ? null : groupIdOf(record);
}

function onlyGroupOf(probe: Probe | null): string | null {
  if (!isRead(probe)) return null;
  const ids = new Set(recordsOf('history', probe.document).map(groupIdOf));
  const [id] = ids;
  return ids.size === 1 && id !== undefined ? id : null;
}

function usageCheck(probe: Probe | null, { planSource }: Account): Check {
  if (isRead(probe)) {
    return check(
      'usage',
      'ok',
      'yes',
      `${responseText(probe)}: usage is there`,
      'PLAN_SOURCE=usage can be used',
      'PLAN_SOURCE',
    );
  }
  if (isNotFound(probe)) {
    return check(
      'usage',
      'ok',
      'yes',
      responseText(probe),
      "usage is there; the key's own group has no plan",
      'PLAN_SOURCE',
    );
  }
  const isNeeded = planSource === 'usage';
  const means = isNeeded ? 'group.plan cannot be read' : 'plans are derived from the history, as is set';
  return check('usage', isNeeded ? 'fail' : 'ok', 'no', responseText(probe), means, 'PLAN_SOURCE=history');
}

function ownGroupChecks(ownGroupId: string | null, { rootGroupId }: Account): readonly Check[] {
  if (ownGroupId === null) return [open('ownGroup', "neither usage nor the history names the key's own group")];
  if (rootGroupId === null) {
    const means = 'with it one call reads many groups, and the gateway knows the group of a write without a groupId';
    return [
      check(
        'ownGroup',
        'ok',
        ownGroupId,
        `the key belongs to group ${ownGroupId}`,
        means,
        `XTRACTA_ROOT_GROUP_ID=${ownGroupId}`,
      ),
    ];
  }
  return rootGroupId === ownGroupId
    ? [
        check(
          'ownGroup',
          'ok',
          ownGroupId,
          `the key belongs to group ${ownGroupId}, as is set`,
          'reads of many groups share one call',
        ),
      ]
    : [
        check(
          'ownGroup',
          'fail',
          ownGroupId,
          `the key belongs to group ${ownGroupId}, and ${rootGroupId} is set`,
          'writes without a groupId would be locked under the wrong group',
          `XTRACTA_ROOT_GROUP_ID=${ownGroupId}, or another key`,
        ),
      ];
}

/**
 * The usage of a group whose last period has ended, if the recursive history has such a group. It shows how usage
 * reports no plan.
 */
async function planlessCheck(prober: Prober, recursive: Probe | null, nowMs: number): Promise<Check> {
  const byGroup = Map.groupBy(
    activitiesOf(recursive).filter(({ groupId }) => groupId !== null),
    ({ groupId }) => groupId ?? '',
  );
  const lapsed = [...byGroup].find(([, rows]) => rows.every(({ expiryMs }) => expiryMs !== null && expiryMs < nowMs));
  if (lapsed === undefined) return open('usageWithoutPlan', 'no group below has a plan that ended');
  const probe = await prober.read('usage of a group whose plan has ended', 'usage', { group_id: lapsed[0] });
  if (isNotFound(probe))
    return check(
      'usageWithoutPlan',
      'ok',
      'not_found',
      responseText(probe),
      'a group without a plan is a 404: plan is null',
    );
  if (!isRead(probe)) return open('usageWithoutPlan', responseText(probe));
  return recordsOf('usage', probe.document).length === 0
    ? check('usageWithoutPlan', 'ok', 'empty_element', 'an empty <plan/>', 'plan is null')
    : check(
        'usageWithoutPlan',
        'doubt',
        'old_plan',
        'usage still shows a plan there',
        'with PLAN_SOURCE=usage a plan that ended is shown as in force',
        'PLAN_SOURCE=history',
      );
}

async function outsideCheck(prober: Prober, groupId: string | null, nowMs: number): Promise<Check> {
  if (groupId === null)
    return open('foreignGroup', 'not checked: --outside ID names a group that the key should not see');
  const probe = await prober.read('history of a group outside', 'history', { group_id: groupId, ...wideWindow(nowMs) });
  const result = probe?.reading?.result;
  if (result?.kind === 'error' && (result.code === 'FORBIDDEN' || result.code === 'UPSTREAM_UNAUTHENTICATED')) {
    return check('foreignGroup', 'ok', 'forbidden', responseText(probe), 'the upstream refuses groups outside');
  }
  if (isNotFound(probe))
    return check(
      'foreignGroup',
      'ok',
      'not_found',
      responseText(probe),
      'groups outside look as if they did not exist',
    );
  if (isRead(probe)) {
    return check(
      'foreignGroup',
      'doubt',
      'visible',
      responseText(probe),
      'the key sees more than its own tree: only allowedGroups restricts callers',
      'TENANTS_FILE allowedGroups',
    );
  }
  return open('foreignGroup', responseText(probe));
}

function slowCheck(probes: readonly Probe[]): Check {
  const slowest = probes.reduce((most, { durationMs }) => Math.max(most, durationMs), 0);
  const seen = `${probes.length} reads, the slowest took ${Math.round(slowest)} ms`;
  return check(
    'time',
    'ok',
    String(Math.round(slowest)),
    seen,
    'READ_TIMEOUT_MS should be a multiple of it',
    'READ_TIMEOUT_MS',
  );
}
