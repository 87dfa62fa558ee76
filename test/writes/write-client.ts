import { execute } from '../support/start-gateway.js';
import type { Said } from './fault-points.js';
import type { WriteCase } from './write-cases.js';
import type { WriteCount, WriteUpstream } from './write-upstream.js';

/** A wish to buy, with a caller of its own, so that no two of them share a target. */
export interface Intent {
  readonly write: WriteCase;
  readonly intent: number;
  readonly key: string;
}

/** What one request was told, and what the upstream had done by then. */
export interface Told {
  readonly said: Said;
  readonly status: string | null;
  readonly replayed: boolean;
  readonly hasValue: boolean;
  readonly userErrors: number;
  /** Codes of GraphQL errors, which no valid write may get. */
  readonly errors: readonly unknown[];
  readonly truth: WriteCount;
}

interface WriteData {
  readonly write: {
    readonly value: object | null;
    readonly operation: { readonly status: string; readonly replayed: boolean } | null;
    readonly userErrors: readonly { readonly code: Said }[];
  };
}

/** The credentials of an intent: each is a tenant of its own. */
export function callerOf({ intent }: Intent): Record<string, string> {
  return { 'x-xtracta-api-key': `test-key-${intent}`, 'x-credits-authorization': `Bearer test-token-${intent}` };
}

export interface AskOptions {
  /** Another key than the intent's own. */
  readonly key?: string;
  /** Something else is bought with the same key. */
  readonly otherInput?: boolean;
  readonly signal?: AbortSignal;
}

/** One request over HTTP. Never rejects: a broken connection is `no response`. */
export async function ask(
  url: string,
  upstream: WriteUpstream,
  intent: Intent,
  { key = intent.key, otherInput = false, signal }: AskOptions = {},
): Promise<Told> {
  const { write } = intent;
  const input = (otherInput ? write.otherInput : write.input)(intent.intent, key);
  try {
    const { data, errors } = await execute<WriteData>(url, write.query, { input }, callerOf(intent), signal);
    return {
      said: data?.write === undefined ? 'no response' : (data.write.userErrors[0]?.code ?? 'SUCCEEDED'),
      status: data?.write.operation?.status ?? null,
      replayed: data?.write.operation?.replayed ?? false,
      hasValue: (data?.write.value ?? null) !== null,
      userErrors: data?.write.userErrors.length ?? 1,
      errors: errors.map(({ extensions }) => extensions?.['code']),
      truth: upstream.count(intent.intent),
    };
  } catch {
    const truth = upstream.count(intent.intent);
    return { said: 'no response', status: null, replayed: false, hasValue: false, userErrors: 1, errors: [], truth };
  }
}

/** What the ledger says of a key to its own caller. */
export async function statusOf(url: string, intent: Intent): Promise<string | null> {
  const { data } = await execute<{ billingOperation: { status: string } | null }>(
    url,
    'query Status($key: ID!) { billingOperation(idempotencyKey: $key) { status } }',
    { key: intent.key },
    callerOf(intent),
  );
  return data?.billingOperation?.status ?? null;
}

/** Everything in a response that is not so, in words; empty is what it must be. */
export function liesOf({ said, status, hasValue, userErrors, errors, truth }: Told): readonly string[] {
  const saysDone = said === 'SUCCEEDED' || hasValue || (status === 'SUCCEEDED' && said !== 'IDEMPOTENCY_KEY_REUSED');
  const saysFailed = ['REJECTED', 'NOT_SENT'].includes(status ?? '') || said === 'UPSTREAM_UNAVAILABLE';
  return [
    ...(saysDone && truth.carriedOut === 0 ? ['false success'] : []),
    ...(saysFailed && truth.carriedOut > 0 ? ['false failure'] : []),
    ...(status === 'NOT_SENT' && truth.received > 0 ? ['sent after all'] : []),
    ...(hasValue === (userErrors === 0) ? [] : ['userErrors and value disagree']),
    ...(truth.received > 1 ? ['sent twice'] : []),
    ...(truth.carriedOut > 1 ? ['charged twice'] : []),
    ...errors.map((code) => `GraphQL error ${String(code)}`),
  ];
}
