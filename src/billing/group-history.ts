import type { BillingActivity } from '../domain/billing-activity.js';
import type { XtractaCredential } from '../domain/caller.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { XtractaWriteClient } from './write-scope.js';

/** Whether the upstream filters by start, by expiry or by overlap is not documented; 400 days cover a yearly period under each. */
const REACH_SECONDS = 400 * 86_400;

/** How long a write may wait for the picture of "before"; without it the write goes on, only harder to reconcile. */
const BASELINE_TIMEOUT_MS = 2_000;

/** The group's own rows around the moment. Throws `BillingError`. */
export async function readGroupHistory(
  client: XtractaWriteClient,
  credential: XtractaCredential,
  groupId: string,
  aroundMs: number,
  call: UpstreamCall,
): Promise<readonly BillingActivity[]> {
  const aroundSeconds = Math.floor(aroundMs / 1000);
  const history = await client.getBillingHistory(
    credential,
    {
      groupId,
      fromSeconds: Math.max(0, aroundSeconds - REACH_SECONDS),
      toSeconds: aroundSeconds + REACH_SECONDS,
      recursive: false,
    },
    call,
  );
  return history.activities.filter((row) => row.groupId === null || row.groupId === groupId);
}

/** Ids of the rows before a write, or null where the group is not known or can't be read in time. Never throws. */
export async function readBaseline(
  client: XtractaWriteClient,
  credential: XtractaCredential,
  groupId: string | null,
  call: UpstreamCall,
): Promise<readonly string[] | null> {
  if (groupId === null) return null;
  // Unlike `AbortSignal.timeout`, nothing is left behind that fires later, at a time when nobody waits any more.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), BASELINE_TIMEOUT_MS);
  try {
    const rows = await readGroupHistory(client, credential, groupId, Date.now(), { ...call, signal: patience.signal });
    return rows.map((row) => row.id);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
