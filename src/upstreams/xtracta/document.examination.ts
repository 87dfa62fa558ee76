import { StrictXml, type XmlFault } from '../xml/strict.xml.js';

/** An element where it stands in its document; `text` is what stands right inside of it. */
export interface ExaminedElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly ExaminedElement[];
}

export interface ExaminedDocument {
  /** Why the gateway refuses the document; null: it does not. */
  readonly fault: XmlFault | null;
  /** The outermost element, with whatever was read before a fault; null where there is none. */
  readonly root: ExaminedElement | null;
}

interface OpenElement {
  name: string;
  text: string;
  children: OpenElement[];
}

/** As for the rows of a history. */
const MAX_ROWS = 20_000;

/**
 * A document as operators look at it: with the order of its elements, repeated and unknown ones included, which the
 * gateway's readers pass over. What counts as a document is decided by the same parser as on the wire.
 */
export function examineDocument(body: Uint8Array): ExaminedDocument {
  const open: OpenElement[] = [];
  let root: OpenElement | null = null;
  const strict = new StrictXml(
    { maxRows: MAX_ROWS },
    {
      open: (name) => {
        const element: OpenElement = { name, text: '', children: [] };
        open.at(-1)?.children.push(element);
        root ??= element;
        open.push(element);
      },
      text: (text) => {
        const element = open.at(-1);
        if (element !== undefined) element.text += text;
      },
      // Looked at piece by piece: what is readable of the text stays, and the reading says that it is not whole.
      unreadable: null,
      close: () => {
        open.pop();
      },
    },
  );
  const text = textOf(body);
  if (text.isUtf8) strict.write(text.text);
  else strict.refuse('encoding');
  return { fault: strict.end(), root };
}

function textOf(body: Uint8Array): { readonly isUtf8: boolean; readonly text: string } {
  try {
    return { isUtf8: true, text: new TextDecoder('utf-8', { fatal: true }).decode(body) };
  } catch {
    return { isUtf8: false, text: '' };
  }
}
