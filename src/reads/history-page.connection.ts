import type { BillingActivity } from '../domain/billing-history.js';
import {
  decimalText,
  type ExactDecimal,
  parseDecimal,
  readableOrNull,
  sumOf,
  UnreadableValue,
} from '../domain/money.js';
import type { HistoryEdge, HistoryPage, HistorySummary } from './billing-reads.js';

type CursorAt = (index: number) => string;

class LazyEdge implements HistoryEdge {
  constructor(
    readonly node: BillingActivity,
    private readonly index: number,
    private readonly cursorAt: CursorAt,
  ) {}

  get cursor(): string {
    return this.cursorAt(this.index);
  }
}

class LazyPageInfo {
  constructor(
    private readonly range: { readonly start: number; readonly end: number },
    private readonly total: number,
    private readonly cursorAt: CursorAt,
  ) {}

  get hasNextPage(): boolean {
    return this.range.end < this.total;
  }

  get hasPreviousPage(): boolean {
    return this.range.start > 0;
  }

  get startCursor(): string | null {
    return this.range.start < this.range.end ? this.cursorAt(this.range.start) : null;
  }

  get endCursor(): string | null {
    return this.range.start < this.range.end ? this.cursorAt(this.range.end - 1) : null;
  }
}

/**
 * A page of an ordered selection. A page may have 5,000 rows, so edges and cursors are made only for the client that
 * asks for them: by getters, because the writer of rows reads properties and calls nothing.
 */
export class HistoryConnection implements HistoryPage {
  readonly nodes: readonly BillingActivity[];
  readonly pageInfo: LazyPageInfo;
  #edges: readonly HistoryEdge[] | undefined;
  #summary: HistorySummary | undefined;

  /** @param cursorAt cursor of the row at an index of the selection */
  constructor(
    private readonly selection: readonly BillingActivity[],
    private readonly range: { readonly start: number; readonly end: number },
    private readonly cursorAt: CursorAt,
  ) {
    this.nodes = selection.slice(range.start, range.end);
    this.pageInfo = new LazyPageInfo(range, selection.length, cursorAt);
  }

  get edges(): readonly HistoryEdge[] {
    this.#edges ??= this.nodes.map((row, index) => new LazyEdge(row, this.range.start + index, this.cursorAt));
    return this.#edges;
  }

  get totalCount(): number {
    return this.selection.length;
  }

  get summary(): HistorySummary {
    this.#summary ??= summarise(this.selection);
    return this.#summary;
  }
}

/** Code order, the unnamed currency last. */
function compareCurrencies(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

/**
 * Count and exact sums over a selection of rows. A sum has the largest scale of its addends: 99.50 + 0.50 is `100.00`.
 * Prices with no currency are summed apart; a price whose amount or currency cannot be read, and a count of documents
 * that cannot, is counted, never guessed.
 */
export function summarise(rows: readonly BillingActivity[]): HistorySummary {
  const sums = new Map<string | null, ExactDecimal>();
  let usedDocuments = 0;
  let unreadablePrices = 0;
  let unreadableCounts = 0;
  for (const row of rows) {
    if (row.usedDocuments instanceof UnreadableValue) unreadableCounts += 1;
    usedDocuments += readableOrNull(row.usedDocuments) ?? 0;
    if (row.price === null) continue;
    const currency = row.price instanceof UnreadableValue ? null : row.price.currency;
    const amount = row.price instanceof UnreadableValue ? null : parseDecimal(row.price.amount);
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
