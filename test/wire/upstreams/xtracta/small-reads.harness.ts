import { afterEach, beforeEach } from '@jest/globals';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import { httpResponse, type RawUpstream, startRawUpstream } from '../../../support/raw-upstream.js';
import { type RecordedCall, recordedCall } from '../../../support/upstream-call.js';

export const CREDENTIAL = { id: 'credential-1', apiKey: '123', rootGroupId: null };

/** A raw upstream and a client of it, fresh for each test of the file that calls {@link smallReadsStand}. */
export interface SmallReadsStand {
  readonly upstream: () => RawUpstream;
  readonly client: () => XtractaClient;
  readonly recorded: () => RecordedCall;
  /** The upstream responds with the payload in an envelope of that status. */
  readonly respondWith: (payload: string, status?: number) => void;
  /** Drifts as `endpoint field`. */
  readonly drifts: () => string[];
}

export function clientAt(baseUrl: string, options: { readonly cataloguePath?: string } = {}): XtractaClient {
  return new XtractaClient({ baseUrl, readTimeoutMs: 5_000, writeTimeoutMs: 5_000, ...options });
}

async function open() {
  const upstream = await startRawUpstream(httpResponse(500, ''));
  return { upstream, client: clientAt(upstream.url), recorded: recordedCall() };
}

export function smallReadsStand(): SmallReadsStand {
  let stand: Awaited<ReturnType<typeof open>>;
  beforeEach(async () => {
    stand = await open();
  });
  afterEach(async () => {
    stand.client.close();
    await stand.upstream.close();
  });
  return {
    upstream: () => stand.upstream,
    client: () => stand.client,
    recorded: () => stand.recorded,
    drifts: () => stand.recorded.drifts.map(({ endpoint, field }) => `${endpoint} ${field}`),
    respondWith(payload, status = 200) {
      const envelope = `<status>${status}</status><message>The request has been successfully processed</message>`;
      const body = `<?xml version="1.0" encoding="UTF-8"?>\n<billings_response>${envelope}${payload}</billings_response>`;
      stand.upstream.handle(httpResponse(status, body));
    },
  };
}
