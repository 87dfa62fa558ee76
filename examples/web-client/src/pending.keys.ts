/** Where keys outlive a reload: `localStorage` in a browser, a Map in a test. */
export interface KeyStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const nameOf = (intent: string): string => `billing-key:${intent}`;

/**
 * The idempotency key of one intent ("this order of this cart"): made at the first try and kept until the outcome is known. A retry, a
 * reload or a double click then asks for the same write, which the gateway sends once.
 */
export function keyFor(store: KeyStore, intent: string): string {
  const known = store.getItem(nameOf(intent));
  if (known !== null) return known;
  const key = crypto.randomUUID();
  store.setItem(nameOf(intent), key);
  return key;
}

/** Forgets a key whose outcome is known: the next write of this intent is a new one. */
export function settle(store: KeyStore, intent: string): void {
  store.removeItem(nameOf(intent));
}
