import { type BillingActivity, type BillingActivityKind, hasRealId, type PlanType } from '../domain/billing-history.js';
import { type AvailablePack, type AvailablePlan, type BillingCatalogue, itemOf } from '../domain/catalogue.js';
import { type Money, parseDecimal, type Readable, readableOrNull } from '../domain/money.js';

/**
 * Facts that are compared between a history row and a write, in the order of display. A row proves a write only when
 * all that apply fit; see docs/adr/0015-what-proves-a-write.md.
 */
export const EVIDENCE_FACTS = [
  'NEW',
  'ID',
  'GROUP',
  'ACTIVITY',
  'TIME',
  'NAME',
  'ALLOWED_DOCUMENTS',
  'PRICE',
  'PLAN_TYPE',
  'QUANTITY',
  'DIRECTION',
  'NOT_A_RENEWAL',
  'ONLY_WRITE',
  'ONLY_ROW',
] as const;

export type EvidenceFact = (typeof EVIDENCE_FACTS)[number];

/** A history row compared with a write. A fact in neither list is missing in the row, or does not apply. */
export interface Evidence {
  readonly activity: BillingActivity;
  readonly fits: readonly EvidenceFact[];
  readonly doesNotFit: readonly EvidenceFact[];
}

/** The plan of a group just before a plan change was sent, from the write's baseline. */
export interface PlanBefore {
  readonly name: string;
  readonly type: PlanType;
  readonly allowedDocuments: number | null;
  readonly expiryMs: number | null;
  /**
   * Ends of the group's other periods, where they are near. Reason: a plan that was replaced a moment ago may still be
   * renewed. Absent: none.
   */
  readonly otherEndsMs?: readonly number[] | undefined;
}

/** Null: the group had no plan. `unknown`: the baseline does not tell, so no plan change is proved. */
export type KnownPlanBefore = PlanBefore | null | 'unknown';

/** One reading of a group's history. */
export interface HistoryReading {
  readonly rows: readonly BillingActivity[];
  /** False: the document was incomplete, so rows may be missing in it. */
  readonly isWhole: boolean;
  /** Milliseconds by which the upstream's clock is ahead of the gateway's; null: not measured. */
  readonly clockAheadMs: number | null;
}

/** The requested item of the group's catalogue, as it is read during reconciliation. */
export type Wanted =
  | { readonly kind: 'pack'; readonly id: string; readonly quantity: number }
  | { readonly kind: 'plan'; readonly id: string; readonly before: KnownPlanBefore };

/** A write that was sent, with all facts for the comparison with a row. */
export interface SentWrite {
  readonly groupId: string;
  readonly sentAtMs: number;
  /** Time at which the sender stopped waiting; null: not known. */
  readonly endedAtMs: number | null;
  /** Kinds of rows that such a write makes. */
  readonly provedBy: readonly BillingActivityKind[];
  readonly wanted: Wanted;
  /** Ids of the group's rows just before sending; null: there is no reliable list. */
  readonly baseline: readonly string[] | null;
  /** Null: it cannot be read, so nothing is proved. */
  readonly catalogue: BillingCatalogue | null;
  /** Whether another write of the group was sent at about the same time and may have been carried out. */
  readonly hasNeighbour: boolean;
}

/** Tolerance for clocks. A row's start has whole seconds, and the measured clock difference is no more exact. */
const CLOCK_TOLERANCE_MS = 2_000;
/** Latest start of a row after the sending. A later row may belong to any other write. */
const MAX_DELAY_MS = 60_000;
/** Time for which an upstream may continue with a request after its sender has given up. */
const AFTER_END_MS = 10_000;
/**
 * An automatic renewal starts at the end of the period before it: shortly before that end, or within the time of a
 * nightly run.
 */
const RENEWAL_BEFORE_MS = 5_000;
const RENEWAL_AFTER_MS = 10 * 60_000;
/**
 * A change to the same plan is proved only while the automatic renewal is this far away. The time covers clocks, time
 * zones and early runs.
 */
const RENEWAL_FAR_MS = 2 * 86_400_000;
/** Without a baseline, rows from this long before the sending are shown as hints, never as proofs. */
const HINT_BEFORE_MS = 10 * 60_000;

/**
 * The ids of a reading, for comparison with a later reading. Null when the ids are not reliable: the document was
 * incomplete, a row has no id of its own, or two rows share one.
 */
export function trustedIds({ rows, isWhole }: HistoryReading): readonly string[] | null {
  const ids = rows.map((row) => row.id);
  return isWhole && rows.every(hasRealId) && new Set(ids).size === ids.length ? ids : null;
}

