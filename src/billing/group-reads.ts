import { z } from 'zod';
import type { XtractaCredential } from '../domain/caller.js';
import { type BillingCatalogue, itemOf } from '../domain/catalogue.js';
import { BillingError } from '../domain/errors.js';
import type { UpstreamCall, UpstreamDrift } from '../domain/upstream-call.js';
import type { Baseline } from '../idempotency/run-once.js';
import { type HistoryReading, type KnownPlanBefore, planBefore, trustedIds } from './evidence.js';
import type { XtractaWriteClient } from './write-scope.js';

/**
 * The documents do not say whether the upstream filters by start, by expiry or by overlap. 400 days cover a yearly
 * period in each case.
 */
const REACH_SECONDS = 400 * 86_400;

/**
 * Longest wait of a write for its baseline, in milliseconds. Without a baseline the write continues, but is harder to
 * reconcile.
 */
const BASELINE_TIMEOUT_MS = 2_000;

/**
 * Elements of a row whose drift affects only their own value. Other drift may mean that rows are missing or cannot be
 * recognised.
 */
const VALUE_ELEMENTS: ReadonlySet<string> = new Set([
  'plan',
  'plan_type',
  'plan_activity',
  'price',
  'price_currency',
  'credit_amount',
  'allowed_documents',
  'used_documents',
  'start_date',
  'expiry_date',
  'group_id',
  'group_name',
]);

/**
 * The rows that the upstream returns for a group around the moment, whatever group they name. Throws `BillingError`.
 */
export async function readGroupHistory(
  client: XtractaWriteClient,
  credential: XtractaCredential,
  groupId: string,
  aroundMs: number,
  call: UpstreamCall,
): Promise<HistoryReading> {
  const aroundSeconds = Math.floor(aroundMs / 1000);
  let isWhole = true;
  const { observer } = call;
  const history = await client.getBillingHistory(
    credential,
    {
      groupId,
      fromSeconds: Math.max(0, aroundSeconds - REACH_SECONDS),
      toSeconds: aroundSeconds + REACH_SECONDS,
      recursive: false,
    },
    {
      ...call,
      observer: {
        attempt: (attempt) => observer.attempt(attempt),
        drift: (drift: UpstreamDrift) => {
          isWhole &&= VALUE_ELEMENTS.has(drift.field);
          observer.drift(drift);
        },
      },
    },
  );
  return { rows: history.activities, isWhole, clockAheadMs: history.clockAheadMs ?? null };
}

/**
 * The group's rows and plan before a write, or null where they cannot be read in time or are not reliable. Never
 * throws.
 */
export async function readBaseline(
  client: XtractaWriteClient,
  credential: XtractaCredential,
  groupId: string | null,
  call: UpstreamCall,
): Promise<Baseline | null> {
  if (groupId === null) return null;
  // Unlike `AbortSignal.timeout`, this leaves no timer that fires after the read has ended.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), BASELINE_TIMEOUT_MS);
  try {
    const nowMs = Date.now();
    const reading = await readGroupHistory(client, credential, groupId, nowMs, { ...call, signal: patience.signal });
    const ids = trustedIds(reading);
    if (ids === null) return null;
    return { ids, before: { plan: planBefore(reading, groupId, nowMs), clockAheadMs: reading.clockAheadMs } };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

const storedBefore = z.object({
  clockAheadMs: z.number().nullable().optional(),
  plan: z.union([
    z.literal('unknown'),
    z.null(),
    z.object({
      name: z.string(),
      type: z.enum(['MONTHLY', 'ANNUAL', 'OTHER']),
      allowedDocuments: z.number().nullable(),
      expiryMs: z.number().nullable(),
      otherEndsMs: z.array(z.number()).optional(),
    }),
  ]),
});

/** The plan in a baseline; `unknown` where it has none, as in rows of earlier versions. */
export function readPlanBefore(before: unknown): KnownPlanBefore {
  const { success, data } = storedBefore.safeParse(before);
  return success ? data.plan : 'unknown';
}

/** The clock difference in a baseline, measured right before the sending; null: none. */
export function readClockBefore(before: unknown): number | null {
  return storedBefore.safeParse(before).data?.clockAheadMs ?? null;
}

/** One item of a catalogue, by its canonical id. */
export interface CatalogueItemRef {
  readonly kind: 'pack' | 'plan';
  readonly id: string;
}

/**
 * A group's catalogue as it is now. It includes the named item also where the upstream returns it only on a request by
 * its id. Null: it cannot be read. Throws only what `beforeCall` throws.
 *
 * @param groupId null: the api key's own group
 * @param beforeCall called before each upstream call; may throw `OPERATION_TOO_COMPLEX`
 */
export async function readGroupCatalogue(
  client: XtractaWriteClient,
  credential: XtractaCredential,
  groupId: string | null,
  item: CatalogueItemRef,
  call: UpstreamCall,
  beforeCall?: () => void,
): Promise<BillingCatalogue | null> {
  try {
    beforeCall?.();
    const listed = await client.getPlans(credential, groupId, call);
    if (itemOf<{ readonly id: string }>(item.kind === 'pack' ? listed.packs : listed.plans, item.id) !== null) {
      return listed;
    }
    const asked = item.kind === 'pack' ? { packId: item.id } : { planId: item.id };
    beforeCall?.();
    const one = await client.getPlans(credential, groupId, call, asked);
    return { plans: [...listed.plans, ...one.plans], packs: [...listed.packs, ...one.packs] };
  } catch (error) {
    // This code is the operation's own limit, which `beforeCall` throws. An upstream error never has it.
    if (error instanceof BillingError && error.code === 'OPERATION_TOO_COMPLEX') throw error;
    return null;
  }
}
