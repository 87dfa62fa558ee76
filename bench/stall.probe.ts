import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CheapPage } from '#bench/http.connection';

/** A page that costs the server next to nothing. */
export interface StallProbeTarget {
  readonly port: number;
  readonly page: CheapPage;
}

/** The longest time that a cheap page had to wait while the work ran, in milliseconds. */
export async function longestStopDuring(target: StallProbeTarget, work: () => Promise<unknown>): Promise<number> {
  const worker = new Worker(new URL('./stall.worker.ts', import.meta.url), { workerData: target });
  await once(worker, 'message');
  try {
    await work();
  } finally {
    worker.postMessage('stop');
  }
  const [longestMs] = (await once(worker, 'message')) as [number];
  return longestMs;
}
