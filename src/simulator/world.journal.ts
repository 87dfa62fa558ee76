/** One request as it was received. Secrets are cut down to their first characters. */
export interface JournalEntry {
  readonly seq: number;
  /** The world's time of arrival, ISO 8601. */
  readonly at: string;
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
  /** A form's fields in the order sent, or a JSON body, flattened to `Billing.Email`. */
  readonly params: readonly (readonly [name: string, value: string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  /** HTTP status that was sent; null where the connection was cut before one, or is still waiting. */
  status: number | null;
  /** Whether the request did its work (a write changed the state, a read was read), whatever the client was told. */
  committed: boolean;
  /** The simulator's own word on what happened: `Unknown plan`. */
  note: string;
}

export interface EndpointCount {
  received: number;
  committed: number;
}

const MAX_ENTRIES = 5000;

/** Every request of a world, newest last. The oldest of more than 5,000 are dropped; the counts go on. */
export class Journal {
  #entries: JournalEntry[] = [];
  #counts: Record<string, EndpointCount> = {};
  #seq = 0;

  /** Notes a request before anything is done with it. The entry may be completed in place. */
  open(entry: Omit<JournalEntry, 'seq' | 'status' | 'committed' | 'note'>): JournalEntry {
    this.#seq += 1;
    const kept: JournalEntry = { seq: this.#seq, ...entry, status: null, committed: false, note: '' };
    this.#entries.push(kept);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    this.#count(entry.endpoint).received += 1;
    return kept;
  }

  /** Marks the work of a request as done. */
  commit(entry: JournalEntry): void {
    entry.committed = true;
    this.#count(entry.endpoint).committed += 1;
  }

  /** Newest last; `limit` keeps the newest. */
  list(filter: { endpoint?: string; limit?: number } = {}): JournalEntry[] {
    const chosen =
      filter.endpoint === undefined
        ? this.#entries
        : this.#entries.filter((entry) => entry.endpoint === filter.endpoint);
    return chosen.slice(-(filter.limit ?? MAX_ENTRIES)).map((entry) => ({ ...entry }));
  }

  /** Per endpoint, since the start or the last clear. */
  counts(): Record<string, EndpointCount> {
    return structuredClone(this.#counts);
  }

  clear(): void {
    this.#entries = [];
    this.#counts = {};
  }

  #count(endpoint: string): EndpointCount {
    const count = this.#counts[endpoint] ?? { received: 0, committed: 0 };
    this.#counts[endpoint] = count;
    return count;
  }
}
