import type { CreditsCredential } from '../../domain/caller.js';
import type { CreditPurchase, CreditPurchaseRequest } from '../../domain/purchases.js';
import type { UpstreamCall } from '../../domain/upstream-call.js';
import type { WriteOutcome } from '../../domain/write.js';
import { UpstreamChannel } from '../http/channel.js';
import type { BreakerState } from '../http/circuit-breaker.js';
import { createGotTransport } from '../http/got.transport.js';
import type { UpstreamTransport } from '../http/transport.js';
import { notSent, upstreamFacts } from '../upstream-errors.js';
import { CreditsTokens } from './credits-token.js';
import { classifyPurchase, purchaseBody } from './purchase.endpoint.js';

export interface CreditsClientOptions {
  /** Scheme, host and optional path; `/api/v1/AccountAdminAPI/PurchaseCredits` is appended. */
  readonly baseUrl: string;
  /** Total time of a purchase: the token, the wait for a place, and the attempt. */
  readonly writeTimeoutMs: number;
  /** Default: a channel of its own with the default pool and breaker. */
  readonly channel?: UpstreamChannel;
  /** Fetches tokens; default: a transport of its own. */
  readonly tokenTransport?: UpstreamTransport;
}

const OPERATION = 'purchaseCredits';
const PATH = '/api/v1/AccountAdminAPI/PurchaseCredits';
/** The sample is below 1 KB. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
/** Share of the total time for the token, because most of the time belongs to the purchase. */
const TOKEN_SHARE = 1 / 3;

/**
 * Client of the AccountAdminAPI in the gateway's own terms. It holds no credential, because each call brings its own.
 */
export class CreditsClient {
  readonly #options: CreditsClientOptions;
  readonly #channel: UpstreamChannel;
  readonly #tokenTransport: UpstreamTransport;
  readonly #tokens: CreditsTokens;
  readonly #url: string;

  constructor(options: CreditsClientOptions) {
    this.#options = options;
    // The API has only writes. If no write could be the trial call, an open circuit would never close.
    this.#channel =
      options.channel ??
      new UpstreamChannel({ service: 'credits', transport: createGotTransport(), breaker: { writesMayProbe: true } });
    this.#tokenTransport = options.tokenTransport ?? createGotTransport();
    this.#tokens = new CreditsTokens(this.#tokenTransport);
    this.#url = `${options.baseUrl.replace(/\/+$/, '')}${PATH}`;
  }

  /** For metrics and readiness. */
  breakerState(): BreakerState {
    return this.#channel.breakerState();
  }

  close(): void {
    this.#channel.close();
    this.#tokenTransport.close();
  }

  /**
   * Buys credits with one attempt. A second attempt follows only when the upstream clearly refused the first for a
   * token that a fresh one can replace. Never throws.
   */
  async purchaseCredits(
    credential: CreditsCredential,
    request: CreditPurchaseRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<CreditPurchase>> {
    const deadlineMs = performance.now() + this.#options.writeTimeoutMs;
    const first = await this.#attempt(credential, request, call, deadlineMs);
    if (first.renewable === null || !wasRefusedForItsToken(first.outcome)) return first.outcome;
    this.#tokens.forget(credential, first.renewable);
    const second = await this.#attempt(credential, request, call, deadlineMs);
    // Without a fresh token nothing more was sent, so the first refusal is still the outcome.
    return second.renewable === null ? first.outcome : second.outcome;
  }

  /** `renewable` is the header that was used, where a fresh token may replace it. */
  async #attempt(
    credential: CreditsCredential,
    request: CreditPurchaseRequest,
    call: UpstreamCall,
    deadlineMs: number,
  ): Promise<{ readonly outcome: WriteOutcome<CreditPurchase>; readonly renewable: string | null }> {
    const tokenTimeoutMs = (deadlineMs - performance.now()) * TOKEN_SHARE;
    const authorization = await this.#tokens.authorize(credential, tokenTimeoutMs, call);
    if (authorization.kind === 'failed') {
      return { outcome: notSent(upstreamFacts('credits', OPERATION), authorization.code), renewable: null };
    }
    const { header, renewable } = authorization;
    const outcome = await this.#purchase(header, credential, request, call, deadlineMs);
    return { outcome, renewable: renewable ? header : null };
  }

  #purchase(
    authorization: string,
    credential: CreditsCredential,
    request: CreditPurchaseRequest,
    call: UpstreamCall,
    deadlineMs: number,
  ): Promise<WriteOutcome<CreditPurchase>> {
    const wire = {
      credentialId: credential.id,
      operation: OPERATION,
      url: this.#url,
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization },
      body: purchaseBody(request),
      timeoutMs: Math.max(0, deadlineMs - performance.now()),
      maxResponseBytes: MAX_RESPONSE_BYTES,
    };
    const credentials = secretsOf(authorization, credential);
    const question = {
      operation: OPERATION,
      purchaseId: request.purchaseId,
      credentials,
      secrets: [...credentials, ...personalDataOf(request)],
      onDrift: (field: string, refused?: string) =>
        call.observer.drift({ endpoint: OPERATION, field, ...(refused === undefined ? {} : { refused }) }),
    };
    return this.#channel.write(wire, call, (result) => classifyPurchase(result, question));
  }
}

/** Whether the API refused the request before it read the purchase: a 401 in the API's own JSON. */
function wasRefusedForItsToken(outcome: WriteOutcome<CreditPurchase>): boolean {
  return outcome.kind === 'rejected' && outcome.failure.upstream.httpStatus === 401;
}

function secretsOf(authorization: string, credential: CreditsCredential): string[] {
  const token = authorization.replace(/^\S+\s+/, '');
  return [authorization, token, ...(credential.kind === 'clientCredentials' ? [credential.clientSecret] : [])];
}

/**
 * An upstream may repeat the purchase order and the billing contact in its text. They must not reach a response, the
 * log or the ledger.
 */
function personalDataOf({ purchaseOrder, billing }: CreditPurchaseRequest): string[] {
  return Object.values({ purchaseOrder, ...billing }).filter((value) => value !== null);
}
