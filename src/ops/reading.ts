import { randomUUID } from 'node:crypto';
import { BillingError, type BillingErrorCode } from '../domain/errors.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { BillingWarning, WriteOutcome } from '../domain/write.js';
import { CreditsClient } from '../upstreams/credits/credits.client.js';
import { UpstreamChannel } from '../upstreams/http/channel.js';
import { createGotTransport } from '../upstreams/http/got.transport.js';
import type { UpstreamTransport } from '../upstreams/http/transport.js';
import { createUndiciTransport } from '../upstreams/http/undici.transport.js';
import { XtractaClient } from '../upstreams/xtracta/xtracta.client.js';
import { whyOfOutcome, whyOfReadError } from './reading-reasons.js';
import { parseStoredResponse, type ReplayedAttempt, replay } from './stored-response.js';

/** The upstreams' endpoints under the names in their documents, each with its purpose. */
export const STORED_ENDPOINTS = {
  history: 'read',
  usage: 'read',
  plans: 'read',
  booster: 'write',
  update: 'write',
  billing_ui: 'write',
  purchase: 'write',
} as const;

export type StoredEndpoint = keyof typeof STORED_ENDPOINTS;

export type OutcomeStatus = 'SUCCEEDED' | 'REJECTED' | 'NOT_SENT' | 'OUTCOME_UNKNOWN';

/** The gateway's result for a response. `why` names the parts that decide it. */
export type ReadingResult =
  | { readonly kind: 'value'; readonly value: object }
  | { readonly kind: 'error'; readonly code: BillingErrorCode; readonly message: string; readonly why: string }
  | {
      readonly kind: 'outcome';
      readonly status: OutcomeStatus;
      readonly why: string;
      /** The client's error code; null for a success. */
      readonly code: BillingErrorCode | null;
      readonly message: string | null;
      readonly warnings: readonly BillingWarning[];
      readonly value: object | null;
    };

