import type { IncomingHttpHeaders } from 'node:http';
import type { Form } from './request.reader.js';

/** One received request. Secrets are cut to their first characters. */
export interface JournalEntry {
  readonly seq: number;
  /** The world's time of arrival, ISO 8601. */
  readonly at: string;
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
  /** A form's fields in the order of the request, or a JSON body, flattened to `Billing.Email`. */
  readonly params: readonly (readonly [name: string, value: string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  /** Sent HTTP status; null while the request waits, or where the connection was cut before a status. */
  status: number | null;
  /** Whether the request did its work (a write changed the state, a read read it), independent of its response. */
  committed: boolean;
  /** The simulator's own note about the result: `Unknown plan`. */
  note: string;
}

interface EndpointCount {
  received: number;
  committed: number;
}

const MAX_ENTRIES = 5000;

/** Every request of a world, newest last. Above 5,000 the oldest are dropped; the counts continue. */
export class Journal {
  #entries: JournalEntry[] = [];
  #counts: Record<string, EndpointCount> = {};
  #seq = 0;

  /** Records a request before its work. The caller completes the entry in place. */
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

const SECRET_FIELDS = new Set(['api_key', 'client_secret', 'refresh_token', 'password']);
const KEPT_HEADERS = [
  'content-type',
  'accept',
  'accept-encoding',
  'user-agent',
  'traceparent',
  'x-request-id',
  'x-sim-fault',
];

/** A form for the journal: secrets are cut to their first four characters. */
export function maskForm(form: Form): Form {
  return form.map(([name, value]) => [name, SECRET_FIELDS.has(name.toLowerCase()) ? mask(value) : value]);
}

export function mask(secret: string): string {
  return `${secret.slice(0, 4)}…`;
}

/**
 * A JSON body as fields: `{"Billing":{"Email":"a"}}` becomes `Billing.Email=a`. Text stays unchanged; all other values
 * become JSON.
 */
export function flattenJson(value: unknown, prefix = ''): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return prefix === '' ? [] : [[prefix, typeof value === 'string' ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) =>
    flattenJson(field, prefix === '' ? name : `${prefix}.${name}`),
  );
}

/** The headers that tests may need. Of credentials it tells only their presence. */
export function journalHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  const scheme = headers.authorization?.split(' ', 1)[0];
  if (scheme !== undefined) kept['authorization'] = `${scheme} …`;
  return kept;
}
