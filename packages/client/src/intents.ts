import type { BillingOperationKind } from './__generated__/documents.ts';

/** A storage in which keys survive a reload: `localStorage`, `sessionStorage`, or {@link memoryStorage}. */
export type IntentStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** The subject of a write for people, without personal data and prices. */
export interface WriteSubject {
  readonly kind: BillingOperationKind;
  readonly groupId: string | null;
  readonly packId?: string;
  readonly quantity?: number;
  readonly planId?: string;
  readonly purchaseId?: string;
}

/**
 * One intent of a user. It begins when the form opens. It ends with its outcome, or when the user leaves the form
 * before anything was sent. The same intent has the same idempotency key.
 */
export interface Intent {
  /** Names the form: `orderBoosterPack:100001`. */
  readonly name: string;
  readonly key: string;
  /**
   * `sent`: it may be on its way, carried out, or neither. `notSent`: nothing was carried out, and no request of it is
   * on its way.
   */
  readonly state: 'open' | 'sent' | 'notSent';
  /** Digest of the sent input. */
  readonly digest: string | null;
  readonly subject: WriteSubject | null;
  /** When it was last written, RFC 3339. Of a sent intent: when a request of it was last known to be on its way. */
  readonly at: string;
}

/** The intents of one user in this browser that have not ended. */
export interface IntentStore {
  /** The intent of a form: its unfinished intent, or a new one. */
  begin(name: string): Intent;
  find(name: string): Intent | null;
  /** Keeps the intent, unless its form has another one by now: other tabs share the storage. */
  put(intent: Intent): void;
  /** Forgets the form's intent with this key. Another intent of the form stays. */
  end(name: string, key: string): void;
  /** Intents whose write was sent and whose outcome is not known here, oldest first. */
  pending(): readonly Intent[];
}

/**
 * A request may reach the ledger this long after it was sent, in milliseconds. Reason: a network may hold it back for
 * minutes. Then the gateway may read the catalogue (`READ_TIMEOUT_MS`, at most 5 minutes) and wait for an equal request
 * (10 seconds) before it records the write.
 */
const UNDER_WAY_MS = 30 * 60_000;

/** Whether a request of the intent may be on its way. As long as it may, a missing or unsent row proves nothing. */
export function mayStillArrive({ state, at }: Intent): boolean {
  return state === 'sent' && !(Date.now() - Date.parse(at) > UNDER_WAY_MS);
}

/**
 * Keeps the intents of one user in a storage that survives a reload. In `localStorage` two tabs with the same form
 * share one intent, so a second tab cannot order twice by mistake; in `sessionStorage` each tab has its own.
 *
 * @param owner names the user and the tenant by ids of yours. Reason: another user of the browser must neither see nor
 *   end an unfinished write, and the gateway finds a key only for the tenant that sent it
 * @param storage `localStorage` where there is one, else memory
 * @param newKey makes a key of 8 to 255 of `A-Z a-z 0-9 . _ : -`
 */
export function createIntentStore(
  owner: string,
  storage: IntentStorage = browserStorage(),
  newKey: () => string = randomKey,
): IntentStore {
  if (owner === '') throw new TypeError('An intent store needs its owner: all users would share the empty one.');
  // As JSON, so that no owner's prefix is the beginning of another's.
  const prefix = `billing-intent:${JSON.stringify(owner)}:`;
  // Intents that a full or forbidden storage refuses; they live as long as the page.
  const unsaved = new Map<string, Intent>();
  const find = (name: string): Intent | null => unsaved.get(name) ?? read(storage, prefix + name);
  const put = (intent: Intent): void => {
    const known = find(intent.name);
    if (known !== null && known.key !== intent.key) return;
    try {
      storage.setItem(prefix + intent.name, JSON.stringify(intent));
      unsaved.delete(intent.name);
    } catch {
      unsaved.set(intent.name, intent);
    }
  };
  return {
    find,
    put,
    begin(name) {
      const known = find(name);
      if (known !== null) return known;
      const fresh: Intent = { name, key: newKey(), state: 'open', digest: null, subject: null, at: now() };
      put(fresh);
      return fresh;
    },
    end(name, key) {
      if (find(name)?.key !== key) return;
      unsaved.delete(name);
      storage.removeItem(prefix + name);
    },
    pending() {
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
      const saved = names.filter((name) => name.startsWith(prefix)).map((name) => read(storage, name));
      return [...saved, ...unsaved.values()]
        .filter((intent) => intent !== null)
        .filter(({ state }) => state === 'sent')
        .sort((a, b) => a.at.localeCompare(b.at));
    },
  };
}

/** A storage that ends with the page: for servers and tests. */
export function memoryStorage(): IntentStorage {
  const entries = new Map<string, string>();
  return {
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
    key: (index) => [...entries.keys()][index] ?? null,
    get length() {
      return entries.size;
    },
  };
}

/** A UUID. `crypto.randomUUID` is missing on pages without TLS, other than those of this machine. */
export function randomKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A digest that shows whether two inputs are equal. Reason: an input may hold personal data, so the store must not keep
 * it. With a collision two inputs would have one key, and the gateway refuses the second. So a collision never causes a
 * charge.
 */
export function digestOf(input: unknown): string {
  let high = 0xde_ad_be_ef;
  let low = 0x41_c6_ce_57;
  for (const character of canonical(input)) {
    const code = character.codePointAt(0) ?? 0;
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  return `${(high >>> 0).toString(16)}-${(low >>> 0).toString(16)}`;
}

/** JSON with sorted names, without undefined and null values, because both mean "not given". */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined && field !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${entries.join()}}`;
}

/** The present time, later than `last` in any case, so that two writes of an intent never have the same time. */
export function now(last = ''): string {
  return new Date(Math.max(Date.now(), (Date.parse(last) || 0) + 1)).toISOString();
}

function read(storage: IntentStorage, name: string): Intent | null {
  try {
    const value: unknown = JSON.parse(storage.getItem(name) ?? 'null');
    return isIntent(value) ? value : null;
  } catch {
    return null;
  }
}

/** A check of stored values, because other programs of the page's origin share the storage. */
function isIntent(value: unknown): value is Intent {
  if (typeof value !== 'object' || value === null) return false;
  const { name, key, state, at } = value as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof key === 'string' &&
    typeof at === 'string' &&
    (state === 'open' || state === 'sent' || state === 'notSent')
  );
}

function browserStorage(): IntentStorage {
  try {
    if (typeof localStorage !== 'undefined') return localStorage;
  } catch {
    // Forbidden by the user's settings.
  }
  return memoryStorage();
}