export interface Reading {
  readonly endpoint: StoredEndpoint;
  readonly httpStatus: number | null;
  readonly contentType: string | null;
  readonly bytes: number;
  readonly result: ReadingResult;
  /** Occurrences of undocumented content, by element. */
  readonly drift: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

export interface ReadingOptions {
  /** Base URL of the upstream: a billing UI's URL may be `http:` only where this URL is on this machine. */
  readonly xtractaUrl: string;
  /** Quantity of the order to compare with the response; null: no comparison. */
  readonly quantity: number | null;
  readonly groupId: string | null;
}

const TIMEOUT_MS = 10_000;
const NOWHERE = 'https://upstream.invalid';

/**
 * Reads a stored response by the code that reads the wire: the upstream clients, with a local server that sends the
 * response.
 */
export async function readStored(endpoint: StoredEndpoint, file: Buffer, options: ReadingOptions): Promise<Reading> {
  const stored = parseStoredResponse(file, endpoint === 'purchase' ? 'application/json' : 'application/xml');
  const drift: Record<string, number> = {};
  const call: UpstreamCall = {
    requestId: 'read',
    tenantId: 'read',
    observer: {
      attempt: () => undefined,
      drift: ({ field }) => {
        drift[field] = (drift[field] ?? 0) + 1;
      },
    },
  };
  const isCredits = endpoint === 'purchase';
  return replay(stored, isCredits ? createGotTransport() : createUndiciTransport(), async (transport, lastAttempt) => {
    const result = isCredits
      ? outcomeOf(endpoint, await purchase(transport, call), lastAttempt())
      : await xtractaResult(endpoint, transport, call, options, lastAttempt);
    const attempt = lastAttempt()?.result;
    return {
      endpoint,
      httpStatus: attempt?.status ?? null,
      contentType: attempt?.kind === 'response' ? attempt.headers.contentType : null,
      bytes: attempt?.bytes ?? 0,
      result,
      drift,
      notes: stored.notes,
    };
  });
}

async function xtractaResult(
  endpoint: Exclude<StoredEndpoint, 'purchase'>,
  transport: UpstreamTransport,
  call: UpstreamCall,
  { xtractaUrl, quantity, groupId }: ReadingOptions,
  lastAttempt: () => ReplayedAttempt | null,
): Promise<ReadingResult> {
  // No retries, because a stored response is always the same.
  const channel = new UpstreamChannel({ service: 'xtracta', transport, retryReserve: 0 });
  const client = new XtractaClient({
    baseUrl: xtractaUrl,
    readTimeoutMs: TIMEOUT_MS,
    writeTimeoutMs: TIMEOUT_MS,
    channel,
  });
  const credential = { id: 'read', apiKey: randomUUID(), rootGroupId: null };
  const window = { groupId: groupId ?? '1', fromSeconds: 0, toSeconds: 1, recursive: false };
  const heldDocuments = 'PROCESS';
  switch (endpoint) {
    case 'history':
      return readValue(lastAttempt, () => client.getBillingHistory(credential, window, call));
    case 'usage':
      return readValue(lastAttempt, () => client.getUsage(credential, groupId ?? '1', call));
    case 'plans':
      return readValue(lastAttempt, () => client.getPlans(credential, groupId, call));
    case 'booster': {
      const order = { packId: '1', groupId, quantity: quantity ?? 1, heldDocuments } as const;
      const outcome = await client.orderBoosterPack(credential, order, call);
      return outcomeOf(endpoint, quantity === null ? withoutComparison(outcome) : outcome, lastAttempt());
    }
    case 'update': {
      const change = { planId: '1', groupId, heldDocuments } as const;
      return outcomeOf(endpoint, await client.changePlan(credential, change, call), lastAttempt());
    }
    case 'billing_ui': {
      const session = { expireSeconds: 600, heldDocuments } as const;
      return outcomeOf(endpoint, await client.openBillingUi(credential, session, call), lastAttempt());
    }
  }
}

function withoutComparison<T>(outcome: WriteOutcome<T>): WriteOutcome<T> {
  if (outcome.kind !== 'succeeded') return outcome;
  return { ...outcome, warnings: outcome.warnings.filter(({ code }) => code !== 'QUANTITY_DIFFERS') };
}

function purchase(transport: UpstreamTransport, call: UpstreamCall): Promise<WriteOutcome<object>> {
  const client = new CreditsClient({
    baseUrl: NOWHERE,
    writeTimeoutMs: TIMEOUT_MS,
    channel: new UpstreamChannel({ service: 'credits', transport }),
    tokenTransport: transport,
  });
  const credential = { kind: 'bearer', id: 'read', token: randomUUID() } as const;
  return client.purchaseCredits(credential, { purchaseId: randomUUID(), purchaseOrder: null, billing: null }, call);
}

async function readValue(
  lastAttempt: () => ReplayedAttempt | null,
  read: () => Promise<object>,
): Promise<ReadingResult> {
  try {
    return { kind: 'value', value: await read() };
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    return { kind: 'error', code: error.code, message: error.message, why: whyOfReadError(lastAttempt()) };
  }
}

function outcomeOf(
  endpoint: StoredEndpoint,
  outcome: WriteOutcome<object>,
  attempt: ReplayedAttempt | null,
): ReadingResult {
  const why = whyOfOutcome(endpoint, outcome, attempt);
  if (outcome.kind === 'succeeded') {
    const { value, warnings } = outcome;
    return { kind: 'outcome', status: 'SUCCEEDED', why, code: null, message: null, warnings, value };
  }
  const status = ({ rejected: 'REJECTED', notSent: 'NOT_SENT', unknown: 'OUTCOME_UNKNOWN' } as const)[outcome.kind];
  const { code, message } = outcome.failure;
  return { kind: 'outcome', status, why, code, message, warnings: [], value: null };
}
