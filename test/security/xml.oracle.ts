/** The result of another reader, written only for these tests. It refuses too much rather than too little. */
export interface XmlSketch {
  readonly root: string;
  /** Paths of all elements, `billings_response/pack/id`, with the text directly inside. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

const TOKEN =
  /<!--(?:(?!--)[\s\S])*-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([\p{L}_:][\p{L}\p{N}_:.\-·]*)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|[^<]+|</gu;

/**
 * Null for bytes that are no well-formed document with one root, or one with a DOCTYPE. Text that looks like a DOCTYPE
 * inside of a comment, a CDATA section or a processing instruction is none.
 */
export function sketchXml(body: Uint8Array): XmlSketch | null {
  const text = decoded(body)
    ?.replace(/^\uFEFF/, '')
    .trim();
  if (text === undefined) return null;
  const open: string[] = [];
  const texts = new Map<string, string[]>();
  let root: string | null = null;
  for (const [token, closing, name, , empty] of text.matchAll(TOKEN)) {
    // A DOCTYPE, or no markup at all.
    if (token === '<') return null;
    if (name === undefined) {
      if (token.startsWith('<!--') || token.startsWith('<?')) continue;
      if (open.length === 0 && token.trim() !== '') return null;
      const path = open.join('/');
      texts.set(path, [...(texts.get(path) ?? []), token]);
    } else if (closing === '/') {
      if (open.pop() !== name) return null;
    } else {
      if (open.length === 0 && root !== null) return null;
      root ??= name;
      const path = [...open, name].join('/');
      texts.set(path, texts.get(path) ?? []);
      if (empty !== '/') open.push(name);
    }
  }
  return open.length > 0 || root === null ? null : { root, texts };
}

function decoded(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}
