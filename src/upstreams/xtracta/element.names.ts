/** More than any sound document has; of an odd one's names the rest are simply not shared. */
const MAX_NAMES = 256;

/**
 * Gives equal names of elements as one and the same string. A parser cuts each name out of the text anew, and an object that is asked
 * for a property by a new string first has to look up whether it knows that string: with a dozen names in each of thousands of rows
 * that took longer than parsing. The rows of a document have their elements in one order, so what comes next is nearly always known.
 * Mutable: the names so far.
 */
export class ElementNames {
  private readonly known = new Map<string, string>();
  private readonly order: string[] = [];
  private at = 0;

  /** A row begins. */
  restart(): void {
    this.at = 0;
  }

  same(name: string): string {
    const expected = this.order[this.at];
    if (expected === name) {
      this.at += 1;
      return expected;
    }
    const shared = this.known.get(name) ?? this.learn(name);
    if (this.at < MAX_NAMES) this.order[this.at] = shared;
    this.at += 1;
    return shared;
  }

  private learn(name: string): string {
    if (this.known.size >= MAX_NAMES) return name;
    // A property's name is the string that objects know it by.
    const shared = Object.keys({ [name]: null })[0] ?? name;
    this.known.set(name, shared);
    return shared;
  }
}
