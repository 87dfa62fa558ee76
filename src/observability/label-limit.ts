/** Bounds the values of a metric label that comes from outside: the first `limit` values pass, later ones do not. Keeps state. */
export class LabelLimit {
  readonly #seen = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  admits(value: string): boolean {
    if (this.#seen.has(value)) return true;
    if (this.#seen.size >= this.#limit) return false;
    this.#seen.add(value);
    return true;
  }
}
