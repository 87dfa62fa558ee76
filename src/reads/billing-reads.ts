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
  /**
   * The group's name in a response that was read for another reason. Undefined: not known yet, and reading it may cost
   * a call.
   */
  readonly name?: string | null;
}

export type BillingHistoryOrder = 'START_DATE_DESC' | 'START_DATE_ASC';

/**
 * A client's arguments of `billingHistory`. Defaults of dates are not filled in yet, and page arguments are not
 * validated.
 */
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
  /** Rows with an unreadable price, which `spend` does not include. */
  readonly unreadablePrices: number;
  /** Rows with an unreadable `usedDocuments`, which the sum does not include. */
  readonly unreadableCounts: number;
}

export interface HistoryPage {
  /** Made on first access. A cursor is encoded when it is read. */
  readonly edges: readonly HistoryEdge[];
  /** The rows of `edges`, in the same order, without the cost of edges. */
  readonly nodes: readonly BillingActivity[];
  /** Number of the nodes. */
  readonly rowCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
  /** Computed on first access, over the whole selection, not the page. */
  readonly summary: HistorySummary;
}

/** A field of the schema that reads a catalogue. */
export type CatalogueField = 'availablePlans' | 'availablePacks' | 'catalogue' | 'planChangePreview';

/** A read that was served from an earlier response, because the upstream is down. */
export interface StaleRead {
  /** Null: the api key's own group. */
  readonly groupId: string | null;
  readonly read: keyof typeof READ_ENDPOINTS;
  /** Time at which that response was requested, in Unix epoch milliseconds. */
  readonly asOfMs: number;
}

/** Upstream calls of one operation. `saved` is the number of calls that sharing spared. */
export interface UpstreamCallCounts {
  readonly made: number;
  readonly saved: number;
}

/**
 * {@link UpstreamCallCounts}, the calls that unshared reads would have needed, and the calls that the operation has
 * left.
 */
export interface OperationCost extends UpstreamCallCounts {
  readonly asked: number;
  readonly left: number;
}

/**
 * The reads of one GraphQL operation by one caller. Equal and overlapping reads share upstream calls. The result of
 * each is the same as if it were the only read. Its "now" is one moment, fixed at the first read, so that a write that
 * the operation made before shows. Throws `BillingError`: `BAD_USER_INPUT`, `FORBIDDEN`, `NOT_FOUND`,
 * `OPERATION_TOO_COMPLEX`, `UPSTREAM_*`.
 */
export interface BillingReads {
  /** The plan in force at the instant (epoch milliseconds; null: now); null when there is none. */
  plan(groupId: string, atMs: number | null): Promise<BillingPlan | null>;
  /** As {@link plan} of now, but never from an earlier response. For decisions about money. */
  planAnew(groupId: string): Promise<BillingPlan | null>;
  /**
   * Says that the operation has begun a period, which "now" is then not before. Call it before the first read.
   *
   * @param startMs start of the period by the upstream's clock, in Unix epoch milliseconds
   */
  noteBegun(startMs: number): void;
  historyPage(request: HistoryRequest): Promise<HistoryPage>;
  /** Descendant groups in the group's recursive history of the last year, each once, by ascending id. */
  subgroups(groupId: string): Promise<readonly GroupRef[]>;
  /** The group's name in the history; null when no row names it. */
  groupName(groupId: string): Promise<string | null>;
  /**
   * The plans and packs that the group may choose, at most a minute old and read anew after a write on the group.
   *
   * @param groupId null: the api key's own group
   */
  catalogue(groupId: string | null, field: CatalogueField): Promise<BillingCatalogue>;
  /**
   * As {@link catalogue}, but never from the cache. It is read once in an operation, and a read under way is shared.
   */
  catalogueAnew(groupId: string | null, field: CatalogueField): Promise<BillingCatalogue>;
  /**
   * Counts rows before the operation returns them. An operation with many rows waits here for its turn among the large
   * responses of all operations.
   *
   * @param bytesPerRow least size of a row in the response's text
   */
  handOut(rows: number, bytesPerRow: number): Promise<void>;
  /**
   * Counts bytes of the response's text that were made of returned rows.
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
   * Time at which the oldest response about the group that served this operation was requested, in Unix epoch
   * milliseconds. Null when all are fresh. Waits until no other read of the operation is under way.
   */
  asOf(groupId: string): Promise<number | null>;
  /**
   * The error that ended the whole operation early: a limit, the wait for a turn, or its deadline. Null: it has not
   * ended.
   */
  endedBy(): BillingError | null;
  /**
   * The error that replaces the whole response. Null while the operation runs, and after a deadline, because the data
   * read so far still goes out.
   */
  refusal(): BillingError | null;
}

/** {@link BillingReads}, with their cost so far and with the calls that end them. */
export interface OperationBillingReads extends BillingReads {
  upstreamCalls(): UpstreamCallCounts;
  cost(): OperationCost;
  /** Reads that were served from earlier responses so far. */
  staleReads(): readonly StaleRead[];
  /** Call when the text of the response is complete. */
  responseMade(): void;
  /** Call when the response is sent, or will never be. */
  close(): void;
}

/** One read of the upstream's history endpoint. Reads with equal fields are the same read. */
export interface HistoryRead {
  /** Canonical: leading zeros stripped. */
  readonly groupId: string;
  /** Unix seconds, first second inside. */
  readonly fromSeconds: number;
  /** Unix seconds, last second inside. */
  readonly toSeconds: number;
  /** Whether it includes the rows of all descendant groups. */
  readonly recursive: boolean;
}

/**
 * The part of the Xtracta client that history reads need. Throws `BillingError`. Its calls may be retried and shared.
 */
export interface HistoryClient {
  getBillingHistory(credential: XtractaCredential, request: HistoryRead, call: UpstreamCall): Promise<BillingHistory>;
}

/**
 * The part of the Xtracta client for reads of one group. Throws `BillingError`. Its calls may be retried and shared.
 */
export interface GroupClient {
  getUsage(credential: XtractaCredential, groupId: string, call: UpstreamCall): Promise<GroupUsage>;
  /** @param groupId null: the api key's own group */
  getPlans(credential: XtractaCredential, groupId: string | null, call: UpstreamCall): Promise<BillingCatalogue>;
}
