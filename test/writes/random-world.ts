import fc from 'fast-check';
import {
  examine,
  type HistoryReading,
  hasNeighbour,
  planBefore,
  type SentWrite,
  trustedIds,
} from '../../src/billing/evidence.js';
import { STORED_WRITES } from '../../src/billing/write-definitions.js';
import type { BillingActivity, BillingActivityKind, PlanType } from '../../src/domain/billing-history.js';
import type { AvailablePack, AvailablePlan, BillingCatalogue } from '../../src/domain/catalogue.js';
import { UnreadableValue } from '../../src/domain/money.js';
import { upstreamOperation } from '../../src/domain/upstream-operations.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** When the write is sent, by our clock. Every `atMs` below is relative to it. */
const SENT = Date.parse('2026-03-01T12:00:00.400Z');
const GROUP = '494';
const UNREADABLE = new UnreadableValue('xtracta', 'getBillingHistory', 'price');

/** What one purchase buys, by index into the catalogue. */
export type Deed =
  | { readonly kind: 'pack'; readonly item: number; readonly quantity: number }
  | { readonly kind: 'plan'; readonly item: number };

const pick = <const T>(...values: readonly T[]) => fc.constantFrom(...values);
/** Mostly the first: a world that is strange in every way at once proves nothing, and tests nothing. */
const mostly = <const T>(usual: T, ...rare: readonly T[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });
const chance = (percent: number) => fc.nat(99).map((at) => at < percent);
/** Near the sending above all, where rows can be taken for one another. */
const near = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -5 * SECOND, max: 75 * SECOND }) },
  { weight: 2, arbitrary: fc.integer({ min: -15 * MINUTE, max: 15 * MINUTE }) },
  { weight: 1, arbitrary: fc.integer({ min: -3 * DAY, max: 3 * DAY }) },
);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('pack' as const), item: fc.nat(2), quantity: pick(1, 1, 2, 3, 5, 50) }),
  fc.record({ kind: fc.constant('plan' as const), item: fc.nat(2) }),
);
/** Something that was bought for the group. */
const purchase = fc.record({
  /** Null: what the write asks for. */
  deed: fc.option(deed, { freq: 2 }),
  atMs: near,
  /** Missing from the document that is read before the write, though it was made before. */
  showsLate: chance(30),
  /** In the document that is read when reconciling. */
  shows: chance(85),
  /** Not for this group, though its row is among this group's: it names its own, or none. */
  foreign: mostly('no', 'another', 'none'),
});

/** What an item is. Its rows show this, whatever the catalogue tells of it. */
interface PackOnSale {
  readonly name: string;
  readonly documents: number;
  readonly price: string;
  /** What the catalogue leaves out, or writes so that it cannot be read. Absent: nothing. */
  readonly hidden?: Readonly<Partial<Record<'name' | 'documents' | 'price' | 'type', Hidden>>>;
}
type Hidden = 'left out' | 'unreadable' | 'told';
interface PlanOnSale extends PackOnSale {
  readonly type: PlanType;
}
const ORDINARY_PACKS: PackOnSale[] = [
  { name: 'Booster', documents: 100, price: '99' },
  { name: 'Extra', documents: 500, price: '450.50' },
  { name: '007', documents: 1, price: '0.10' },
];
const ORDINARY_PLANS: PlanOnSale[] = [
  { name: 'Starter', type: 'MONTHLY', documents: 100, price: '49.90' },
  { name: 'Business', type: 'MONTHLY', documents: 1000, price: '500' },
  { name: 'Enterprise', type: 'ANNUAL', documents: 10_000, price: '2500.50' },
];

const maybeHidden = pick<Hidden>('told', 'told', 'told', 'left out', 'unreadable');
const hidden = fc.record({ name: maybeHidden, documents: maybeHidden, price: maybeHidden, type: maybeHidden });
const strangePack: fc.Arbitrary<PackOnSale> = fc.record({
  name: pick('Booster', 'Booster', 'Extra', 'Business'),
  documents: pick(1, 100, 100, 200, 1000),
  price: pick('99', '99', '198', '500', '0'),
  hidden,
});
const strangePlan: fc.Arbitrary<PlanOnSale> = fc.record({
  name: pick('Starter', 'Business', 'Business', 'Enterprise'),
  type: pick('MONTHLY', 'MONTHLY', 'ANNUAL'),
  documents: pick(100, 1000, 1000, 10_000),
  price: pick('49.90', '500', '500'),
  hidden,
});

