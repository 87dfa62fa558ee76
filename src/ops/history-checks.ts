import type { BillingActivity } from '../domain/billing-history.js';
import {
  activitiesOf,
  type Check,
  check,
  counted,
  groupIdOf,
  isNotFound,
  isRead,
  listed,
  open,
  type Probe,
  type Prober,
  recordsIn,
  responseText,
} from './doctor-checks.js';
import { childrenOf } from './response-form.js';

const DAY_MS = 86_400_000;

export function historyRead(probe: Probe | null): Check {
  const result = probe?.reading?.result;
  if (result?.kind === 'value') {
    const rows = activitiesOf(probe).length;
    return check(
      'history',
      'ok',
      String(rows),
      `${responseText(probe)}: ${counted(rows, 'row')}`,
      'the credential is accepted and the history is read',
    );
  }
  if (isNotFound(probe)) {
    return check(
      'history',
      'doubt',
      'not_found',
      responseText(probe),
      'the group does not exist, or the upstream responds like this to a history without rows',
      '--group',
    );
  }
  const setting = probe?.result.kind === 'response' ? 'XTRACTA_URL' : 'XTRACTA_URL, READ_TIMEOUT_MS';
  return check(
    'history',
    'fail',
    null,
    responseText(probe),
    'the history cannot be read, and everything depends on it',
    setting,
  );
}

const ORDER_WORDS = {
  start_desc: 'newest start first',
  start_asc: 'oldest start first',
  id_asc: 'by ascending id',
  'start_asc or id_asc': 'oldest start first, which is by ascending id too',
  shuffled: 'in no order',
} as const;

export function orderCheck(probe: Probe | null): Check {
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
    `rows come ${ORDER_WORDS[word]}`,
    'the gateway sorts by itself and trusts no order',
  );
}

function isSorted(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number >= (numbers[index - 1] ?? Number.NEGATIVE_INFINITY));
}

/** Three windows around one known period show which of its dates the upstream compares. */
export async function filterChecks(
  prober: Prober,
  group: Readonly<Record<string, string>>,
  rows: readonly BillingActivity[],
): Promise<readonly Check[]> {
  const period = rows.find(
    ({ startMs, expiryMs, kind }) =>
      kind !== 'BOOSTER' && startMs !== null && expiryMs !== null && expiryMs - startMs > DAY_MS,
  );
  if (period === undefined) return [open('historyFilter', 'there is no period longer than a day')];
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
        'a window has the periods that overlap it',
        'rows that start outside are dropped by the gateway',
      ),
    ];
  }
  if (atStart) {
    return [check('historyFilter', 'ok', 'start', 'a window has the periods that start in it', 'as the gateway asks')];
  }
  if (atExpiry) {
    return [
      check(
        'historyFilter',
        'doubt',
        'expiry',
        'a window has the periods that expire in it',
        'billingHistory lacks periods that start in its window and end after it: use a later `to`. Plans are still found',
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
    ),
  ];
}

export function emptyCheck(probe: Probe | null): Check {
  if (isNotFound(probe)) {
    return check(
      'emptyHistory',
      'doubt',
      'not_found',
      responseText(probe),
      'a history without rows and a group that does not exist look the same: both are NOT_FOUND',
    );
  }
  if (!isRead(probe)) return open('emptyHistory', responseText(probe));
  const { root } = probe.document;
  const hasPlans = root !== null && childrenOf(root, 'plans').length > 0;
  if (recordsIn(probe).length > 0) return open('emptyHistory', 'the year 2000 has rows');
  if (hasPlans && probe.reading.drift['plans'] !== undefined) {
    const means = 'an empty list, counted as drift (field plans) each time';
    return check('emptyHistory', 'doubt', 'text', 'without rows there is text in <plans>', means);
  }
  return hasPlans
    ? check('emptyHistory', 'ok', 'empty_element', '<plans/> stands for no rows', 'an empty history is an empty list')
    : check(
        'emptyHistory',
        'ok',
        'omitted',
        'without rows there is no <plans>',
        'an empty list, counted as drift (field plans) each time',
      );
}

