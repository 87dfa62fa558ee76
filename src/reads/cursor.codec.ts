import { createHash } from 'node:crypto';
import { badInput } from '../domain/errors.js';
import type { RowPlace } from './history-order.policy.js';
import { type HistoryWindow, LAST_SECOND } from './history-window.policy.js';

/** A place in a list, with what is needed to see the same list again. Holds no secret and nothing personal. */
export interface HistoryCursor {
  /** Names whose list this is, see {@link cursorScope}. */
  readonly scope: string;
  /** The kept answer that the row came from; it may be gone. */
  readonly snapshotId: string;
  readonly window: HistoryWindow;
  readonly place: RowPlace;
  /** Which of the rows at the same place, from 0. */
  readonly twin: number;
}

/** Goes up when the layout changes: a replica of another version then refuses the cursor instead of misreading it. */
const LAYOUT = 1;
/** Far above any real id; what is longer was not made here. */
const MAX_LENGTH = 4_096;

/** Ties a cursor to tenant, credential, group and kind of list, without naming them. */
export function cursorScope(tenantId: string, credentialId: string, groupId: string, recursive: boolean): string {
  return createHash('sha256')
    .update(JSON.stringify([tenantId, credentialId, groupId, recursive]))
    .digest('base64url')
    .slice(0, 12);
}

export function encodeCursor(cursor: HistoryCursor): string {
  const { scope, snapshotId, window, place, twin } = cursor;
  const fields = [LAYOUT, scope, snapshotId, window.fromSeconds, window.toSeconds, place.startMs, place.id, twin];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parseFields(text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  // Decoding skips what is not base64url; such text was not made here.
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
  const [layout, scope, snapshotId, fromSeconds, toSeconds, startMs, id, twin] = parts;
  if (layout !== LAYOUT || typeof scope !== 'string' || typeof snapshotId !== 'string' || typeof id !== 'string') {
    return null;
  }
  if (!isCount(fromSeconds) || !isCount(toSeconds) || !isCount(twin)) return null;
  if (fromSeconds > toSeconds || toSeconds > LAST_SECOND) return null;
  if (startMs !== null && !(typeof startMs === 'number' && Number.isSafeInteger(startMs))) return null;
  return { scope, snapshotId, window: { fromSeconds, toSeconds }, place: { startMs, id }, twin };
}

/**
 * @param scope of the list that is asked for
 * @param field the argument that holds the cursor, for the error
 * @throws BillingError `BAD_USER_INPUT` when the text was not made by {@link encodeCursor} for this list
 */
export function decodeCursor(text: string, scope: string, field: 'after' | 'before'): HistoryCursor {
  const cursor = toCursor(parseFields(text));
  if (cursor === null || cursor.scope !== scope) {
    throw badInput('The cursor does not belong to this list.', [field]);
  }
  return cursor;
}
