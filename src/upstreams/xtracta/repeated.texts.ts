import type { WireText } from './xtracta.wire.js';

/** Shorter texts are copies in any case. */
const LEAST_LENGTH = 13;
/** Plans and groups of an account; of an odd answer's names the rest are simply not shared. */
const MAX_TEXTS = 1024;

/**
 * Gives equal texts of a document as one. A text that was cut out of a longer one is a view of that, and keeps all of it in memory; names
 * of plans and groups come again in row after row. Mutable: the texts so far.
 */
export class RepeatedTexts {
  private readonly known = new Map<string, string>();

  same(text: WireText): WireText {
    if (text == null || text.length < LEAST_LENGTH) return text;
    const known = this.known.get(text);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_TEXTS) return text;
    const copy = Buffer.from(text).toString();
    this.known.set(copy, copy);
    return copy;
  }
}
