// Asks a cheap page of a server every 5 ms, one request at a time, and records the time of the slowest response. While
// the server's event loop is blocked, no response comes. Runs in its own thread, so that stops of the load generator do
// not count.
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import type { StallProbeTarget } from '#bench/stall.probe';

const INTERVAL_MS = 5;
const target = workerData as StallProbeTarget;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const stop = new AbortController();
let longestMs = 0;

parentPort?.once('message', () => stop.abort());

function ping(): Promise<void> {
  return new Promise((resolve) => {
    // A reset counts as a response too, because a server that closes idle connections has a running event loop.
    request(
      { agent, host: '127.0.0.1', port: target.port, path: target.page.path, method: target.page.method },
      (response) => {
        response.on('end', () => resolve()).resume();
      },
    )
      .on('error', () => resolve())
      .end();
  });
}

// The first responses include the cost of the connection and of cold code.
for (let warmUp = 0; warmUp < 20; warmUp += 1) await ping();
parentPort?.postMessage('ready');

while (!stop.signal.aborted) {
  const started = performance.now();
  await ping();
  const elapsed = performance.now() - started;
  longestMs = Math.max(longestMs, elapsed);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, INTERVAL_MS - elapsed)));
}
agent.destroy();
parentPort?.postMessage(longestMs);
parentPort?.close();