/** The group's plan in a reliable reading at a moment of the gateway's clock. */
export function planBefore(reading: HistoryReading, groupId: string, atMs: number): KnownPlanBefore {
  const nowMs = atMs + (reading.clockAheadMs ?? 0) + CLOCK_TOLERANCE_MS;
  const plans = reading.rows.filter((row) => row.kind !== 'BOOSTER');
  if (plans.some((row) => row.startMs === null || row.groupId === null)) return 'unknown';
  const begun = plans.filter((row) => row.groupId === groupId && (row.startMs ?? 0) <= nowMs);
  const latestMs = Math.max(...begun.map((row) => row.startMs ?? 0));
  const latest = begun.filter((row) => row.startMs === latestMs);
  const [row] = latest;
  if (row === undefined) return null;
  const name = readableOrNull(row.planName);
  if (latest.length > 1 || name === null || !PLAN_KINDS.has(row.kind)) return 'unknown';
  const otherEndsMs = plans.flatMap((each) => {
    const endMs = each === row || each.groupId !== groupId ? null : each.expiryMs;
    return endMs !== null && Math.abs(endMs - nowMs) < RENEWAL_FAR_MS ? [endMs] : [];
  });
  return {
    name,
    type: row.planType,
    allowedDocuments: readableOrNull(row.allowedDocuments),
    expiryMs: row.expiryMs,
    ...(otherEndsMs.length === 0 ? {} : { otherEndsMs }),
  };
}

const PLAN_KINDS: ReadonlySet<BillingActivityKind> = new Set(['SIGNUP', 'RENEW', 'UPGRADE', 'DOWNGRADE']);

/**
 * Rows that have appeared since the write was sent, each compared with it, and the row that proves it, if any. The
 * proof is the only new row that fits in every fact. A reading that lacks a row of the baseline proves nothing, because
 * unstable ids would make every row look new. A missing row proves nothing either, because the upstream may be late.
 */
export function examine(
  write: SentWrite,
  reading: HistoryReading,
): { readonly proof: BillingActivity | null; readonly evidence: readonly Evidence[] } {
  const compared = rowsSince(write, reading).map((row) => ({ row, facts: compare(write, row, reading) }));
  const fitting = compared.filter(({ facts }) => allFit(facts));
  // This caller may not see a row that names another group.
  const shown = compared.filter(({ row }) => row.groupId === null || row.groupId === write.groupId);
  const evidence = shown.map(({ row, facts }): Evidence => {
    const isOnly = fitting.every((other) => other.row === row);
    const all: Facts = new Map([...facts, ['ONLY_WRITE', !write.hasNeighbour], ['ONLY_ROW', isOnly]]);
    return { activity: row, fits: factsThat(all, true), doesNotFit: factsThat(all, false) };
  });
  const [only] = fitting;
  const isProved = only !== undefined && fitting.length === 1 && !write.hasNeighbour && isComparable(write, reading);
  return { proof: isProved ? only.row : null, evidence };
}

/** New rows that fit the write in every fact of the row. Other writes may have made them. */
export function fittingRows(write: SentWrite, reading: HistoryReading): readonly BillingActivity[] {
  if (!isComparable(write, reading)) return [];
  return rowsSince(write, reading).filter((row) => allFit(compare(write, row, reading)));
}

/**
 * A new row that fits the write and that none of the others made, as far as the rows tell; null: there is none. Another
 * write may have made a row that fits it, too. It made none of these where a row fits it alone.
 */
export function unexplainedRow(
  write: SentWrite,
  others: readonly SentWrite[],
  reading: HistoryReading,
): BillingActivity | null {
  const fitting = fittingRows(write, reading);
  const ofOthers = others
    .map((other) => fittingRows({ ...other, baseline: [] }, reading))
    .filter((rows) => rows.length > 0 && rows.every((row) => fitting.includes(row)));
  const unexplained = fitting.find((row) => !ofOthers.some((rows) => rows.includes(row)));
  return unexplained ?? fitting[ofOthers.length] ?? null;
}

function isComparable({ baseline }: SentWrite, reading: HistoryReading): boolean {
  const ids = new Set(trustedIds(reading));
  return baseline !== null && reading.isWhole && baseline.every((id) => ids.has(id));
}

