import type {
  BillingActivity,
  BillingActivityKind,
  BillingHistory,
  BillingPlan,
  GroupUsage,
} from '../domain/billing-history.js';
import type { XtractaCredential } from '../domain/caller.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import type { BillingError } from '../domain/errors.js';
import type { DecimalText } from '../domain/money.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { READ_ENDPOINTS } from '../domain/upstream-operations.js';

/** A group as far as the gateway knows it. Group ids have their leading zeros stripped. */
export interface GroupRef {
  readonly id: string;
  /** What an answer that was read anyway called the group; undefined: not known yet, reading it may cost a call. */
  readonly name?: string | null;
  /** Epoch milliseconds at which its plan is looked at by default; undefined: when the request came. */
  readonly planAtMs?: number;
}

export type BillingHistoryOrder = 'START_DATE_DESC' | 'START_DATE_ASC';

/** What a client asked of `billingHistory`; defaults of dates are not filled in yet, page arguments not validated. */
export interface HistoryRequest {
  readonly groupId: string;
  /** Epoch milliseconds. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly includeSubgroups: boolean;
  readonly activity: readonly BillingActivityKind[] | null;
  readonly orderBy: BillingHistoryOrder;
  readonly first: number | null;
  readonly after: string | null;
  readonly last: number | null;
  readonly before: string | null;
}

export interface HistoryEdge {
  readonly cursor: string;
  readonly node: BillingActivity;
}

export interface HistorySummary {
  readonly count: number;
  /** Sum over the rows whose figure can be read; null when it leaves the safe integers. */
  readonly usedDocuments: number | null;
  /** One exact sum per currency, in order of currency code, the unnamed currency last. */
  readonly spend: readonly { readonly amount: DecimalText; readonly currency: string | null }[];
  /** Rows whose price is there but could not be read, and which `spend` therefore lacks. */
  readonly unreadablePrices: number;
  /** Rows whose `usedDocuments` is there but could not be read, and which the sum therefore lacks. */
  readonly unreadableCounts: number;
}

export interface HistoryPage {
  /** Made when asked for; a cursor is encoded when it is read. */
  readonly edges: readonly HistoryEdge[];
  /** The rows of `edges`, in the same order, without the cost of edges. */
  readonly nodes: readonly BillingActivity[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
  /** Computed when asked for, over the whole selection, not the page. */
  readonly summary: HistorySummary;
}

/** A field of the schema that asks for a catalogue. */
export type CatalogueField = 'availablePlans' | 'availablePacks' | 'catalogue' | 'planChangePreview';

/** A read that an earlier answer stood in for, because the upstream is down. */
export interface StaleRead {
  /** Null: the api key's own group. */
  readonly groupId: string | null;
  readonly read: keyof typeof READ_ENDPOINTS;
  /** Epoch milliseconds at which that answer was asked for. */
  readonly asOfMs: number;
}

/** Upstream calls of one operation: made, and saved against asking every question on its own. */
export interface UpstreamCallCounts {
  readonly made: number;
  readonly saved: number;
}

/** {@link UpstreamCallCounts}, and the calls that were asked for and that the operation has left. */
export interface OperationCost extends UpstreamCallCounts {
  readonly asked: number;
  readonly left: number;
}

/**
 * The reads of one GraphQL operation by one caller. Equal and overlapping questions share upstream calls; every answer is the
 * same as if it had been asked alone. Throws `BillingError`: `BAD_USER_INPUT`, `FORBIDDEN`, `NOT_FOUND`,
 * `OPERATION_TOO_COMPLEX`, `UPSTREAM_*`.
 */
export interface BillingReads {
  /**
   * The plan in force at the instant (epoch milliseconds); null when there is none.
   *
   * @param isPresent the instant is now by the upstream's clock, which may be ahead of the operation's own "now"
   */
  plan(groupId: string, atMs: number, isPresent?: boolean): Promise<BillingPlan | null>;
  /** As {@link plan} of now, and never an earlier answer: for who decides about money by it. */
  planAnew(groupId: string, atMs: number): Promise<BillingPlan | null>;
  historyPage(request: HistoryRequest): Promise<HistoryPage>;
  /** Groups seen below this one in its recursive history of the last year, each once, by ascending id. */
  subgroups(groupId: string): Promise<readonly GroupRef[]>;
  /** As the history reports it; null when no row names it. */
  groupName(groupId: string): Promise<string | null>;
  /**
   * What the group may choose from, at most a minute old and read anew after a write on it.
   *
   * @param groupId null: the api key's own group
   */
  catalogue(groupId: string | null, field: CatalogueField): Promise<BillingCatalogue>;
  /** As {@link catalogue}, never from what is kept. Read once in an operation; a read that is under way is shared. */
  catalogueAnew(groupId: string | null, field: CatalogueField): Promise<BillingCatalogue>;
  /**
   * Counts rows that the operation is about to answer. An operation with many of them waits here for its turn among the large answers of
   * all operations.
   *
   * @param bytesPerRow the least that a row takes in the answer's text
   */
  handOut(rows: number, bytesPerRow: number): Promise<void>;
  /**
   * Counts bytes of the answer's text that were made of rows which were handed out.
   *
   * @throws BillingError `OPERATION_TOO_COMPLEX`; the operation has then ended as a whole
   */
  countText(bytes: number): void;
  /**
   * Counts an upstream call that the operation makes beside these reads, against the same limit.
   *
   * @throws BillingError `OPERATION_TOO_COMPLEX`
   */
  countCall(): void;
  /**
   * When the oldest answer about the group was asked for that stood in during this operation (epoch milliseconds); null when all are
   * fresh. Waits until no other read of the operation is under way.
   */
  asOf(groupId: string): Promise<number | null>;
  /** What ended the whole operation before its time: a limit, the wait for a turn, its deadline. Null: nothing has. */
  endedBy(): BillingError | null;
}

/** {@link BillingReads}, what they have cost so far, and when they end. */
export interface OperationBillingReads extends BillingReads {
  upstreamCalls(): UpstreamCallCounts;
  cost(): OperationCost;
  /** What earlier answers stood in for so far. */
  staleReads(): readonly StaleRead[];
  /** Call when the text of the response is made. */
  answered(): void;
  /** Call when the response has left, or will not. */
  close(): void;
}

/** One read of the upstream's history endpoint. Equal fields mean the same question. */
export interface HistoryRead {
  /** Canonical: leading zeros stripped. */
  readonly groupId: string;
  /** Unix seconds, first second inside. */
  readonly fromSeconds: number;
  /** Unix seconds, last second inside. */
  readonly toSeconds: number;
  /** With the rows of all groups below. */
  readonly recursive: boolean;
}

/** The part of the Xtracta client that reads need. Throws `BillingError`; may be retried and shared. */
export interface HistoryClient {
  getBillingHistory(credential: XtractaCredential, request: HistoryRead, call: UpstreamCall): Promise<BillingHistory>;
}

/** The part of the Xtracta client that answers about one group at a time. Throws `BillingError`; may be retried and shared. */
export interface GroupClient {
  getUsage(credential: XtractaCredential, groupId: string, call: UpstreamCall): Promise<GroupUsage>;
  /** @param groupId null: the api key's own group */
  getPlans(credential: XtractaCredential, groupId: string | null, call: UpstreamCall): Promise<BillingCatalogue>;
}