const ownWrite = fc.record({
  purchase,
  isCarriedOut: fc.boolean(),
  namesGroup: chance(80),
  sharesAccount: chance(80),
});

export const world = fc.record({
  packs: fc.oneof(
    fc.constant(ORDINARY_PACKS),
    // Names collide, so do figures; some are not told.
    fc.array(strangePack, { minLength: 3, maxLength: 3 }),
  ),
  plans: fc.oneof(fc.constant(ORDINARY_PLANS), fc.array(strangePlan, { minLength: 3, maxLength: 3 })),
  /** How this upstream writes its rows: nobody documents it. */
  style: fc.record({
    documents: mostly('total', 'unit', 'untold'),
    price: fc.oneof(pick('total', 'unit'), mostly('total', 'untold', 'unreadable')),
    word: mostly('proper', 'signup', 'other'),
    ids: mostly('real', 'none'),
    group: mostly('id', 'none', 'another'),
    type: fc.boolean(),
  }),
  clock: fc.record({
    aheadMs: fc.oneof(pick(0, 0, 300, -900), fc.integer({ min: -13 * HOUR, max: 13 * HOUR })),
    errorMs: fc.integer({ min: -500, max: 500 }),
    isMeasured: chance(85),
  }),
  /** The plan in force; null: none. Its period ends at any time around the sending. */
  plan: fc.option(
    fc.record({
      item: fc.nat(2),
      endsInMs: fc.oneof(
        { weight: 1, arbitrary: near },
        { weight: 2, arbitrary: fc.integer({ min: 2 * DAY, max: 35 * DAY }) },
      ),
      /**
       * What the upstream does at the end by itself: nothing, the same plan, or a change that was ordered long before.
       */
      atTheEnd: fc.option(
        fc.record({
          item: fc.option(fc.nat(2)),
          lateMs: fc.oneof(
            fc.integer({ min: -5 * SECOND, max: 10 * SECOND }),
            fc.integer({ min: 0, max: 10 * MINUTE }),
          ),
          word: pick<BillingActivityKind>('RENEW', 'RENEW', 'SIGNUP', 'UPGRADE', 'DOWNGRADE'),
        }),
      ),
    }),
    { freq: 8 },
  ),
  write: fc.record({
    deed,
    isCarriedOut: fc.boolean(),
    /** From the sending until the upstream has done it, and until the sender gave up. */
    delayMs: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 8 * SECOND }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 * MINUTE }) },
    ),
    endedInMs: fc.option(fc.integer({ min: 0, max: 35 * SECOND })),
    shows: chance(85),
  }),
  /** At the billing page. */
  others: fc.oneof(fc.array(purchase, { maxLength: 0 }), fc.array(purchase, { minLength: 1, maxLength: 3 })),
  /** Writes of the group that the gateway sent, too. */
  own: fc.oneof(
    { weight: 3, arbitrary: fc.array(ownWrite, { maxLength: 0 }) },
    { weight: 1, arbitrary: fc.array(ownWrite, { minLength: 1, maxLength: 2 }) },
  ),
  /** Faults of the two documents and of the catalogue. */
  baseline: mostly('whole', 'drifted', 'none'),
  reading: mostly('whole', 'drifted', 'lacks a row'),
  catalogue: mostly('read', 'unread', 'lacks the item', 'new prices'),
  /** A document is processed between the two readings: figures of the plan's row change. */
  usedDocuments: fc.nat(2),
  reverse: fc.boolean(),
});

export type RandomWorld = typeof world extends fc.Arbitrary<infer W> ? W : never;

export interface Verdict {
  readonly isCarriedOut: boolean;
  readonly isProved: boolean;
  /** Somebody bought exactly the same at the billing page within the minute: the documented limit. */
  readonly isBeyondLimit: boolean;
  /** What is wrong with it; empty: nothing. */
  readonly lies: readonly string[];
}

interface Row {
  readonly activity: BillingActivity;
  readonly atMs: number;
  readonly by: 'history' | 'write' | 'own' | 'other' | 'automatic';
  readonly deed: Deed;
  readonly showsLate: boolean;
  readonly shows: boolean;
  readonly foreign?: 'no' | 'another' | 'none';
}

