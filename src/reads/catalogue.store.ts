import type { BillingCatalogue } from '../domain/catalogue.js';

/** Owner of a catalogue. */
export interface CatalogueSubject {
  readonly tenantId: string;
  readonly credentialId: string;
  /** Null: the api key's own group, whose number is not known. */
  readonly groupId: string | null;
}

interface Kept extends CatalogueSubject {
  readonly catalogue: BillingCatalogue;
  readonly items: number;
  readonly expiresMs: number;
}

export interface CatalogueLimits {
  readonly entries: number;
  /** Plans and packs of all entries together. */
  readonly items: number;
  /** Milliseconds since the read, so that a changed price shows in time. */
  readonly keptMs: number;
}

const LIMITS: CatalogueLimits = { entries: 1_000, items: 50_000, keptMs: 60_000 };

function keyOf({ tenantId, credentialId, groupId }: CatalogueSubject): string {
  return JSON.stringify([tenantId, credentialId, groupId]);
}

/**
 * Shared mutable cache of catalogues. Reason: a page with a choice of plans reads the same catalogue again and again,
 * and it changes seldom. Bounded; evicts the oldest entry first.
 */
export class CatalogueStore {
  readonly #clock: () => number;
  readonly #limits: CatalogueLimits;
  readonly #kept = new Map<string, Kept>();
  #items = 0;

  constructor(clock: () => number, limits: CatalogueLimits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  keep(subject: CatalogueSubject, catalogue: BillingCatalogue): void {
    const key = keyOf(subject);
    this.#drop(key);
    const items = catalogue.plans.length + catalogue.packs.length;
    if (items > this.#limits.items) return;
    this.#kept.set(key, { ...subject, catalogue, items, expiresMs: this.#clock() + this.#limits.keptMs });
    this.#items += items;
    this.#shrink();
  }

  /** @returns null when there is no entry, or when it is too old */
  find(subject: CatalogueSubject): BillingCatalogue | null {
    const key = keyOf(subject);
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    if (kept.expiresMs > this.#clock()) return kept.catalogue;
    this.#drop(key);
    return null;
  }

  /**
   * Drops the catalogues that a write on the group may have changed. That includes the api key's own group, because it
   * may be the same group.
   *
   * @param groupId null: the group of the write is not known
   */
  forget(credentialId: string, groupId: string | null): void {
    for (const [key, kept] of this.#kept) {
      if (kept.credentialId !== credentialId) continue;
      if (groupId === null || kept.groupId === null || kept.groupId === groupId) this.#drop(key);
    }
  }

  #shrink(): void {
    const nowMs = this.#clock();
    // The map is in the order of reading and all entries live equally long, so expired entries come first.
    for (const [key, kept] of this.#kept) {
      const isOver = this.#kept.size > this.#limits.entries || this.#items > this.#limits.items;
      if (!isOver && kept.expiresMs > nowMs) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#items -= this.#kept.get(key)?.items ?? 0;
    this.#kept.delete(key);
  }
}
