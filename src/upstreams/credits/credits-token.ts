import { z } from 'zod';
import type { CreditsCredential } from '../../domain/caller.js';
import type { AttemptOutcome, UpstreamCall } from '../../domain/upstream-call.js';
import type { TransportResponse, TransportResult, UpstreamTransport } from '../http/transport.js';
import { type JsonObject, leafText, readJsonObject } from './credits-json.js';

type ClientCredentials = Extract<CreditsCredential, { kind: 'clientCredentials' }>;

/**
 * The value of the `Authorization` header, or the reason for its absence. `renewable`: the token came from client
 * credentials, so a fresh one may replace a refused one.
 */
export type Authorization =
  | { readonly kind: 'authorization'; readonly header: string; readonly renewable: boolean }
  | { readonly kind: 'failed'; readonly code: 'UPSTREAM_UNAUTHENTICATED' | 'UPSTREAM_UNAVAILABLE' };

interface CachedToken {
  readonly header: string;
  /** By the clock of `nowMs`. */
  readonly usableUntilMs: number;
}

type TokenResult = { readonly kind: 'token'; readonly token: CachedToken } | Extract<Authorization, { kind: 'failed' }>;

/** The gateway stops using a token this long before it expires, or after nine tenths of a short life. */
const EXPIRY_MARGIN_MS = 60_000;
/** RFC 6749, 5.1, leaves `expires_in` optional; the vendor says eight hours. */
const DEFAULT_LIFE_SECONDS = 300;
/** Limit of cached tokens, because tenants change with their file. Beyond it the oldest tokens are dropped. */
const MAX_TOKENS = 1_000;
const MAX_RESPONSE_BYTES = 64 * 1024;
/** RFC 6750, 2.1. No other characters may enter a header. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Authorisation at the credits API: a static bearer, the caller's own header, or a token by OAuth 2 client credentials
 * (RFC 6749, 4.4). Mutable: tokens, and fetches under way, which equal callers share.
 */
export class CreditsTokens {
  readonly #transport: UpstreamTransport;
  readonly #nowMs: () => number;
  readonly #tokens = new Map<string, CachedToken>();
  readonly #fetching = new Map<string, Promise<TokenResult>>();

  /** @param nowMs a clock that never goes back */
  constructor(transport: UpstreamTransport, nowMs: () => number = () => performance.now()) {
    this.#transport = transport;
    this.#nowMs = nowMs;
  }

  /** Never throws. */
  async authorize(credential: CreditsCredential, timeoutMs: number, call: UpstreamCall): Promise<Authorization> {
    if (credential.kind === 'bearer') return authorization(`Bearer ${credential.token}`, false);
    if (credential.kind === 'header') return authorization(credential.authorization, false);
    const cached = this.#tokens.get(credential.id);
    if (cached !== undefined && this.#nowMs() < cached.usableUntilMs) return authorization(cached.header, true);
    const fetched = await this.#shared(credential, timeoutMs, call);
    return fetched.kind === 'token' ? authorization(fetched.token.header, true) : fetched;
  }

  /** Drops a refused token, unless another caller has already replaced it. */
  forget(credential: CreditsCredential, header: string): void {
    if (this.#tokens.get(credential.id)?.header === header) this.#tokens.delete(credential.id);
  }

  #shared(credential: ClientCredentials, timeoutMs: number, call: UpstreamCall): Promise<TokenResult> {
    const underWay = this.#fetching.get(credential.id);
    if (underWay !== undefined) return underWay;
    const fetched = this.#fetch(credential, timeoutMs, call).finally(() => this.#fetching.delete(credential.id));
    this.#fetching.set(credential.id, fetched);
    return fetched;
  }

  async #fetch(credential: ClientCredentials, timeoutMs: number, call: UpstreamCall): Promise<TokenResult> {
    const startedAtMs = Date.now();
    const startMs = this.#nowMs();
    const start = { service: 'credits', operation: 'fetchToken', kind: 'read', attempt: 1 } as const;
    // The identity provider is a third party, so the gateway sends it no trace context.
    const span = call.beginAttempt?.(start);
    const result = await this.#transport.send({
      url: credential.tokenUrl,
      kind: 'read',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', accept: 'application/json' },
      body: tokenForm(credential),
      timeoutMs,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
    const fetched = this.#read(result);
    if (fetched.kind === 'token') this.#keep(credential.id, fetched.token);
    const told = {
      ...start,
      startedAtMs,
      durationMs: this.#nowMs() - startMs,
      httpStatus: result.status,
      bytesReceived: result.bytes,
      outcome: outcomeWord(fetched, result),
    };
    call.observer.attempt(told);
    span?.end(told);
    return fetched;
  }

  #keep(id: string, token: CachedToken): void {
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size >= MAX_TOKENS && oldest !== undefined) this.#tokens.delete(oldest);
    this.#tokens.set(id, token);
  }

  #read(result: TransportResult): TokenResult {
    if (result.kind === 'failure') return { kind: 'failed', code: 'UPSTREAM_UNAVAILABLE' };
    const wire = tokenResponseWire(readJsonObject(result.body));
    if (isRefusal(result, leafText(wire.error) !== undefined)) {
      return { kind: 'failed', code: 'UPSTREAM_UNAUTHENTICATED' };
    }
    const token = result.status === 200 ? leafText(wire.access_token) : undefined;
    if (typeof token !== 'string' || !TOKEN.test(token)) return { kind: 'failed', code: 'UPSTREAM_UNAVAILABLE' };
    const seconds = Number(leafText(wire.expires_in) ?? DEFAULT_LIFE_SECONDS);
    const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_LIFE_SECONDS * 1000;
    const usableMs = lifeMs - Math.min(EXPIRY_MARGIN_MS, lifeMs / 10);
    return { kind: 'token', token: { header: `Bearer ${token}`, usableUntilMs: this.#nowMs() + usableMs } };
  }
}

function authorization(header: string, renewable: boolean): Authorization {
  return { kind: 'authorization', header, renewable };
}

function tokenForm(credential: ClientCredentials): string {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: credential.clientId,
    client_secret: credential.clientSecret,
  }).toString();
}

/** RFC 6749, 5.2: 400 or 401 with an `error`. A 401 without an `error` is a refusal too. */
function isRefusal(response: TransportResponse, hasError: boolean): boolean {
  return response.status === 401 || ((response.status === 400 || response.status === 403) && hasError);
}

function outcomeWord(fetched: TokenResult, result: TransportResult): AttemptOutcome {
  if (fetched.kind === 'token') return 'ok';
  if (result.kind === 'failure') {
    if (!result.sent) return 'not_sent';
    return result.reason === 'timeout' ? 'timeout' : 'failed';
  }
  if (fetched.code === 'UPSTREAM_UNAUTHENTICATED') return 'rejected';
  return result.status === 200 ? 'invalid' : 'failed';
}

const tokenResponseSchema = z
  .object({ access_token: z.unknown(), expires_in: z.unknown(), error: z.unknown() })
  .partial();

/** The response of a token endpoint (RFC 6749, 5.1 and 5.2); empty when it is not a JSON object. */
function tokenResponseWire(json: JsonObject | null): z.infer<typeof tokenResponseSchema> {
  return tokenResponseSchema.parse(json ?? {});
}