/** Lets the world happen, and reconciles as the gateway does. */
export function reconcile(drawn: RandomWorld): Verdict {
  const { clock, write } = drawn;
  const catalogue = catalogueOf(drawn);
  const rows = happen(drawn);
  const aheadMs = clock.isMeasured ? clock.aheadMs + clock.errorMs : null;

  const before = read(drawn, rows, 'before', aheadMs);
  const ids = drawn.baseline === 'none' ? null : trustedIds(before);
  const plan = ids === null ? 'unknown' : planBefore(before, GROUP, SENT - 200);
  const reading = read(drawn, rows, 'after', aheadMs);
  const wantedId = idOf(write.deed);
  const kind = write.deed.kind === 'pack' ? 'ORDER_BOOSTER_PACK' : 'CHANGE_PLAN';
  const sent: SentWrite = {
    groupId: GROUP,
    sentAtMs: SENT,
    endedAtMs: write.endedInMs === null ? null : SENT + write.endedInMs,
    provedBy: upstreamOperation(kind).provedBy,
    wanted:
      write.deed.kind === 'pack'
        ? { kind: 'pack', id: wantedId, quantity: write.deed.quantity }
        : { kind: 'plan', id: wantedId, before: plan },
    baseline: ids,
    catalogue: catalogueNow(drawn, catalogue),
    hasNeighbour: hasNeighbour(
      SENT,
      drawn.own.map(({ purchase: { atMs }, namesGroup, sharesAccount }) => ({
        sentAtMs: SENT + atMs,
        namesGroup,
        sharesAccount,
      })),
    ),
  };
  const { proof } = examine(sent, reading);

  const row = rows.find(({ activity }) => activity.id === proof?.id);
  const lies: string[] = [];
  if (proof !== null && !write.isCarriedOut) lies.push(`SUCCEEDED though not carried out, by a row of ${row?.by}`);
  if (proof !== null && row?.by !== 'write') lies.push(`proved by a row of ${row?.by}`);
  if (proof !== null && sent.catalogue !== null) {
    const input =
      write.deed.kind === 'pack' ? { packId: wantedId, quantity: write.deed.quantity } : { planId: wantedId };
    const response = STORED_WRITES[kind].settledResponse(input, GROUP, { activity: proof, catalogue: sent.catalogue });
    lies.push(...foreignFigures(response, sent.catalogue, write.deed));
  }
  return {
    isCarriedOut: write.isCarriedOut,
    isProved: proof !== null,
    isBeyondLimit: rows.some((each) => isTheSameWithinTheMinute(each, drawn, aheadMs)),
    lies,
  };
}

/**
 * What nobody can tell from the write itself: the same item (by all that a row can tell of it) in the same quantity
 * (where the rows of this upstream tell one), at the billing page or in a write of the gateway that it does not know to
 * be the group's, within the minute.
 */
function isTheSameWithinTheMinute(
  { by, deed: bought, activity, foreign = 'no' }: Row,
  { write, style, packs }: RandomWorld,
  aheadMs: number | null,
): boolean {
  if (by !== 'other' || foreign !== 'no' || bought.kind !== write.deed.kind) return false;
  const look = ({ kind, item }: Deed) => {
    const { name, documents, price } = packs[item] ?? {};
    return JSON.stringify(kind === 'pack' ? { name, documents, price } : { item });
  };
  if (look(bought) !== look(write.deed)) return false;
  const tellsQuantity = style.documents === 'total' || style.price === 'total';
  if (bought.kind === 'pack' && write.deed.kind === 'pack' && tellsQuantity) {
    if (bought.quantity !== write.deed.quantity) return false;
  }
  const startMs = (activity.startMs ?? 0) - (aheadMs ?? 0);
  const untilMs = Math.min(MINUTE, (write.endedInMs ?? MINUTE) + 10 * SECOND);
  return startMs >= SENT - 2 * SECOND && startMs <= SENT + untilMs + 2 * SECOND;
}

function idOf({ kind, item }: Deed): string {
  return String((kind === 'pack' ? 1223 : 111) + item);
}

