import { createHash } from 'node:crypto';
import type { BillingActivity } from '../domain/billing-history.js';
import { badInput } from '../domain/errors.js';
import {
  decimalText,
  type ExactDecimal,
  parseDecimal,
  readableOrNull,
  sumOf,
  UnreadableValue,
} from '../domain/money.js';
import type { HistoryEdge, HistoryPage, HistoryRead, HistoryRequest, HistorySummary } from './billing-reads.js';
import type { ReadSubject, Rows } from './history.executor.js';
import { locateRow, orderRows, prepareOrder, type RowPlace, tieRank } from './history-order.policy.js';
import {
  boundsOf,
  type HistoryBounds,
  LAST_MS,
  resolveHistoryBounds,
  rowsInBounds,
  windowOf,
} from './history-window.policy.js';
import type { WriteVersions } from './shared-reads.js';
import type { SnapshotStore, SnapshotSubject } from './snapshot.store.js';

/** The list of a requested page, with all its arguments checked. */
export interface RequestedList {
  readonly read: HistoryRead;
  /** The list's own ends, which `read` contains. */
  readonly bounds: HistoryBounds;
  /** The kept response that the client's cursor came from; null: the list must be read. */
  readonly kept: { readonly snapshotId: string; readonly rows: Rows } | null;
  readonly request: HistoryRequest;
  readonly size: PageSize;
  readonly scope: string;
  readonly after: HistoryCursor | null;
  readonly before: HistoryCursor | null;
  /**
   * Write version of the credential when the list was opened. Null: the rows are from before it, and no cursor may lead
   * back to them.
   */
  readonly writeVersion: number | null;
}

/**
 * Id in a cursor without a kept response: a write happened after its rows were read, or the page holds the whole list.
 */
const NO_SNAPSHOT = '';

/** Pages of the histories that one credential of one tenant reads. */
export class HistoryPaging {
  readonly #subject: ReadSubject;
  readonly #snapshots: SnapshotStore;
  readonly #writeVersions: WriteVersions;
  constructor(subject: ReadSubject, snapshots: SnapshotStore, writeVersions: WriteVersions) {
    this.#subject = subject;
    this.#snapshots = snapshots;
    this.#writeVersions = writeVersions;
  }

  /**
   * Checks a request's arguments, and finds the kept response that its cursor came from. Call before the list is read.
   *
   * @throws BillingError `BAD_USER_INPUT`
   */
  open(request: HistoryRequest, nowMs: number): RequestedList {
    const { groupId, includeSubgroups } = request;
    const size = pageSize(request);
    const { tenantId, credential } = this.#subject;
    const scope = cursorScope(tenantId, credential.id, groupId, includeSubgroups);
    const after = request.after === null ? null : decodeCursor(request.after, scope, 'after');
    const before = request.before === null ? null : decodeCursor(request.before, scope, 'before');
    const carried = after ?? before;
    const bounds = resolveHistoryBounds(request, nowMs, carried?.bounds ?? null);
    const read: HistoryRead = { groupId, ...windowOf(bounds), recursive: includeSubgroups };
    const kept = this.#findKept(read, after) ?? this.#findKept(read, before);
    return {
      read,
      bounds,
      kept,
      request,
      size,
      scope,
      after,
      before,
      writeVersion: this.#writeVersions.current(credential.id),
    };
  }

  /**
   * The list as an earlier response contains it. Its cursors lead to no kept response, because the request for the next
   * page must decide whether it may still be served.
   *
   * @param read the read of that earlier response
   */
  stale(list: RequestedList, read: HistoryRead): RequestedList {
    const { fromMs, toMs } = boundsOf(read);
    // An end that the client named is in the same second in both. A default end is a whole second.
    const bounds = {
      fromMs: read.fromSeconds === list.read.fromSeconds ? list.bounds.fromMs : fromMs,
      toMs: read.toSeconds === list.read.toSeconds ? list.bounds.toMs : toMs,
    };
    return { ...list, read, bounds, writeVersion: null };
  }