function rowsSince({ baseline, sentAtMs }: SentWrite, { rows }: HistoryReading): readonly BillingActivity[] {
  if (baseline === null) return rows.filter((row) => row.startMs !== null && row.startMs >= sentAtMs - HINT_BEFORE_MS);
  const known = new Set(baseline);
  return rows.filter((row) => !known.has(row.id));
}

/** True: fits. False: does not fit. Undefined: the row does not contain it, or it does not apply. */
type Facts = ReadonlyMap<EvidenceFact, boolean | undefined>;

/** Facts that must fit. The other facts must only not contradict. */
const MUST_FIT: readonly EvidenceFact[] = ['NEW', 'ID', 'GROUP', 'ACTIVITY', 'TIME', 'NAME', 'ALLOWED_DOCUMENTS'];

function allFit(facts: Facts): boolean {
  return MUST_FIT.every((fact) => facts.get(fact) === true) && ![...facts.values()].includes(false);
}

function factsThat(facts: Facts, value: boolean): readonly EvidenceFact[] {
  return EVIDENCE_FACTS.filter((fact) => facts.get(fact) === value);
}

function compare(write: SentWrite, row: BillingActivity, reading: HistoryReading): Facts {
  const own: readonly (readonly [EvidenceFact, boolean | undefined])[] = [
    ['NEW', write.baseline !== null],
    ['ID', hasRealId(row)],
    ['GROUP', row.groupId === write.groupId],
    ['ACTIVITY', write.provedBy.includes(row.kind)],
    ['TIME', isTimely(write, row, reading.clockAheadMs ?? 0)],
  ];
  const { wanted, catalogue } = write;
  const asked = catalogue === null ? unknownItem : wanted.kind === 'pack' ? packFacts : planFacts;
  return new Map([...own, ...asked(write, row)]);
}

type FactList = readonly (readonly [EvidenceFact, boolean | undefined])[];

/**
 * Another write of the group counts if it was sent up to the first time before, because its row may show late. It also
 * counts if it was sent up to the second time after, because its row may show in time.
 */
export const NEIGHBOUR_BEFORE_MS = 24 * 3_600_000;
const NEIGHBOUR_NEAR_MS = 10 * 60_000;

/**
 * Whether another write of the group may have made a row that seems to belong to this one. An earlier order whose row
 * shows late counts too. A write on the own group of another account, whose number is not known, counts only when it
 * was sent at about the same time.
 */
export function hasNeighbour(
  sentAtMs: number,
  neighbours: readonly {
    readonly sentAtMs: number;
    readonly namesGroup: boolean;
    readonly sharesAccount: boolean;
  }[],
): boolean {
  return neighbours.some((other) => {
    const isOwnOfOther = !other.namesGroup && !other.sharesAccount;
    const reachMs = isOwnOfOther ? NEIGHBOUR_NEAR_MS : NEIGHBOUR_BEFORE_MS;
    return other.sentAtMs >= sentAtMs - reachMs && other.sentAtMs <= sentAtMs + NEIGHBOUR_NEAR_MS;
  });
}

/** Without the requested item nothing can be compared, so nothing is proved. */
function unknownItem(): FactList {
  return [];
}

function isTimely({ sentAtMs, endedAtMs }: SentWrite, { startMs }: BillingActivity, aheadMs: number): boolean {
  if (startMs === null) return false;
  const untilMs = Math.min(sentAtMs + MAX_DELAY_MS, (endedAtMs ?? Number.POSITIVE_INFINITY) + AFTER_END_MS);
  const atMs = startMs - aheadMs;
  return atMs >= sentAtMs - CLOCK_TOLERANCE_MS && atMs <= untilMs + CLOCK_TOLERANCE_MS;
}

function packFacts({ wanted, catalogue }: SentWrite, row: BillingActivity): FactList {
  const packs = catalogue?.packs ?? [];
  const item = itemOf(packs, wanted.id);
  if (item === null || wanted.kind !== 'pack') return unknownItem();
  const told = quantityTold(item, row);
  // If another pack may have made the row too, the row may belong to either.
  const isAmbiguous = packs.some(
    (other) =>
      !isSamePack(other, item) &&
      mayShareName(other, item) &&
      quantityTold(other, comparableWith(other, row)).quantity !== null,
  );
  return [
    ['NAME', item.name !== null && row.planName === item.name],
    ['ALLOWED_DOCUMENTS', told.documents],
    ['PRICE', told.price],
    ['QUANTITY', !isAmbiguous && told.quantity === wanted.quantity],
  ];
}

