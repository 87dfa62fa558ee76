import { type CryptoKey, createRemoteJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';

export interface RemoteKeysOptions {
  /** Told when the key set could not be fetched; at most once per cooldown. */
  readonly onFailure: (error: unknown) => void;
  /** Least time between two fetches that tokens can provoke, in milliseconds. */
  readonly cooldownMs?: number;
  /** After this time a use of the keys fetches them anew in the background, in milliseconds. */
  readonly refreshAfterMs?: number;
  readonly now?: () => number;
}

const COOLDOWN_MS = 10_000;
const REFRESH_AFTER_MS = 600_000;
const FETCH_TIMEOUT_MS = 5_000;

/**
 * The keys published at a URL. Keys that are known stay in use while the URL cannot be reached, because the identity
 * provider's outage must not become ours; a key that it withdraws is gone with the next successful fetch. Keeps state.
 *
 * `jose` fetches by itself only the first time and never refreshes here: on its own it would wait for a stale set and
 * let every token with an unknown key id cause a fetch while the URL is down.
 */
export class RemoteKeys {
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

  /** Goes up with every key set that is fetched. Asking counts as a use of the keys. */
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
