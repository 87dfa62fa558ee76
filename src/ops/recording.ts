import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { examineDocument, isKnownText } from '../upstreams/xtracta/document-examination.js';
import { headOf, type Probe, type ReadEndpoint } from './doctor-checks.js';
import { UsageError } from './ops-output.js';
import { type ResponseForm, responseForm } from './response-form.js';

/** Masked responses of one run of `doctor --record`. The contract test of recorded responses reads them. */
export interface Recording {
  readonly version: 1;
  readonly recordedAt: string;
  readonly responses: readonly RecordedResponse[];
}

export interface RecordedResponse {
  readonly call: string;
  readonly endpoint: ReadEndpoint;
  readonly form: ResponseForm;
  /** Head and body as `read` takes them. */
  readonly response: string;
}

/**
 * Writes the responses with names, ids and figures masked. Each character becomes another of its class. Zeros, lengths,
 * order and everything around the texts stay. Equal texts become equal masks.
 *
 * @returns a line for the operator
 */
export async function writeRecording(
  file: string,
  probes: readonly Probe[],
  secrets: readonly string[],
  now: Date,
): Promise<string> {
  const recording = recordingOf(probes, secrets, now);
  try {
    // Mode 0600, because even masked responses are confidential.
    await writeFile(file, `${JSON.stringify(recording, null, 1)}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    throw new UsageError('--record takes a file that can be written and is not there yet.');
  }
  return `${recording.responses.length} responses are recorded, masked.\n`;
}

export function recordingOf(probes: readonly Probe[], secrets: readonly string[], now: Date): Recording {
  const mask = new FormMask();
  return {
    version: 1,
    recordedAt: now.toISOString(),
    responses: probes.flatMap(({ label, endpoint, result, body, document, reading }) => {
      if (result.kind === 'failure' || reading === null) return [];
      const masked = maskDocument(withoutSecrets(body.toString('utf8'), secrets), mask);
      const head = headOf(result, Buffer.from(masked)).toString('latin1');
      return [
        {
          call: label.replace(/\d+/g, '…'),
          endpoint,
          form: responseForm(endpoint, document, reading),
          response: `${head}${masked}`,
        },
      ];
    }),
  };
}

/**
 * Replaces secrets by text of the same length and classes of characters, so that the rest of the recording stays valid.
 */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, 'x'.repeat(secret.length)), text);
}

/** Tags, comments and instructions; everything between them is text. */
const MARKUP = /<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<[^<>]*>/g;

/** Masks a body. Where it is no XML, names of tags may be anything, so only its punctuation stays. */
export function maskDocument(text: string, mask: FormMask): string {
  if (examineDocument(Buffer.from(text)).fault !== null) return mask.text(text);
  let out = '';
  let at = 0;
  let element = '';
  for (const match of text.matchAll(MARKUP)) {
    const [tag] = match;
    out += maskText(text.slice(at, match.index), element, mask) + maskTag(tag, element, mask);
    element = /^<([A-Za-z_][\w.-]*)[^/]*>$/.exec(tag)?.[1] ?? '';
    at = match.index + tag.length;
  }
  return out + maskText(text.slice(at), '', mask);
}

/** Masks values of attributes, whole comments and instructions; names of elements and the XML declaration stay. */
function maskTag(tag: string, element: string, mask: FormMask): string {
  if (tag.startsWith('<!--')) return '<!-- -->';
  if (tag.startsWith('<![CDATA[')) return `<![CDATA[${maskText(tag.slice(9, -3), element, mask)}]]>`;
  if (tag.startsWith('<?')) return /^<\?xml\s/.test(tag) ? tag : '<?masked?>';
  return tag.replace(/"[^"]*"|'[^']*'/g, (value) => value.charAt(0) + mask.text(value.slice(1, -1)) + value.charAt(0));
}

function maskText(text: string, element: string, mask: FormMask): string {
  const trimmed = text.trim();
  if (trimmed === '') return text;
  if (isKnownText(element, trimmed)) return text;
  return text.replace(trimmed, () => mask.text(trimmed));
}

const REFERENCE = /&(?:#\w+|amp|lt|gt|quot|apos);/gi;
/** References of XML itself, and those to blanks. */
const KEPT_REFERENCE = /^&(?:amp|lt|gt|quot|apos|#(?:9|10|13|32|x(?:9|a|d|20)));$/i;

/** A reference of the same length to one letter. */
function maskedReference(reference: string): string {
  if (KEPT_REFERENCE.test(reference)) return reference;
  const digits = reference.length - 3;
  return `&#${(digits > 2 ? '233' : '88').padStart(digits, '0')};`;
}

/**
 * Replaces texts by others of the same form. Mutable: it remembers each replacement, so that equal ids stay equal and
 * different ids stay different.
 */
export class FormMask {
  readonly #masked = new Map<string, string>();
  readonly #used = new Set<string>();

  /** Masks a text; the references of XML itself (`&amp;`) stay unchanged. */
  text(text: string): string {
    const known = this.#masked.get(text);
    if (known !== undefined) return known;
    let masked = this.#draw(text);
    for (let tries = 0; tries < 200 && (this.#used.has(masked) || masked === text); tries += 1)
      masked = this.#draw(text);
    this.#masked.set(text, masked);
    this.#used.add(masked);
    return masked;
  }

  #draw(text: string): string {
    let out = '';
    let at = 0;
    for (const match of text.matchAll(REFERENCE)) {
      out += drawn(text.slice(at, match.index)) + maskedReference(match[0]);
      at = match.index + match[0].length;
    }
    return out + drawn(text.slice(at));
  }
}

function drawn(text: string): string {
  return Array.from(text, drawnCharacter).join('');
}

/** Masks one character. A zero stays, because leading zeros and zero prices are part of the form. */
function drawnCharacter(character: string): string {
  if (/[1-9]/.test(character)) return String(randomInt(1, 10));
  if (/[a-z]/.test(character)) return String.fromCharCode(97 + randomInt(26));
  if (/[A-Z]/.test(character)) return String.fromCharCode(65 + randomInt(26));
  if (/[\p{L}\p{N}\p{S}\p{M}]/u.test(character) && character.charCodeAt(0) > 0x7f) {
    // A replacement with the same number of bytes.
    return ({ 2: 'é', 3: '東', 4: '🎉' } as const)[Buffer.byteLength(character)] ?? '?';
  }
  return character;
}