function catalogueOf({ packs, plans }: RandomWorld): BillingCatalogue {
  return {
    packs: packs.map((each, item): AvailablePack => told({ kind: 'pack', item, quantity: 1 }, each)),
    plans: plans.map((each, item): AvailablePlan => {
      const isHidden = (each.hidden?.type ?? 'told') !== 'told';
      return {
        ...told({ kind: 'plan', item }, each),
        type: isHidden ? 'OTHER' : each.type,
        typeRaw: asTold(each.hidden?.type, each.type === 'MONTHLY' ? 'Monthly' : 'Annual'),
      };
    }),
  };
}

function told(bought: Deed, { name, documents, price, hidden: kept = {} }: PackOnSale): AvailablePack {
  return {
    id: idOf(bought),
    name: asTold(kept.name, name),
    allowedDocuments: asTold(kept.documents, documents),
    price: asTold(kept.price, { amount: price, currency: null }),
    wholesalePrice: null,
  };
}

function asTold<T>(how: Hidden = 'told', value: T): T | null | UnreadableValue {
  return how === 'told' ? value : how === 'left out' ? null : UNREADABLE;
}

function catalogueNow({ catalogue, write }: RandomWorld, { packs, plans }: BillingCatalogue): BillingCatalogue | null {
  switch (catalogue) {
    case 'read':
      return { packs, plans };
    case 'unread':
      return null;
    case 'lacks the item': {
      const others = <T extends { readonly id: string }>(items: readonly T[]) =>
        items.filter(({ id }) => id !== idOf(write.deed));
      return { packs: others(packs), plans: others(plans) };
    }
    case 'new prices': {
      const price = { amount: '120', currency: null };
      return { packs: packs.map((each) => ({ ...each, price })), plans: plans.map((each) => ({ ...each, price })) };
    }
  }
}

/**
 * Everything that is bought around the write, in the order of time: which plan is in force decides what a change is
 * called.
 */
function happen(drawn: RandomWorld): readonly Row[] {
  const { write, plan } = drawn;
  const deeds: (Omit<Row, 'activity'> & { readonly word?: BillingActivityKind })[] = [
    ...(write.isCarriedOut
      ? [{ by: 'write', deed: write.deed, atMs: write.delayMs, showsLate: false, shows: write.shows } as const]
      : []),
    ...drawn.others.map((each) => ({ ...each, deed: each.deed ?? write.deed, by: 'other' as const })),
    ...drawn.own.flatMap(({ purchase: each, isCarriedOut }) =>
      isCarriedOut ? [{ ...each, foreign: 'no' as const, deed: each.deed ?? write.deed, by: 'own' as const }] : [],
    ),
  ];
  if (plan !== null) {
    deeds.push({
      ...{ by: 'history', deed: { kind: 'plan', item: plan.item }, atMs: -30 * DAY, showsLate: false, shows: true },
    });
    if (plan.atTheEnd !== null) {
      const { item, lateMs, word } = plan.atTheEnd;
      const atMs = plan.endsInMs + lateMs;
      deeds.push({
        ...{ by: 'automatic', deed: { kind: 'plan', item: item ?? plan.item }, atMs, word },
        ...{ showsLate: true, shows: true },
      });
    }
  }
  let inForce: number | null = null;
  return deeds
    .toSorted((one, other) => one.atMs - other.atMs)
    .map((each, index): Row => {
      const kind = each.word ?? wordOf(drawn, inForce, each.deed);
      if (each.deed.kind === 'plan' && (each.foreign ?? 'no') === 'no') inForce = each.deed.item;
      return { ...each, activity: activityOf(drawn, { ...each, kind, index }) };
    });
}

function wordOf({ style, plans }: RandomWorld, inForce: number | null, bought: Deed): BillingActivityKind {
  if (bought.kind === 'pack') return 'BOOSTER';
  if (style.word === 'other') return 'OTHER';
  if (style.word === 'signup' || inForce === null) return 'SIGNUP';
  if (bought.item === inForce) return 'RENEW';
  const [from, to] = [plans[inForce], plans[bought.item]];
  const more = (to?.documents ?? 0) - (from?.documents ?? 0);
  return more >= 0 ? 'UPGRADE' : 'DOWNGRADE';
}