export function datesCheck(probe: Probe | null): Check {
  if (isRead(probe)) {
    return check(
      'historyDates',
      'ok',
      'optional',
      'a history without dates is accepted',
      'the gateway always sends both',
    );
  }
  if (probe?.result.kind !== 'response') return open('historyDates', responseText(probe));
  return check(
    'historyDates',
    'ok',
    'required',
    `without dates: ${responseText(probe)}`,
    'the gateway always sends both',
  );
}

export function recursionChecks(groupId: string, history: Probe, recursive: Probe | null): readonly Check[] {
  if (!isRead(recursive)) {
    return [
      check(
        'recursion',
        'doubt',
        'no',
        responseText(recursive),
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
    groups.size === 0 && records.length > 0
      ? open('recursion', `recursive=1 has ${records.length} rows, and none of them names its group`)
      : check(
          'recursion',
          'ok',
          groups.size > 1 ? 'yes' : 'one group',
          `recursive=1 has rows of ${groups.size} groups, ${hasItself ? 'the group itself among them' : 'not of the group itself'}`,
          groups.size > 1 ? 'groups below are found' : 'no group below has rows, or recursion does nothing here',
        ),
    foreign.length === 0
      ? check('foreignRows', 'ok', 'none', 'a history has only rows of its own group', 'as requested')
      : check('foreignRows', 'doubt', 'some', 'a history has rows of other groups', 'the gateway drops them'),
    records.length === 0
      ? open('activityGroupId', 'there is no row')
      : named.length === records.length
        ? check(
            'activityGroupId',
            'ok',
            'yes',
            'every row names its group by id',
            'many groups can share one recursive call',
          )
        : check(
            'activityGroupId',
            'doubt',
            named.length === 0 ? 'no' : 'some',
            `${records.length - named.length} of ${records.length} rows name no group by id`,
            'in a recursive history the group of such rows is not known, so sharing a call saves nothing',
            'leave XTRACTA_ROOT_GROUP_ID unset',
          ),
  ];
}

export function rowChecks(rows: readonly BillingActivity[]): readonly Check[] {
  const unknownWords = rows.flatMap(({ kind, kindRaw, planType, planTypeRaw }) => [
    ...(kind === 'OTHER' ? [kindRaw] : []),
    // A pack has no plan type, so only plans are checked.
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
    ),
    hasBoosters
      ? check(
          'boostersInHistory',
          'ok',
          'yes',
          'booster packs are rows of the history',
          'an unknown order can be proved by it',
        )
      : open('boostersInHistory', 'there is no booster row: none was ordered, or the history does not list them'),
    overlapping === null
      ? open('closeOldPeriod', 'no group has two periods')
      : overlapping
        ? check('closeOldPeriod', 'ok', 'no', 'periods of one group overlap', 'the one that started last is in force')
        : check('closeOldPeriod', 'ok', 'yes', 'periods of one group do not overlap', 'one plan is in force at a time'),
    overUsed
      ? check('overUse', 'ok', 'yes', 'some row has more documents used than allowed', 'remainingDocuments is 0 there')
      : open('overUse', 'no row uses more than it allows'),
  ];
}

/** Whether two periods of one group overlap; null when no group has two periods. */
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
    // The history and the recursive history may hold the same row. A period that a change ends in its first second has
    // the start of the next one.
    const own = [...new Map(periods.map((row) => [row.id, row])).values()].sort(
      (a, b) => (a.startMs ?? 0) - (b.startMs ?? 0) || (a.expiryMs ?? 0) - (b.expiryMs ?? 0),
    );
    if (own.length > 1) seenTwo = true;
    if (own.some((row, index) => index > 0 && (row.startMs ?? 0) < (own[index - 1]?.expiryMs ?? 0))) return true;
  }
  return seenTwo ? false : null;
}

function shortWord(word: string): string {
  return word.length <= 30 ? word : `${word.slice(0, 29)}…`;
}
