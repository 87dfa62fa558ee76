import type { Check } from './doctor-checks.js';

/** The means to settle a reading: reads, a call that costs money or makes a link, or a question to the vendor. */
export type Needs = 'reads' | 'a write' | 'a purchase' | 'a billing UI link' | 'the vendor';

/** A place where the upstreams' documents are silent, or contradict themselves, about the wire format. */
interface OpenReading {
  readonly number: number;
  readonly about: string;
  readonly needs: Needs;
  /** Names of the doctor's checks that settle it, only all together. */
  readonly checks: readonly string[];
}

/**
 * The open readings by number, each with the doctor's checks that settle it. A reading without checks needs more than
 * reads.
 */
export const OPEN_READINGS: readonly OpenReading[] = [
  reading(1, '<status> is a boolean, 200 or a code, and may be absent', 'reads', 'statusForm'),
  reading(2, '<result> and <error_code> are named and never shown', 'reads', 'envelope'),
  reading(3, 'the HTTP status and the XML status may disagree', 'reads', 'statusForm'),
  reading(4, 'the root is documents_response in a sample, billings_response in its schema', 'reads', 'root'),
  reading(5, 'the schemas cannot express an error', 'a write'),
  reading(6, 'the schema cannot express a history without rows', 'reads', 'emptyHistory'),
  reading(7, 'one <activity> or many', 'reads', 'history'),
  reading(8, 'ids with leading zeros', 'reads', 'activityIdZeros'),
  reading(9, "the samples' ids disagree between request and response", 'a write'),
  reading(10, "whether the id of an ordered pack is the order's or the pack's", 'a write'),
  reading(11, 'the quantity where none was sent', 'a write'),
  reading(12, 'whether the price of an order is of one pack or of all', 'a write'),
  reading(13, "a pack's name is plan_name or pack_name", 'reads', 'catalogueElements'),
  reading(14, '<plan> is a record in one response and a text in another', 'reads', 'elements'),
  reading(15, 'whether prices name a currency', 'reads', 'catalogueCurrency'),
  reading(16, 'retail and wholesale prices', 'reads', 'wholesale'),
  reading(17, 'unit and form of credit_amount', 'reads', 'creditAmount'),
  reading(18, 'which parameters are required', 'reads', 'historyDates'),
  reading(19, 'whether a history needs both dates', 'reads', 'historyDates'),
  reading(20, 'which date a window is compared with, and the order of rows', 'reads', 'historyFilter', 'historyOrder'),
  reading(21, 'what recursive=1 adds', 'reads', 'recursion', 'foreignRows'),
  reading(22, 'whether rows name their group by id', 'reads', 'activityGroupId'),
  reading(23, 'the group where none is sent', 'reads', 'ownGroup'),
  reading(24, 'what an absent purge does', 'a write'),
  reading(25, 'which documents purge is about', 'a write'),
  reading(26, 'whether released documents may exceed the new allowance', 'a write'),
  reading(27, 'an expire above the maximum is refused or cut', 'a billing UI link'),
  reading(28, 'expire is in seconds, milliseconds or from now', 'a billing UI link'),
  reading(29, 'what pack_summary counts', 'a write'),
  reading(30, 'the words of plan_type', 'reads', 'words'),
  reading(31, 'the words of plan_activity', 'reads', 'words'),
  reading(32, 'three forms of dates', 'reads', 'dateFormat'),
  reading(33, "whether a row's id is an event's or a plan's", 'reads', 'rowIds'),
  reading(34, 'no endpoint for the plan in force is documented', 'reads', 'usage', 'closeOldPeriod'),
  reading(35, 'more used than allowed, and "unlimited"', 'reads', 'overUse'),
  reading(36, 'the same plan again is a renewal, and charged', 'a write'),
  reading(37, 'the samples name no content type', 'reads', 'history'),
  reading(38, 'ConfidenceType in every schema', 'reads', 'elements'),
  reading(39, 'how refusals look, and rate limits', 'reads', 'foreignGroup'),
  reading(40, 'a purchase names neither quantity nor price', 'a purchase'),
  reading(41, 'an Error beside a purchase', 'a purchase'),
  reading(42, 'whether ID and PurchaseID are equal', 'a purchase'),
  reading(43, 'how the AccountAdminAPI is authorised', 'reads', 'token'),
  reading(44, 'JSON or XML', 'a purchase'),
  reading(45, 'how tax is computed', 'a purchase'),
];

function reading(number: number, about: string, needs: Needs, ...checks: readonly string[]): OpenReading {
  return { number, about, needs, checks };
}

export interface ReadingState {
  readonly number: number;
  readonly about: string;
  readonly settled: boolean;
  /** The finding, or the means to get it. */
  readonly how: string;
}

/** A reading is settled when each of its checks has a finding. */
export function readingStates(checks: readonly Check[]): readonly ReadingState[] {
  const byName = new Map(checks.map((found) => [found.name, found]));
  return OPEN_READINGS.map(({ number, about, needs, checks: names }) => {
    const found = names.map((name) => byName.get(name));
    const seen = found.filter((one) => one !== undefined && one.value !== null && one.verdict !== 'open');
    const settled = names.length > 0 && seen.length === names.length;
    if (settled) return { number, about, settled, how: seen.map((one) => one?.seen ?? '').join('; ') };
    const missing = found.map((one) => (one?.verdict === 'open' ? one.seen : null)).find((why) => why !== null);
    return { number, about, settled, how: needs === 'reads' ? (missing ?? 'was not read') : `needs ${needs}` };
  });
}