function activityOf(
  { style, clock, plan, packs, plans }: RandomWorld,
  {
    deed: bought,
    atMs,
    kind,
    index,
    by,
    foreign = 'no',
  }: Pick<Row, 'deed' | 'atMs' | 'by' | 'foreign'> & { readonly kind: BillingActivityKind; readonly index: number },
): BillingActivity {
  const quantity = bought.kind === 'pack' ? bought.quantity : 1;
  const type = bought.kind === 'pack' ? 'OTHER' : (plans[bought.item]?.type ?? 'OTHER');
  const item = (bought.kind === 'pack' ? packs : plans)[bought.item];
  const documents = (item?.documents ?? 0) * (style.documents === 'total' ? quantity : 1);
  // In cents, so that the total is exact.
  const cents = Math.round(Number(item?.price ?? 0) * 100) * (style.price === 'total' ? quantity : 1);
  const startMs = Math.floor((SENT + atMs + clock.aheadMs) / SECOND) * SECOND;
  const isOld = by === 'history' && plan !== null;
  const expiryMs = isOld ? Math.floor((SENT + plan.endsInMs + clock.aheadMs) / SECOND) * SECOND : startMs + 30 * DAY;
  const group = foreign === 'no' ? style.group : foreign;
  const groupId = group === 'id' ? GROUP : group === 'none' ? null : '495';
  return {
    id: style.ids === 'real' ? String(1000 + index) : `missing:${index}`,
    kind,
    kindRaw: kind.toLowerCase(),
    planName: item?.name ?? null,
    planType: style.type ? type : 'OTHER',
    planTypeRaw: style.type ? type : null,
    price:
      style.price === 'untold'
        ? null
        : style.price === 'unreadable'
          ? UNREADABLE
          : { amount: (cents / 100).toFixed(2), currency: 'NZD' },
    creditAmount: null,
    allowedDocuments: style.documents === 'untold' ? null : documents,
    usedDocuments: 0,
    startDate: null,
    expiryDate: null,
    startMs,
    expiryMs,
    groupId,
    groupName: 'Acme',
    group: null,
  };
}

function read(
  drawn: RandomWorld,
  rows: readonly Row[],
  when: 'before' | 'after',
  clockAheadMs: number | null,
): HistoryReading {
  const seen = rows.filter(({ atMs, showsLate, shows }) => (when === 'before' ? atMs < -200 && !showsLate : shows));
  // A row that was seen does not go by itself: only a document that is not whole lacks it.
  const kept = when === 'before' ? seen : rows.filter((row) => seen.includes(row) || wasSeen(row));
  const told = kept.map(({ activity }) =>
    activity.id.startsWith('missing:') && when === 'after'
      ? { ...activity, id: `${activity.id}:${drawn.usedDocuments}` }
      : activity,
  );
  const fault = when === 'before' ? drawn.baseline : drawn.reading;
  const whole = drawn.reverse ? told.toReversed() : told;
  return {
    rows: fault === 'drifted' ? [] : fault === 'lacks a row' ? whole.slice(1) : whole,
    isWhole: fault !== 'drifted',
    clockAheadMs,
  };
}

function wasSeen({ atMs, showsLate }: Row): boolean {
  return atMs < -200 && !showsLate;
}

/** Every figure of a settled response must be what the catalogue says of the asked item, or nothing. */
function foreignFigures(response: unknown, { packs, plans }: BillingCatalogue, asked: Deed): readonly string[] {
  const items: readonly AvailablePack[] = asked.kind === 'pack' ? packs : plans;
  const item = items.find(({ id }) => id === idOf(asked));
  const shown = fields(fields(response)[asked.kind]);
  const expected: readonly (readonly [string, unknown, unknown])[] = [
    ['id', shown[asked.kind === 'pack' ? 'id' : 'planId'], idOf(asked)],
    ['name', shown['name'] ?? item?.name, item?.name],
    ['documents', shown['allowedDocuments'] ?? item?.allowedDocuments, item?.allowedDocuments],
    ['price', amountOf(shown['price'] ?? item?.price), amountOf(item?.price)],
    ...(asked.kind === 'pack' ? [['quantity', shown['quantity'], asked.quantity] as const] : []),
  ];
  return expected.flatMap(([what, one, other]) => (one === other ? [] : [`a foreign ${what}: ${String(one)}`]));
}

function amountOf(money: unknown): number | null {
  const { amount } = fields(money);
  return typeof amount === 'string' ? Number(amount) : null;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
