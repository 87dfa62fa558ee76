import { isInLoop } from '../support/suite.sizes.js';
import { FAULT_POINTS, type FaultPoint } from './fault-points.js';
import { holdingKey } from './gateway-processes.js';
import { WRITES } from './write-cases.js';
import type { Intent, Told } from './write-client.js';
import type { WriteCount } from './write-upstream.js';

export const CIRCUMSTANCES = ['no restart', 'a restart afterwards', 'a duplicate in flight'] as const;
export type Circumstance = (typeof CIRCUMSTANCES)[number];

export interface Cell extends Intent {
  readonly point: FaultPoint;
  readonly circumstance: Circumstance;
}

/** What one cell came to. */
export interface CellReport {
  readonly cell: Cell;
  /** Of the request that met the fault. */
  readonly first: Told;
  /** Of requests with the same key at the same time. */
  readonly duplicates: readonly Told[];
  /** Of the same key afterwards, and where it had reached nobody once more at a gateway whose way is clear. */
  readonly again: readonly Told[];
  /** Of the same key with another input. */
  readonly reused: Told;
  /** Of another key for the same intent, where the outcome is unknown. */
  readonly otherKey: Told | null;
  readonly finalStatus: string | null;
  readonly count: WriteCount;
}

/**
 * Every point × write × circumstance, each with an intent, a key and a caller of its own. The developer's loop has a
 * third of them: each write and each circumstance once at every point.
 */
export function cellsOf(store: string): readonly Cell[] {
  let intent = 1_000;
  return FAULT_POINTS.flatMap((point, pointNumber) =>
    WRITES.flatMap((write, writeNumber) =>
      CIRCUMSTANCES.flatMap((circumstance, circumstanceNumber) => {
        intent += 1;
        if (!isInLoop(pointNumber + writeNumber + circumstanceNumber)) return [];
        const { place } = point;
        const name = `${store}-${point.id}-${intent}`;
        const isHeld = place.at === 'crash' && place.step !== 'upstream';
        const key = isHeld ? holdingKey(place.step, place.moment, name) : `matrix.${name}`;
        return [{ point, write, circumstance, intent, key }];
      }),
    ),
  );
}

/** Requests with the same key beside the first. */
export function duplicatesOf({ point: { place }, circumstance }: Cell): number {
  if (place.at === 'crowd') return place.requests - 1;
  return circumstance === 'a duplicate in flight' ? 2 : 0;
}
