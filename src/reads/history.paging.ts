import type { HistoryPage, HistoryRequest } from './billing-reads.js';
import type { CredentialEpochs } from './credential.epochs.js';
import { cursorScope, decodeCursor, encodeCursor, type HistoryCursor } from './cursor.codec.js';
import type { Rows } from './history.executor.js';
import type { ReadSubject } from './history.source.js';
import type { HistoryRead } from './history-client.port.js';
import { locateRow, orderRows, twinNumber } from './history-order.policy.js';
import { HistoryConnection } from './history-page.connection.js';
import { resolveHistoryWindow } from './history-window.policy.js';
import { type PageSize, pageRange, pageSize } from './page-arguments.policy.js';
import type { SnapshotStore, SnapshotSubject } from './snapshot.store.js';

/** The list that a client asks a page of, with all its arguments checked. */
export interface RequestedList {
  readonly read: HistoryRead;
  /** The answer that the client's cursor came from, while it is kept; null: the list has to be read. */
  readonly kept: { readonly snapshotId: string; readonly rows: Rows } | null;
  readonly request: HistoryRequest;
  readonly size: PageSize;
  readonly scope: string;
  readonly after: HistoryCursor | null;
  readonly before: HistoryCursor | null;
  /** Of the credential, when the list was opened. */
  readonly epoch: number;
}

/** A cursor that leads to no kept answer, because a write has overtaken the rows that it came from. */
const NO_SNAPSHOT = '';

/** Pages of the histories that one credential of one tenant reads. */
export class HistoryPaging {
  constructor(
    private readonly subject: ReadSubject,
    private readonly snapshots: SnapshotStore,
    private readonly epochs: CredentialEpochs,
  ) {}

  /**
   * Checks a request's arguments, and finds the answer that its cursor came from. Call before the list is read.
   *
   * @throws BillingError `BAD_USER_INPUT`
   */
  open(request: HistoryRequest, nowMs: number): RequestedList {
    const { groupId, includeSubgroups } = request;
    const size = pageSize(request);
    const { tenantId, credential } = this.subject;
    const scope = cursorScope(tenantId, credential.id, groupId, includeSubgroups);
    const after = request.after === null ? null : decodeCursor(request.after, scope, 'after');
    const before = request.before === null ? null : decodeCursor(request.before, scope, 'before');
    const carried = after ?? before;
    const window = resolveHistoryWindow(request, nowMs, carried?.window ?? null);
    const read: HistoryRead = { groupId, ...window, recursive: includeSubgroups };
    const kept = this.#findKept(read, after) ?? this.#findKept(read, before);
    return { read, kept, request, size, scope, after, before, epoch: this.epochs.current(credential.id) };
  }

  /**
   * @param rows the whole answer to `list.read`, which cursors will lead back to
   * @param visible those of a list that this caller may see, in the same order
   */
  page(list: RequestedList, rows: Rows, visible: (rows: Rows) => Rows): HistoryPage {
    const { activity, orderBy } = list.request;
    const kinds = activity === null ? null : new Set(activity);
    // First the order, which is worked out once for all pages of an answer, then what the page's own arguments leave of it.
    const ordered = visible(orderRows(rows, orderBy));
    const selection = kinds === null ? ordered : ordered.filter((row) => kinds.has(row.kind));
    const low = list.after === null ? 0 : locateRow(selection, orderBy, list.after.place, list.after.twin).after;
    const high =
      list.before === null
        ? selection.length
        : locateRow(selection, orderBy, list.before.place, list.before.twin).before;
    const range = pageRange(list.size, low, high);
    const isWhole = range.start === 0 && range.end === selection.length;
    let snapshotId = list.kept?.snapshotId;
    return new HistoryConnection(selection, range, (index) => {
      // Nobody pages on from a page that holds everything.
      snapshotId ??= isWhole ? NO_SNAPSHOT : this.#keep(list, rows);
      const row = selection[index];
      return encodeCursor({
        scope: list.scope,
        snapshotId,
        window: list.read,
        place: { startMs: row?.startMs ?? null, id: row?.id ?? '' },
        twin: twinNumber(selection, index),
      });
    });
  }

  #snapshotSubject(read: HistoryRead): SnapshotSubject {
    return { tenantId: this.subject.tenantId, credentialId: this.subject.credential.id, read };
  }

  #findKept(read: HistoryRead, cursor: HistoryCursor | null): RequestedList['kept'] {
    if (cursor === null) return null;
    const rows = this.snapshots.find(cursor.snapshotId, this.#snapshotSubject(read));
    return rows === null ? null : { snapshotId: cursor.snapshotId, rows };
  }

  #keep(list: RequestedList, rows: Rows): string {
    if (this.epochs.current(this.subject.credential.id) !== list.epoch) return NO_SNAPSHOT;
    return this.snapshots.keep(this.#snapshotSubject(list.read), rows);
  }
}
