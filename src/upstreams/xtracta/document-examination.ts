import { decodeActivityKind, decodeCurrency, decodeDateTime, decodePlanType, UNREADABLE } from '../value.decoders.js';
import { StrictXml, type XmlFault } from '../xml/strict-xml.js';
import { decodeUtf8 } from '../xml/xml.reader.js';
import { decodeStatus, plainName } from './xtracta-envelope.js';

/** An element in its place in the document. `text` is the text right inside it. */
export interface ExaminedElement {
  readonly name: string;
  /** In small letters and without a prefix. */
  readonly plainName: string;
  readonly text: string;
  readonly children: readonly ExaminedElement[];
}

export interface ExaminedDocument {
  /** Reason for which the gateway refuses the document; null: it accepts it. */
  readonly fault: XmlFault | null;
  /** The root element, with all parts read before a fault; null where there is none. */
  readonly root: ExaminedElement | null;
}

interface OpenElement {
  name: string;
  plainName: string;
  text: string;
  children: OpenElement[];
}

/** The same limit as for the rows of a history. */
const MAX_ROWS = 20_000;

/**
 * Reads a document for operators, in the order of its elements, with repeated and unknown ones. The gateway's readers
 * skip these. The same parser as on the wire decides whether it is a document.
 */
export function examineDocument(body: Uint8Array): ExaminedDocument {
  const open: OpenElement[] = [];
  let root: OpenElement | null = null;
  const strict = new StrictXml(
    { maxRows: MAX_ROWS },
    {
      open: (name) => {
        const element: OpenElement = { name, plainName: plainName(name), text: '', children: [] };
        open.at(-1)?.children.push(element);
        root ??= element;
        open.push(element);
      },
      text: (text) => {
        const element = open.at(-1);
        if (element !== undefined) element.text += text;
      },
      // Readable pieces of the text stay, and the gateway's own reading reports that the text is not whole.
      unreadable: null,
      close: () => {
        open.pop();
      },
    },
  );
  const text = decodeUtf8(body);
  if (text === null) strict.refuse('encoding');
  else strict.write(text);
  return { fault: strict.end(), root };
}

const KNOWN_TEXTS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['status', (text) => decodeStatus(text) !== 'invalid'],
  ['plan_type', (text) => decodePlanType(text).known],
  ['plan_activity', (text) => decodeActivityKind(text).known],
  ['price_currency', (text) => decodeCurrency(text) !== UNREADABLE],
  ['start_date', (text) => decodeDateTime(text) !== UNREADABLE],
  ['expiry_date', (text) => decodeDateTime(text) !== UNREADABLE],
  // The only message of reads in the documents.
  ['message', (text) => text === 'The request has been successfully processed'],
]);

/** Whether the text of an element is a word of the API or a date. Other text may be personal data. */
export function isKnownText(element: string, text: string): boolean {
  return KNOWN_TEXTS.get(element)?.(text) === true;
}