  /**
   * @param rows the whole response to `list.read`, to which cursors will lead
   * @param visible selects the rows of a list that this caller may see, in the same order
   */
  async page(list: RequestedList, rows: Rows, visible: (rows: Rows) => Rows): Promise<HistoryPage> {
    await prepareOrder(rows);
    const { activity, orderBy } = list.request;
    const kinds = activity === null ? null : new Set(activity);
    // The order comes first, because it is computed once for all pages of a response. The page's own arguments then
    // select from it.
    const ordered = within(visible(orderRows(rows, orderBy)), list.bounds);
    const selection = kinds === null ? ordered : ordered.filter((row) => kinds.has(row.kind));
    const low = list.after === null ? 0 : locateRow(selection, orderBy, list.after.place, list.after.tie).after;
    const high =
      list.before === null
        ? selection.length
        : locateRow(selection, orderBy, list.before.place, list.before.tie).before;
    const range = pageRange(list.size, low, high);
    const isWhole = range.start === 0 && range.end === selection.length;
    let snapshotId = list.kept?.snapshotId;
    return new HistoryConnection(selection, range, (index) => {
      // A page with all rows has no next page, so nothing is kept for it.
      snapshotId ??= isWhole ? NO_SNAPSHOT : this.#keep(list, rows);
      const row = selection[index];
      return encodeCursor({
        scope: list.scope,
        snapshotId,
        bounds: list.bounds,
        place: { startMs: row?.startMs ?? null, id: row?.id ?? '' },
        tie: tieRank(selection, index),
      });
    });
  }

  #snapshotSubject(read: HistoryRead): SnapshotSubject {
    return { tenantId: this.#subject.tenantId, credentialId: this.#subject.credential.id, read };
  }

  #findKept(read: HistoryRead, cursor: HistoryCursor | null): RequestedList['kept'] {
    if (cursor === null) return null;
    const rows = this.#snapshots.find(cursor.snapshotId, this.#snapshotSubject(read));
    return rows === null ? null : { snapshotId: cursor.snapshotId, rows };
  }

  #keep(list: RequestedList, rows: Rows): string {
    if (this.#writeVersions.current(this.#subject.credential.id) !== list.writeVersion) return NO_SNAPSHOT;
    return this.#snapshots.keep(this.#snapshotSubject(list.read), rows);
  }
}

/** The rows of a read inside the list. The two differ only where an end of the list has a fraction of a second. */
function within(rows: Rows, bounds: HistoryBounds): Rows {
  return bounds.fromMs % 1000 === 0 && bounds.toMs % 1000 === 0 ? rows : rowsInBounds(rows, bounds);
}

const DEFAULT_PAGE = 50;
/** A larger page is refused rather than cut, so that a client never takes a part for the whole. */
export const MAX_PAGE = 5_000;

interface PageArguments {
  readonly first: number | null;
  readonly last: number | null;
}

/** Number of rows and the end of the list from which they are counted. */
type PageSize = { readonly end: 'first' | 'last'; readonly rows: number };

/**
 * Relay's `first` or `last`. A client may give one of them; without both, the page is the first 50 rows.
 *
 * @throws BillingError `BAD_USER_INPUT`
 */
function pageSize(asked: PageArguments): PageSize {
  if (asked.first !== null && asked.last !== null) throw badInput('Give `first` or `last`, not both.', ['last']);
  const end = asked.last === null ? 'first' : 'last';
  const rows = asked[end] ?? DEFAULT_PAGE;
  if (!Number.isInteger(rows) || rows < 0 || rows > MAX_PAGE) {
    throw badInput(`A page has 0 to ${MAX_PAGE} rows.`, [end]);
  }
  return { end, rows };
}

/**
 * The half-open range of a page's indexes in its list, as in the Relay connection specification. The cursors cut the
 * list first; then the page is counted from one end.
 *
 * @param low first index behind the `after` cursor; @param high first index not before the `before` cursor
 */
