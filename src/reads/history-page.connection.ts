import type { BillingActivity } from '../domain/billing-activity.js';
import type { HistoryEdge, HistoryPage, HistorySummary } from './billing-reads.js';
import { summarise } from './history-summary.policy.js';

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
 * A page of an ordered selection. A page may have 5,000 rows, so edges and cursors are made only for the client that asks for them: by
 * getters, because the writer of rows reads properties and calls nothing.
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
