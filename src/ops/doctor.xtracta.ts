import type { BillingActivity, BillingHistory } from '../domain/billing-history.js';
import type { ExaminedElement } from '../upstreams/xtracta/document.examination.js';
import { type Check, check, counted, listed, open, type Probe, type Prober } from './doctor.checks.js';
import type { Reading } from './reading.js';
import { foreignDocument, TRANSPORT_REASONS, whyOfStatus } from './reading.reasons.js';
import { childrenOf, creditForm, dateForms, recordForm, recordsOf, textOf } from './response.form.js';

/** What is known of the account before anything is asked. */
export interface Account {
  /** Of `--group`; null: the key's own. */
  readonly groupId: string | null;
  /** Of `XTRACTA_ROOT_GROUP_ID` or the tenants file. */
  readonly rootGroupId: string | null;
  /** Of `--outside`: a group that the key should not see; null: none is asked about. */
  readonly outsideGroupId: string | null;
  readonly planSource: 'history' | 'usage';
}

const DAY_SECONDS = 86_400;
/** As the gateway looks for the plan in force. */
const REACH_SECONDS = 400 * DAY_SECONDS;
/** A minute of the year 2000, in which nobody had a billing plan. */
const EMPTY_WINDOW = { billing_from: '946684800', billing_to: '946684860' };

/** Asks what reads can tell, in an order in which a failure spares the questions that it makes pointless. */
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

/** In words: what came back. Nothing of the upstream's own text is in it. */
function answered(probe: Probe | null): string {
  if (probe === null) return 'not asked: the time was up';
  const { result, document } = probe;
  if (result.kind === 'failure') return TRANSPORT_REASONS[result.reason];
  const why = whyOfStatus(result.status);
  if (why !== null) return why;
  const status = statusCode(probe);
  const foreign = foreignDocument(document);
  return `HTTP ${result.status}${foreign === null ? (status === null ? '' : `, <status> ${status}`) : `, but ${foreign}`}`;
}

function statusCode({ document }: Probe): string | null {
  const [status] = document.root === null ? [] : childrenOf(document.root, 'status');
  const text = status?.text.trim() ?? '';
  return /^\d{1,3}$/.test(text) ? text : null;
}

function isRead(probe: Probe | null): probe is Probe & { readonly reading: Reading } {
  return probe?.reading?.result.kind === 'value';
}

function isNotFound(probe: Probe | null): boolean {
  return probe?.reading?.result.kind === 'error' && probe.reading.result.code === 'NOT_FOUND';
}

