import { createPublicKey, hash } from 'node:crypto';
import {
  type CryptoKey,
  createRemoteJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { JwtConfig } from '../config/config.js';
import { SCOPES, type Scope } from '../domain/caller.js';
import { parseNumericId } from '../domain/group-id.js';

/**
 * Only signatures by a key pair are accepted. Reason: with HMAC a public key could serve as the secret (algorithm
 * confusion, RFC 8725, section 2.1), and `none` signs nothing.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

// Tokens of honest callers stay under 4 KB. Longer ones would only cost time.
const MAX_TOKEN_CHARACTERS = 8_192;

// Clocks of machines with NTP differ by less.
const CLOCK_TOLERANCE_SECONDS = 5;

type VerifyToken<T> = (token: string) => Promise<T>;

/**
 * Makes the check of signature, issuer, audience, expiry and not-before. The check rejects with a `jose` error that
 * tells the cause, which must not reach the caller.
 *
 * @param read extracts the needed claims of a verified token; called once per verification
 */
export function createTokenVerifier<T>(
  config: Pick<JwtConfig, 'keys' | 'issuer' | 'audience'>,
  remote: RemoteKeysOptions,
  read: (payload: JWTPayload) => T,
): VerifyToken<T> {
  const keys = keySource(config.keys, remote);
  const verified = new VerifiedTokens<T>(remote.now);
  const options = {
    algorithms: ALGORITHMS,
    issuer: config.issuer,
    audience: [...config.audience],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp'],
  };
  return async (token) => {
    if (token.length > MAX_TOKEN_CHARACTERS) throw new errors.JWTInvalid('token is too long');
    const generation = keys.generation();
    const known = verified.find(token, generation);
    if (known !== null) return known;
    const { payload } = await jwtVerify(token, keys.find, options);
    const claims = read(payload);
    verified.keep(token, claims, payload.exp ?? 0, generation);
    return claims;
  };
}

interface KeySource {
  readonly find: JWTVerifyGetKey;
  /** Another number means other keys. A call makes a remote source refresh itself if it is stale. */
  readonly generation: () => number;
}

function keySource(keys: JwtConfig['keys'], remote: RemoteKeysOptions): KeySource {
  switch (keys.kind) {
    case 'publicKey': {
      const key = createPublicKey(keys.pem);
      return { find: () => key, generation: () => 0 };
    }
    case 'jwks': {
      const source = new RemoteKeys(new URL(keys.url), remote);
      return { find: (header, token) => source.find(header, token), generation: () => source.generation() };
    }
  }
}

const NAME = /^[^\p{Cc}]{1,200}$/u;

/**
 * Scopes that the token grants: `scope` (RFC 8693, words in one text) and `scp` (text or list). Unknown words grant
 * nothing.
 */
function scopesOf(payload: JWTPayload): ReadonlySet<Scope> {
  const granted = new Set([...words(claim(payload, 'scope')), ...words(claim(payload, 'scp'))]);
  return new Set(SCOPES.filter((scope) => granted.has(scope)));
}

/**
 * Group ids to which the token limits its bearer, leading zeros stripped; null when it has no such claim. An unreadable
 * claim permits no group, because its issuer intended a limit.
 */
function groupsOf(payload: JWTPayload, name: string): ReadonlySet<string> | null {
  if (!Object.hasOwn(payload, name)) return null;
  return new Set(words(payload[name]).flatMap((word) => parseNumericId(word) ?? []));
}

/** A claim that is a name: text of 1 to 200 characters without control characters. Null for anything else. */
function nameOf(payload: JWTPayload, name: string): string | null {
  const value = claim(payload, name);
  return typeof value === 'string' && NAME.test(value) ? value : null;
}

/** The claims that tell who calls and what the caller may do. */
interface CallerClaims {
  readonly tenantId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Null: the token limits no groups. */
  readonly groups: ReadonlySet<string> | null;
  readonly subject: string | null;
}

/** @param names that the operator chose for the claims */
export function callerClaimsOf(
  payload: JWTPayload,
  names: { readonly tenantClaim: string; readonly groupsClaim: string },
): CallerClaims {
  return {
    tenantId: nameOf(payload, names.tenantClaim),
    scopes: scopesOf(payload),
    groups: groupsOf(payload, names.groupsClaim),
    subject: nameOf(payload, 'sub'),
  };
}

/** The groups that both lists permit. Null stands for no list. */
export function intersectGroups(
  one: ReadonlySet<string> | null,
  other: ReadonlySet<string> | null,
): ReadonlySet<string> | null {
  if (one === null || other === null) return one ?? other;
  return new Set([...one].filter((id) => other.has(id)));
}

function claim(payload: JWTPayload, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined;
}

function words(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((word) => word !== '');
  if (typeof value === 'number') return Number.isSafeInteger(value) ? [String(value)] : [];
  return Array.isArray(value) ? value.flatMap((item) => (Array.isArray(item) ? [] : words(item))) : [];
}

/** Longest time for which a verification is reused, in milliseconds. */
const KEPT_MS = 30_000;
const MAX_TOKENS = 10_000;

interface Verified<T> {
  readonly claims: T;
  readonly untilMs: number;
  /** Generation of the keys that verified the token. */
  readonly generation: number;
}

/**
 * Cache of verified tokens. A client sends the same token with every request, and a signature check costs more than the
 * rest of a small request. An entry is keyed by the token's digest. It is kept until the token expires, for half a
 * minute at most, and only while the keys are the same. After a new key set is fetched, every token is verified anew.
 * Refusals are never cached. The cache is mutable and bounded, and evicts the oldest entry first.
 *
 * @typeParam T the claims that were read from a token
 */
export class VerifiedTokens<T> {
  readonly #nowMs: () => number;
  readonly #tokens = new Map<string, Verified<T>>();

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  find(token: string, generation: number): T | null {
    const digest = digestOf(token);
    const verified = this.#tokens.get(digest);
    if (verified === undefined) return null;
    if (verified.generation === generation && this.#nowMs() < verified.untilMs) return verified.claims;
    this.#tokens.delete(digest);
    return null;
  }

  /**
   * @param expirySeconds expiry of the token, in unix seconds
   * @param generation generation of the keys before the token was verified
   */
  keep(token: string, claims: T, expirySeconds: number, generation: number): void {
    const untilMs = Math.min(this.#nowMs() + KEPT_MS, expirySeconds * 1000);
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size >= MAX_TOKENS && oldest !== undefined) this.#tokens.delete(oldest);
    this.#tokens.set(digestOf(token), { claims, untilMs, generation });
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}

export interface RemoteKeysOptions {
  /** Called when the key set could not be fetched; at most once per cooldown. */
  readonly onFailure: (error: unknown) => void;
  /** Least time between two fetches that tokens can cause, in milliseconds. */
  readonly cooldownMs?: number;
  /** Age after which a use of the keys fetches them anew in the background, in milliseconds. */
  readonly refreshAfterMs?: number;
  readonly now?: () => number;
}

const COOLDOWN_MS = 10_000;
const REFRESH_AFTER_MS = 600_000;
const FETCH_TIMEOUT_MS = 5_000;

/**
 * The keys published at a URL. Known keys stay in use while the URL cannot be reached, because the identity provider's
 * outage must not become the gateway's. A key that the provider withdraws is gone with the next successful fetch. Keeps
 * state.
 *
 * `jose` fetches by itself only the first time, because its refresh is switched off. Reason: its own refresh makes
 * requests wait for a stale set. It also lets every token with an unknown key id cause a fetch while the URL is down.
 */
class RemoteKeys {
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  readonly #options: RemoteKeysOptions;
  readonly #cooldownMs: number;
  readonly #refreshAfterMs: number;
  readonly #now: () => number;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #generation = 0;

  constructor(url: URL, options: RemoteKeysOptions) {
    const forever = Number.POSITIVE_INFINITY;
    this.#keys = createRemoteJWKSet(url, {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cacheMaxAge: forever,
      cooldownDuration: forever,
    });
    this.#options = options;
    this.#cooldownMs = options.cooldownMs ?? COOLDOWN_MS;
    this.#refreshAfterMs = options.refreshAfterMs ?? REFRESH_AFTER_MS;
    this.#now = options.now ?? Date.now;
  }

  /** The key that the token's header names. Rejects with a `jose` or network error when there is none. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.#keys.jwks() === undefined) await this.#fetch();
    else this.#refreshIfStale();
    try {
      return await this.#known(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#fetch();
      return await this.#known(header, token);
    }
  }

  /** Increases with every fetched key set. A call counts as a use of the keys. */
  generation(): number {
    if (this.#keys.jwks() !== undefined) this.#refreshIfStale();
    return this.#generation;
  }

  #refreshIfStale(): void {
    if (this.#now() - this.#fetchedAtMs >= this.#refreshAfterMs) void this.#fetch().catch(() => undefined);
  }

  async #known(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.#keys.jwks() === undefined) throw new errors.JWKSNoMatchingKey();
    return await this.#keys(header, token);
  }

  /** Fetches, joins a fetch under way, or does nothing within the cooldown. */
  async #fetch(): Promise<void> {
    if (this.#keys.reloading) {
      await this.#keys.reload();
      return;
    }
    if (this.#now() - this.#triedAtMs < this.#cooldownMs) return;
    this.#triedAtMs = this.#now();
    try {
      await this.#keys.reload();
      this.#fetchedAtMs = this.#now();
      this.#generation += 1;
    } catch (error) {
      this.#options.onFailure(error);
      throw error;
    }
  }
}
