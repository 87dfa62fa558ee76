/** Passthrough credentials are any number; past this the oldest is forgotten, which only costs sharing. */
const MAX_CREDENTIALS = 10_000;

/**
 * Shared mutable counter per credential that a write moves on: what was read, or was begun to be read, in an earlier epoch may lack
 * the write, and is not handed to anyone who asks after it.
 */
export class CredentialEpochs {
  readonly #epochs = new Map<string, number>();
  /** Epoch of every credential that is not in the map; above all that were dropped from it. */
  #floor = 0;
  #latest = 0;

  current(credentialId: string): number {
    return this.#epochs.get(credentialId) ?? this.#floor;
  }

  advance(credentialId: string): void {
    this.#latest += 1;
    this.#epochs.delete(credentialId);
    this.#epochs.set(credentialId, this.#latest);
    if (this.#epochs.size <= MAX_CREDENTIALS) return;
    const [oldest] = this.#epochs.keys();
    if (oldest !== undefined) this.#epochs.delete(oldest);
    this.#floor = this.#latest;
  }
}