function pageRange(size: PageSize, low: number, high: number): { readonly start: number; readonly end: number } {
  const end = Math.max(low, high);
  return size.end === 'first'
    ? { start: low, end: Math.min(end, low + size.rows) }
    : { start: Math.max(low, end - size.rows), end };
}

/** A place in a list, with the facts that identify the list. Holds no secret and no personal data. */
export interface HistoryCursor {
  /** Identifies the list and its owner, see {@link cursorScope}. */
  readonly scope: string;
  /** Id of the kept response that the row came from. It may be gone. */
  readonly snapshotId: string;
  readonly bounds: HistoryBounds;
  readonly place: RowPlace;
  /** Rank of the row among the rows at the same place, from 0. */
  readonly tie: number;
}

/**
 * Increases when the layout changes, so that a replica of another version refuses the cursor instead of misreading it.
 */
const LAYOUT = 1;
/** Far longer than any real cursor. The gateway did not make a longer one. */
const MAX_LENGTH = 4_096;

/** Ties a cursor to tenant, credential, group and kind of list, without naming them. */
export function cursorScope(tenantId: string, credentialId: string, groupId: string, recursive: boolean): string {
  return createHash('sha256')
    .update(JSON.stringify([tenantId, credentialId, groupId, recursive]))
    .digest('base64url')
    .slice(0, 12);
}