/** Whether a row cannot distinguish the two, like one pack with two numbers. */
function isSamePack(one: AvailablePack, other: AvailablePack): boolean {
  return (
    one.id === other.id ||
    (one.name === other.name &&
      readableOrNull(one.allowedDocuments) === readableOrNull(other.allowedDocuments) &&
      samePrice(one.price, other.price) === true)
  );
}

/** Whether a row with the name of `item` may be one of `other`: a catalogue may leave a name out. */
function mayShareName(other: AvailablePack, item: AvailablePack): boolean {
  return readableOrNull(other.name) === null || other.name === item.name;
}

/**
 * The row without all values that cannot be compared with `other`, because the catalogue leaves them out or they make
 * no sense there. Such a value does not say that the row belongs to another item.
 */
function comparableWith(other: AvailablePack | AvailablePlan, row: BillingActivity): BillingActivity {
  const documents = readableOrNull(other.allowedDocuments);
  const price = readableOrNull(other.price);
  const hasCurrency = price !== null && (price.currency === null || readableOrNull(price.currency) !== null);
  const hasPrice = hasCurrency && plainDecimal(price)?.gte(0) === true;
  return {
    ...row,
    allowedDocuments: documents === null || documents < 0 ? null : row.allowedDocuments,
    price: hasPrice ? row.price : null,
    planTypeRaw: 'type' in other && other.type === 'OTHER' ? null : row.planTypeRaw,
  };
}

interface ToldQuantity {
  readonly documents: boolean | undefined;
  readonly price: boolean | undefined;
  /**
   * The only quantity that fits the row, whether its figures are per pack or in total. `untold`: none of its figures
   * contains one; null: they contradict the pack or each other.
   */
  readonly quantity: number | 'untold' | null;
}

/**
 * The quantity that a row's figures permit. The documents do not say whether they are for one pack or for all, so each
 * may be either. A figure that contradicts both readings fits no quantity. Figures of exactly one pack mean the
 * quantity 1.
 */
function quantityTold(pack: AvailablePack, row: BillingActivity): ToldQuantity {
  const ofDocuments = multipleOf(row.allowedDocuments, pack.allowedDocuments);
  const ofPrice = multipleOfPrice(row.price, pack.price);
  const documents = ofDocuments === 'untold' ? undefined : ofDocuments !== null;
  const price = ofPrice === 'untold' ? undefined : ofPrice !== null;
  if (documents === false || price === false) return { documents, price, quantity: null };
  // If one figure is per pack and the other in total, the total decides. Two totals must agree.
  const totals = [ofDocuments, ofPrice].filter((times) => typeof times === 'number' && times > 1);
  const [total] = totals;
  if (typeof total === 'number') {
    return { documents, price, quantity: totals.every((times) => times === total) ? total : null };
  }
  const isTold = ofDocuments === 1 || ofPrice === 1;
  return { documents, price, quantity: isTold ? 1 : 'untold' };
}

/**
 * Number of times that `unit` fits into `value` without a remainder. `any`: both are 0; null: it does not fit;
 * `untold`: the row has no such figure.
 */
type Multiple = number | 'any' | 'untold' | null;

function multipleOf(value: Readable<number>, unit: Readable<number>): Multiple {
  if (value === null) return 'untold';
  const [told, one] = [readableOrNull(value), readableOrNull(unit)];
  if (told === null || one === null || one < 0) return null;
  if (one === 0) return told === 0 ? 'any' : null;
  return told > 0 && told % one === 0 ? told / one : null;
}

function multipleOfPrice(value: Readable<Money>, unit: Readable<Money>): Multiple {
  if (value === null) return 'untold';
  const [told, one] = [readableOrNull(value), readableOrNull(unit)];
  if (told === null || one === null || !currenciesAgree(told, one)) return null;
  const [amount, unitAmount] = [plainDecimal(told), plainDecimal(one)];
  if (amount === undefined || unitAmount === undefined || unitAmount.lt(0)) return null;
  if (unitAmount.eq(0)) return amount.eq(0) ? 'any' : null;
  if (amount.lte(0) || !amount.mod(unitAmount).eq(0)) return null;
  const times = amount.div(unitAmount).toNumber();
  return Number.isSafeInteger(times) ? times : null;
}