function refusedCredential(probe: Probe | null): Check | null {
  const result = probe?.reading?.result;
  if (result?.kind !== 'error' || result.code !== 'UPSTREAM_UNAUTHENTICATED') return null;
  return check(
    'credential',
    'fail',
    'refused',
    answered(probe),
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
      answered(probe),
      'nothing is known of the upstream',
      'doctor --timeout, XTRACTA_URL',
    );
  }
  if (probe.result.kind === 'response') return null;
  const setting = probe.result.reason === 'timeout' ? 'READ_TIMEOUT_MS, XTRACTA_URL' : 'XTRACTA_URL';
  return check(
    'read',
    'fail',
    null,
    answered(probe),
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

function groupIdOf(record: ExaminedElement): string | null {
  return /^0*([1-9]\d{0,17})$/.exec(textOf(record, 'group_id') ?? '')?.[1] ?? null;
}

function usageCheck(probe: Probe | null, { planSource }: Account): Check {
  if (isRead(probe)) {
    return check(
      'usage',
      'ok',
      'yes',
      `${answered(probe)}: usage is there`,
      'PLAN_SOURCE=usage can be used',
      'PLAN_SOURCE',
    );
  }
  if (isNotFound(probe)) {
    return check(
      'usage',
      'ok',
      'yes',
      answered(probe),
      "usage is there; the key's own group has no plan",
      'PLAN_SOURCE',
    );
  }
  const isNeeded = planSource === 'usage';
  const means = isNeeded ? 'group.plan cannot be read' : 'plans are derived from the history, as is set';
  return check('usage', isNeeded ? 'fail' : 'ok', 'no', answered(probe), means, 'PLAN_SOURCE=history');
}

function ownGroupChecks(ownGroupId: string | null, { rootGroupId }: Account): readonly Check[] {
  if (ownGroupId === null)
    return [open('ownGroup', 'neither usage nor the history say which group the key belongs to')];
  if (rootGroupId === null) {
    const means = 'with it many groups are read by one call, and a write without a groupId is known to be about it';
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
          null,
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

function historyRead(probe: Probe | null): Check {
  const result = probe?.reading?.result;
  if (result?.kind === 'value') {
    const rows = activitiesOf(probe).length;
    return check(
      'history',
      'ok',
      String(rows),
      `${answered(probe)}: ${counted(rows, 'row')}`,
      'the credential is accepted and the history is read',
      null,
    );
  }
  if (isNotFound(probe)) {
    return check(
      'history',
      'doubt',
      'not_found',
      answered(probe),
      'there is no such group, or a history without rows is answered like that',
      '--group',
    );
  }
  const setting = probe?.result.kind === 'response' ? 'XTRACTA_URL' : 'XTRACTA_URL, READ_TIMEOUT_MS';
  return check(
    'history',
    'fail',
    null,
    answered(probe),
    'the history cannot be read, and everything stands on it',
    setting,
  );
}

function recordsIn(probe: Probe | null): readonly ExaminedElement[] {
  return probe === null ? [] : recordsOf('history', probe.document);
}

function activitiesOf(probe: Probe | null): readonly BillingActivity[] {
  const result = probe?.reading?.result;
  return result?.kind === 'value' && isHistory(result.value) ? result.value.activities : [];
}

function isHistory(value: object): value is BillingHistory {
  return 'activities' in value && Array.isArray(value.activities);
}

function envelopeChecks(probes: readonly Probe[]): readonly Check[] {
  const answers = probes.filter(
    ({ result, document }) => result.kind === 'response' && foreignDocument(document) === null,
  );
  const roots = new Set(answers.map(({ document }) => document.root?.name ?? ''));
  const statuses = answers.map((probe) => ({ http: probe.result.status, xml: statusCode(probe) }));
  const differing = statuses.filter(({ http, xml }) => xml !== null && Number(xml) !== http);
  const without = statuses.filter(({ xml }) => xml === null).length;
  const extra = ['result', 'error_code'].filter((name) =>
    answers.some(({ document }) => document.root !== null && childrenOf(document.root, name).length > 0),
  );
  return [
    check(
      'root',
      'ok',
      [...roots].join(','),
      `the root is ${listed([...roots])}`,
      'both documented roots are accepted',
      null,
    ),
    check(
      'statusForm',
      'ok',
      differing.length > 0 ? 'differs' : without > 0 ? 'absent' : 'as HTTP',
      differing.length > 0
        ? 'the XML status differs from the HTTP status'
        : without > 0
          ? `${without} responses have no status that is a number`
          : 'the XML status is the HTTP status',
      'a failure in either is a failure',
      null,
    ),
    check(
      'envelope',
      'ok',
      extra.length === 0 ? 'as documented' : extra.join(','),
      extra.length === 0 ? 'neither <result> nor <error_code> is there' : `there is ${listed(extra)}`,
      'both are taken into account should they come',
      null,
    ),
  ];
}

function rowIdCheck(records: readonly ExaminedElement[]): Check {
  const byId = Map.groupBy(records, (record) => textOf(record, 'id'));
  // The same row comes in the history and in the recursive one.
  const shared = [...byId.values()].some((rows) => new Set(rows.map((row) => textOf(row, 'start_date'))).size > 1);
  return shared
    ? check(
        'rowIds',
        'doubt',
        'shared',
        'rows of different periods have one id',
        'an id names no single row: evidence of an unknown write is weaker',
        null,
      )
    : check('rowIds', 'ok', 'own', 'each row has an id of its own', 'an id names one event', null);
}

function formChecks(records: readonly ExaminedElement[], probes: readonly (Probe | null)[]): readonly Check[] {
  if (records.length === 0) return [open('elements', 'there is no row to look at')];
  const form = recordForm('history', records);
  const dates = dateForms(records);
  const zeros = records.some((record) => /^0\d/.test(textOf(record, 'id') ?? ''));
  const credit = creditForm(records);
  // Words have a check of their own.
  const drift = new Set(probes.flatMap((probe) => Object.keys(probe?.reading?.drift ?? {})));
  for (const word of ['plan_type', 'plan_activity']) drift.delete(word);
  const odd = [
    ...form.unknown.map((name) => `<${name}> is unknown`),
    ...form.missing.map((name) => `<${name}> is missing`),
    ...form.repeated.map((name) => `<${name}> stands twice`),
    ...(form.otherOrder ? ["another order than the schema's"] : []),
  ];
  return [
    check(
      'elements',
      form.missing.length > 0 || form.repeated.length > 0 ? 'doubt' : 'ok',
      odd.length === 0 ? 'as documented' : 'differs',
      odd.length === 0 ? "the elements and their order are the documents'" : listed(odd),
      odd.length === 0
        ? 'nothing differs'
        : 'the order does not matter, unknown elements are left out, missing ones are null',
      null,
    ),
    check(
      'values',
      drift.size === 0 ? 'ok' : 'doubt',
      drift.size === 0 ? 'readable' : 'drift',
      drift.size === 0 ? 'every value could be read' : `counted as drift: ${listed([...drift])}`,
      'a value that cannot be read is null with an error at its field; billing_upstream_drift_total counts it',
      null,
    ),
    check(
      'dateFormat',
      dates.includes('other') ? 'doubt' : 'ok',
      dates.join(','),
      `dates are written as ${listed(dates)}`,
      dates.includes('other')
        ? 'a date in a form that the gateway does not know is null'
        : dates.includes('naive')
          ? 'dates without an offset are read as UTC'
          : 'an offset is taken into account',
      null,
    ),
    rowIdCheck(records),
    check(
      'activityIdZeros',
      'ok',
      zeros ? 'yes' : 'no',
      zeros ? 'ids have leading zeros' : 'ids have no leading zeros',
      'ids are passed on as text',
      null,
    ),
    check(
      'creditAmount',
      'ok',
      credit,
      `credit_amount is ${credit ?? 'nowhere'}`,
      'it is passed on as sent; its unit is not documented',
      null,
    ),
  ];
}

function orderCheck(probe: Probe | null): Check {
  const rows = activitiesOf(probe).filter(({ startMs }) => startMs !== null);
  if (rows.length < 2) return open('historyOrder', 'there are fewer than two rows with a date');
  const starts = rows.map(({ startMs }) => startMs ?? 0);
  const ids = rows.map(({ id }) => Number(id));
  const word = isSorted(starts.toReversed())
    ? 'start_desc'
    : isSorted(starts)
      ? isSorted(ids)
        ? 'start_asc or id_asc'
        : 'start_asc'
      : isSorted(ids)
        ? 'id_asc'
        : 'shuffled';
  return check(
    'historyOrder',
    'ok',
    word,
    `rows come ordered by ${word}`,
    'the gateway sorts by itself and trusts no order',
    null,
  );
}

function isSorted(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number >= (numbers[index - 1] ?? Number.NEGATIVE_INFINITY));
}

/** Three windows of one known period tell with which of its dates they are compared. */
async function filterChecks(
  prober: Prober,
  group: Readonly<Record<string, string>>,
  rows: readonly BillingActivity[],
): Promise<readonly Check[]> {
  const period = rows.find(
    ({ startMs, expiryMs, kind }) =>
      kind !== 'BOOSTER' && startMs !== null && expiryMs !== null && expiryMs - startMs > DAY_SECONDS * 1000,
  );
  if (period === undefined) return [open('historyFilter', 'there is no period longer than a day to ask about')];
  const start = Math.floor((period.startMs ?? 0) / 1000);
  const expiry = Math.floor((period.expiryMs ?? 0) / 1000);
  const has = async (label: string, from: number, to: number): Promise<boolean | null> => {
    const window = { billing_from: String(from), billing_to: String(to) };
    const probe = await prober.read(label, 'history', { ...group, ...window });
    if (isNotFound(probe)) return false;
    return isRead(probe) ? activitiesOf(probe).some(({ id }) => id === period.id) : null;
  };
  const inside = await has('history inside of a period', start + 3600, expiry - 3600);
  const atStart = await has("history of a period's first second", start, start);
  const atExpiry = await has("history of a period's last second", expiry, expiry);
  if (inside === null || atStart === null || atExpiry === null)
    return [open('historyFilter', 'a window could not be read')];
  if (inside) {
    return [
      check(
        'historyFilter',
        'ok',
        'overlap',
        'a window has the periods that reach into it',
        'rows that start outside are dropped by the gateway',
        null,
      ),
    ];
  }
  if (atStart) {
    return [
      check('historyFilter', 'ok', 'start', 'a window has the periods that start in it', 'as the gateway asks', null),
    ];
  }
  if (atExpiry) {
    return [
      check(
        'historyFilter',
        'doubt',
        'expiry',
        'a window has the periods that expire in it',
        'billingHistory lacks what starts in its window and ends after it; ask with a later `to`. Plans are found all the same',
        null,
      ),
    ];
  }
  return [
    check(
      'historyFilter',
      'doubt',
      'none',
      'a window of one second has no row',
      'the ends of a window may not belong to it: rows on its edge may be missing',
      null,
    ),
  ];
}

function emptyCheck(probe: Probe | null): Check {
  if (isNotFound(probe)) {
    return check(
      'emptyHistory',
      'doubt',
      'not_found',
      answered(probe),
      'a history without rows cannot be told from a group that does not exist: both answer NOT_FOUND',
      null,
    );
  }
  if (!isRead(probe)) return open('emptyHistory', answered(probe));
  const { root } = probe.document;
  const hasPlans = root !== null && childrenOf(root, 'plans').length > 0;
  if (recordsIn(probe).length > 0) return open('emptyHistory', 'the year 2000 has rows');
  return hasPlans
    ? check(
        'emptyHistory',
        'ok',
        'empty_element',
        '<plans/> stands for no rows',
        'an empty history is an empty list',
        null,
      )
    : check(
        'emptyHistory',
        'ok',
        'omitted',
        'without rows there is no <plans>',
        'an empty list, counted as drift (field plans) each time',
        null,
      );
}

function datesCheck(probe: Probe | null): Check {
  if (isRead(probe)) {
    return check(
      'historyDates',
      'ok',
      'optional',
      'a history without dates is answered',
      'the gateway always sends both',
      null,
    );
  }
  if (probe?.result.kind !== 'response') return open('historyDates', answered(probe));
  return check(
    'historyDates',
    'ok',
    'required',
    `without dates: ${answered(probe)}`,
    'the gateway always sends both',
    null,
  );
}

function recursionChecks(groupId: string, history: Probe, recursive: Probe | null): readonly Check[] {
  if (!isRead(recursive)) {
    return [
      check(
        'recursion',
        'doubt',
        'no',
        answered(recursive),
        'subgroups and includeSubgroups cannot be read',
        'leave XTRACTA_ROOT_GROUP_ID unset',
      ),
    ];
  }
  const records = recordsIn(recursive);
  const foreign = recordsIn(history).filter((record) => (groupIdOf(record) ?? groupId) !== groupId);
  const named = records.filter((record) => groupIdOf(record) !== null);
  const groups = new Set(named.map(groupIdOf));
  const hasItself = groups.has(groupId);
  return [
    check(
      'recursion',
      'ok',
      groups.size > 1 ? 'yes' : 'one group',
      `recursive=1 has rows of ${groups.size} groups, ${hasItself ? 'the group itself among them' : 'not of the group itself'}`,
      groups.size > 1 ? 'groups below are found' : 'no group below has rows, or recursion does nothing here',
      null,
    ),
    foreign.length === 0
      ? check('foreignRows', 'ok', 'none', 'a history has rows of its own group alone', 'as asked', null)
      : check(
          'foreignRows',
          'doubt',
          'some',
          'a history has rows of groups that were not asked for',
          'the gateway drops them',
          null,
        ),
    records.length === 0
      ? open('activityGroupId', 'there is no row')
      : named.length === records.length
        ? check(
            'activityGroupId',
            'ok',
            'yes',
            'every row names its group by id',
            'many groups can share one recursive call',
            null,
          )
        : check(
            'activityGroupId',
            'doubt',
            named.length === 0 ? 'no' : 'some',
            `${records.length - named.length} of ${records.length} rows name no group by id`,
            'such rows belong to nobody known in a recursive answer, so sharing a call saves nothing',
            'leave XTRACTA_ROOT_GROUP_ID unset',
          ),
  ];
}

function rowChecks(rows: readonly BillingActivity[]): readonly Check[] {
  const unknownWords = rows.flatMap(({ kind, kindRaw, planType, planTypeRaw }) => [
    ...(kind === 'OTHER' ? [kindRaw] : []),
    // A pack is neither monthly nor annual.
    ...(kind !== 'BOOSTER' && planType === 'OTHER' ? [planTypeRaw] : []),
  ]);
  const words = [...new Set(unknownWords.filter((word) => typeof word === 'string'))].map(shortWord);
  const hasBoosters = rows.some(({ kind }) => kind === 'BOOSTER');
  const overlapping = hasOverlap(rows);
  const overUsed = rows.some(
    ({ usedDocuments, allowedDocuments }) =>
      typeof usedDocuments === 'number' && typeof allowedDocuments === 'number' && usedDocuments > allowedDocuments,
  );
  return [
    check(
      'words',
      words.length === 0 ? 'ok' : 'doubt',
      words.length === 0 ? 'known' : 'unknown',
      words.length === 0 ? 'every plan_activity and plan_type is known' : `not known: ${listed(words)}`,
      'an unknown word is OTHER, with the word beside it',
      null,
    ),
    hasBoosters
      ? check(
          'boostersInHistory',
          'ok',
          'yes',
          'booster packs are rows of the history',
          'an unknown order can be proved by it',
          null,
        )
      : open('boostersInHistory', 'no booster row is there: none was ordered, or they are not in the history'),
    overlapping === null
      ? open('closeOldPeriod', 'no group has two periods')
      : overlapping
        ? check(
            'closeOldPeriod',
            'ok',
            'no',
            'periods of one group overlap',
            'the one that started last is in force',
            null,
          )
        : check(
            'closeOldPeriod',
            'ok',
            'yes',
            'periods of one group do not overlap',
            'one plan is in force at a time',
            null,
          ),
    overUsed
      ? check(
          'overUse',
          'ok',
          'yes',
          'more documents are used than allowed somewhere',
          'remainingDocuments is 0 there',
          null,
        )
      : open('overUse', 'no row uses more than it allows'),
  ];
}

/** Whether two periods of one group are in force at once; null when no group has two periods. */
function hasOverlap(rows: readonly BillingActivity[]): boolean | null {
  const byGroup = Map.groupBy(
    rows.filter(
      ({ kind, groupId, startMs, expiryMs }) =>
        kind !== 'BOOSTER' && groupId !== null && startMs !== null && expiryMs !== null,
    ),
    ({ groupId }) => groupId,
  );
  let seenTwo = false;
  for (const periods of byGroup.values()) {
    // The same row comes in the history and in the recursive one.
    const own = [...new Map(periods.map((row) => [row.id, row])).values()].sort(
      (a, b) => (a.startMs ?? 0) - (b.startMs ?? 0),
    );
    if (own.length > 1) seenTwo = true;
    if (own.some((row, index) => index > 0 && (row.startMs ?? 0) < (own[index - 1]?.expiryMs ?? 0))) return true;
  }
  return seenTwo ? false : null;
}

function catalogueChecks(probe: Probe | null): readonly Check[] {
  if (!isRead(probe)) {
    return [
      check(
        'catalogue',
        'doubt',
        'no',
        answered(probe),
        'availablePlans, availablePacks, previews and expected prices do not work, and no unknown write can be proved by the history',
        'XTRACTA_CATALOGUE_PATH',
      ),
    ];
  }
  const { root } = probe.document;
  const records = recordsOf('plans', probe.document);
  const nested = root !== null && [...childrenOf(root, 'plans'), ...childrenOf(root, 'packs')].length > 0;
  const currencies = records.filter((record) => textOf(record, 'price_currency') !== null).length;
  const wholesale = records.some((record) => textOf(record, 'wholesale_price') !== null);
  const form = recordForm('plans', records);
  return [
    check(
      'catalogue',
      records.length === 0 ? 'doubt' : 'ok',
      records.length === 0 ? 'empty' : 'yes',
      `${answered(probe)}: ${records.length} plans and packs`,
      records.length === 0 ? 'nothing is offered to this group' : 'the catalogue is there',
      records.length === 0 ? 'XTRACTA_CATALOGUE_PATH' : null,
    ),
    ...(records.length === 0
      ? []
      : [
          check(
            'catalogueShape',
            'ok',
            nested ? 'nested' : 'flat',
            nested ? 'items stand in <plans> and <packs>' : 'items stand below the root',
            'both are read',
            null,
          ),
          check(
            'catalogueCurrency',
            'ok',
            currencies > 0 ? 'yes' : 'no',
            currencies > 0 ? 'prices name a currency' : 'prices name no currency',
            currencies > 0
              ? 'it is passed on'
              : 'Money.currency is null; spending limits by currency cannot be counted',
            null,
          ),
          check(
            'wholesale',
            'ok',
            wholesale ? 'yes' : 'no',
            wholesale ? 'wholesale prices are there' : 'no wholesale prices are there',
            'they are shown to the scope billing:wholesale alone',
            null,
          ),
          check(
            'catalogueElements',
            form.missing.length > 0 ? 'doubt' : 'ok',
            form.unknown.length + form.missing.length === 0 ? 'as documented' : 'differs',
            form.unknown.length + form.missing.length === 0
              ? "the elements are the documents'"
              : listed([
                  ...form.unknown.map((name) => `<${name}> is unknown`),
                  ...form.missing.map((name) => `<${name}> is missing`),
                ]),
            'unknown elements are left out',
            null,
          ),
        ]),
  ];
}

/** A group whose last period has ended, if the recursive history has one, shows what usage says of no plan. */
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
      answered(probe),
      'a group without a plan is a 404: plan is null',
      null,
    );
  if (!isRead(probe)) return open('usageWithoutPlan', answered(probe));
  return recordsOf('usage', probe.document).length === 0
    ? check('usageWithoutPlan', 'ok', 'empty_element', 'an empty <plan/>', 'plan is null', null)
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
    return open('foreignGroup', 'not asked: --outside ID names a group that the key should not see');
  const probe = await prober.read('history of a group outside', 'history', { group_id: groupId, ...wideWindow(nowMs) });
  const result = probe?.reading?.result;
  if (result?.kind === 'error' && (result.code === 'FORBIDDEN' || result.code === 'UPSTREAM_UNAUTHENTICATED')) {
    return check('foreignGroup', 'ok', 'forbidden', answered(probe), 'the upstream refuses groups outside', null);
  }
  if (isNotFound(probe))
    return check(
      'foreignGroup',
      'ok',
      'not_found',
      answered(probe),
      'groups outside look as if they did not exist',
      null,
    );
  if (isRead(probe)) {
    return check(
      'foreignGroup',
      'doubt',
      'visible',
      answered(probe),
      'the key sees more than its own tree: callers are kept in by allowedGroups alone',
      'TENANTS_FILE allowedGroups',
    );
  }
  return open('foreignGroup', answered(probe));
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

function shortWord(word: string): string {
  return word.length <= 30 ? word : `${word.slice(0, 29)}…`;
}