export function encodeCursor(cursor: HistoryCursor): string {
  const { scope, snapshotId, bounds, place, tie } = cursor;
  // Seconds, as in earlier versions. They have a fraction only where the client's own dates do.
  const [from, to] = [bounds.fromMs / 1000, bounds.toMs / 1000];
  const fields = [LAYOUT, scope, snapshotId, from, to, place.startMs, place.id, tie];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Null for what is no whole number of milliseconds. */
function milliseconds(seconds: unknown): number | null {
  if (typeof seconds !== 'number') return null;
  const ms = Math.round(seconds * 1000);
  return ms / 1000 === seconds ? ms : null;
}

function parseFields(text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  // Decoding skips characters that are not base64url. The gateway did not make such a text.
  if (text.length > MAX_LENGTH || bytes.toString('base64url') !== text) return null;
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

function toCursor(fields: unknown): HistoryCursor | null {
  if (!Array.isArray(fields) || fields.length !== 8) return null;
  const parts: readonly unknown[] = fields;
  const [layout, scope, snapshotId, from, to, startMs, id, tie] = parts;
  if (layout !== LAYOUT || typeof scope !== 'string' || typeof snapshotId !== 'string' || typeof id !== 'string') {
    return null;
  }
  const [fromMs, toMs] = [milliseconds(from), milliseconds(to)];
  if (!isCount(fromMs) || !isCount(toMs) || !isCount(tie)) return null;
  if (fromMs > toMs || toMs > LAST_MS) return null;
  if (startMs !== null && !(typeof startMs === 'number' && Number.isSafeInteger(startMs))) return null;
  return { scope, snapshotId, bounds: { fromMs, toMs }, place: { startMs, id }, tie };
}

/**
 * @param scope scope of the requested list
 * @param field argument that holds the cursor, which the error names
 * @throws BillingError `BAD_USER_INPUT` when the text was not made by {@link encodeCursor} for this list
 */
export function decodeCursor(text: string, scope: string, field: 'after' | 'before'): HistoryCursor {
  const cursor = toCursor(parseFields(text));
  if (cursor === null || cursor.scope !== scope) {
    throw badInput('The cursor does not belong to this list.', [field]);
  }
  return cursor;
}

type CursorAt = (index: number) => string;

class LazyEdge implements HistoryEdge {
  readonly #index: number;
  readonly #cursorAt: CursorAt;
  constructor(
    readonly node: BillingActivity,
    index: number,
    cursorAt: CursorAt,
  ) {
    this.#index = index;
    this.#cursorAt = cursorAt;
  }

  get cursor(): string {
    return this.#cursorAt(this.#index);
  }
}

class LazyPageInfo {
  readonly #range: { readonly start: number; readonly end: number };
  readonly #total: number;
  readonly #cursorAt: CursorAt;
  constructor(range: { readonly start: number; readonly end: number }, total: number, cursorAt: CursorAt) {
    this.#range = range;
    this.#total = total;
    this.#cursorAt = cursorAt;
  }

  get hasNextPage(): boolean {
    return this.#range.end < this.#total;
  }

  get hasPreviousPage(): boolean {
    return this.#range.start > 0;
  }

  get startCursor(): string | null {
    return this.#range.start < this.#range.end ? this.#cursorAt(this.#range.start) : null;
  }

  get endCursor(): string | null {
    return this.#range.start < this.#range.end ? this.#cursorAt(this.#range.end - 1) : null;
  }
}

/**
 * A page of an ordered selection. A page may have 5,000 rows, so nodes, edges and cursors are made on access only. They
 * are getters, because the writer of rows reads properties and calls no methods.
 */
export class HistoryConnection implements HistoryPage {
  readonly #selection: readonly BillingActivity[];
  readonly #range: { readonly start: number; readonly end: number };
  readonly #cursorAt: CursorAt;
  readonly rowCount: number;
  readonly pageInfo: LazyPageInfo;
  #nodes: readonly BillingActivity[] | undefined;
  #edges: readonly HistoryEdge[] | undefined;
  #summary: HistorySummary | undefined;

  /** @param cursorAt cursor of the row at an index of the selection */
  constructor(
    selection: readonly BillingActivity[],
    range: { readonly start: number; readonly end: number },
    cursorAt: CursorAt,
  ) {
    this.#selection = selection;
    this.#range = range;
    this.#cursorAt = cursorAt;
    this.rowCount = range.end - range.start;
    this.pageInfo = new LazyPageInfo(range, selection.length, cursorAt);
  }

  get nodes(): readonly BillingActivity[] {
    this.#nodes ??= this.#selection.slice(this.#range.start, this.#range.end);
    return this.#nodes;
  }

  get edges(): readonly HistoryEdge[] {
    this.#edges ??= this.nodes.map((row, index) => new LazyEdge(row, this.#range.start + index, this.#cursorAt));
    return this.#edges;
  }

  get totalCount(): number {
    return this.#selection.length;
  }

  get summary(): HistorySummary {
    this.#summary ??= summarise(this.#selection);
    return this.#summary;
  }
}

/** By currency code; a missing currency comes last. */
function compareCurrencies(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

/**
 * Count and exact sums over a selection of rows. A sum has the largest scale of its addends: 99.50 + 0.50 is `100.00`.
 * Prices without a currency have a sum of their own. Unreadable prices and unreadable counts of documents are counted,
 * never guessed, and so are those of a row whose group cannot be read.
 */
export function summarise(rows: readonly BillingActivity[]): HistorySummary {
  const sums = new Map<string | null, ExactDecimal>();
  let usedDocuments = 0;
  let unreadablePrices = 0;
  let unreadableCounts = 0;
  for (const row of rows) {
    const { group } = row;
    const count = group instanceof UnreadableValue && row.usedDocuments !== null ? group : row.usedDocuments;
    const price = group instanceof UnreadableValue && row.price !== null ? group : row.price;
    if (count instanceof UnreadableValue) unreadableCounts += 1;
    usedDocuments += readableOrNull(count) ?? 0;
    if (price === null) continue;
    const currency = price instanceof UnreadableValue ? null : price.currency;
    const amount = price instanceof UnreadableValue ? null : parseDecimal(price.amount);
    if (amount === null || currency instanceof UnreadableValue) {
      unreadablePrices += 1;
      continue;
    }
    const sum = sums.get(currency);
    sums.set(currency, sum === undefined ? amount : sumOf(sum, amount));
  }
  return {
    count: rows.length,
    usedDocuments: Number.isSafeInteger(usedDocuments) ? usedDocuments : null,
    spend: [...sums]
      .sort(([a], [b]) => compareCurrencies(a, b))
      .map(([currency, sum]) => ({ amount: decimalText(sum), currency })),
    unreadablePrices,
    unreadableCounts,
  };
}