function planFacts({ wanted, catalogue, sentAtMs }: SentWrite, row: BillingActivity): FactList {
  const plans = catalogue?.plans ?? [];
  const item = itemOf(plans, wanted.id);
  if (item === null || wanted.kind !== 'plan') return unknownItem();
  const { before } = wanted;
  // If another plan may have made the row too, its figures would appear with the wrong id.
  const isAmbiguous = plans.some(
    (other) => other.id !== item.id && mayShareName(other, item) && isPlanOf(other, comparableWith(other, row)),
  );
  return [
    ['NAME', item.name !== null && row.planName === item.name && !isAmbiguous],
    ['ALLOWED_DOCUMENTS', sameCount(row.allowedDocuments, item.allowedDocuments)],
    ['PRICE', samePrice(row.price, item.price)],
    ['PLAN_TYPE', samePlanType(row, item)],
    ['DIRECTION', before !== 'unknown' && directionsOf(before, item).includes(row.kind)],
    ['NOT_A_RENEWAL', before !== 'unknown' && !mayBeRenewal(before, item, row, sentAtMs)],
  ];
}

function isPlanOf(item: AvailablePlan, row: BillingActivity): boolean {
  return (
    sameCount(row.allowedDocuments, item.allowedDocuments) !== false &&
    samePrice(row.price, item.price) !== false &&
    samePlanType(row, item) !== false
  );
}

/**
 * Kinds that the upstream may write for a change between the two plans. `signup` is the only one in the documents. So
 * it is accepted wherever an automatic renewal cannot have written it.
 */
function directionsOf(before: PlanBefore | null, item: AvailablePlan): readonly BillingActivityKind[] {
  if (before === null) return ['SIGNUP'];
  if (before.name === item.name) return ['RENEW'];
  const [from, to] = [before.allowedDocuments, readableOrNull(item.allowedDocuments)];
  const isComparable = before.type === item.type && item.type !== 'OTHER' && from !== null && to !== null;
  if (!isComparable || from === to) return ['UPGRADE', 'DOWNGRADE', 'SIGNUP'];
  return [to > from ? 'UPGRADE' : 'DOWNGRADE', 'SIGNUP'];
}

/**
 * Whether the upstream may have renewed the plan by itself. A row that starts when the period before it ends may be a
 * renewal, whatever its kind.
 */
function mayBeRenewal(
  before: PlanBefore | null,
  item: AvailablePlan,
  { startMs }: BillingActivity,
  sentAtMs: number,
): boolean {
  if (before === null) return false;
  if (startMs === null) return true;
  const { expiryMs, otherEndsMs = [] } = before;
  if (expiryMs === null) return true;
  if (before.name === item.name && expiryMs < Math.max(sentAtMs, startMs) + RENEWAL_FAR_MS) return true;
  return [expiryMs, ...otherEndsMs].some(
    (endMs) => startMs >= endMs - RENEWAL_BEFORE_MS && startMs <= endMs + RENEWAL_AFTER_MS,
  );
}

function sameCount(told: Readable<number>, wanted: Readable<number>): boolean | undefined {
  return told === null ? undefined : readableOrNull(told) !== null && readableOrNull(told) === readableOrNull(wanted);
}

function samePrice(told: Readable<Money>, wanted: Readable<Money>): boolean | undefined {
  if (told === null) return undefined;
  const [one, other] = [readableOrNull(told), readableOrNull(wanted)];
  if (one === null || other === null || !currenciesAgree(one, other)) return false;
  const [amount, wantedAmount] = [plainDecimal(one), plainDecimal(other)];
  return amount !== undefined && wantedAmount !== undefined && amount.eq(wantedAmount);
}

/**
 * The manual names no currency for a catalogue's prices, so a missing currency contradicts nothing. An unreadable one
 * does.
 */
function currenciesAgree(one: Money, other: Money): boolean {
  const [told, wanted] = [readableOrNull(one.currency), readableOrNull(other.currency)];
  const isReadable = (one.currency === null) === (told === null) && (other.currency === null) === (wanted === null);
  return isReadable && (told === null || wanted === null || told === wanted);
}

/**
 * Undefined for an amount that no price list has, because division by a number of a million digits would block the
 * gateway.
 */
function plainDecimal({ amount }: Money) {
  return amount.length <= 40 && !/e/i.test(amount) ? parseDecimal(amount)?.value : undefined;
}

function samePlanType(row: BillingActivity, item: AvailablePlan): boolean | undefined {
  if (row.planTypeRaw === null || item.typeRaw === null) return undefined;
  if (row.planType !== 'OTHER' || item.type !== 'OTHER') return row.planType === item.type;
  const [told, wanted] = [readableOrNull(row.planTypeRaw), readableOrNull(item.typeRaw)];
  return told !== null && told.trim().toLowerCase() === wanted?.trim().toLowerCase();
}
