import type { UpstreamFacts } from '../../domain/errors.js';
import { sanitiseUpstreamMessage } from '../../observability/redact.js';
import { decodeStatus, type StatusVerdict } from '../decode/status.decoder.js';
import { upstreamFacts } from '../upstream.errors.js';
import type { TransportAnswer } from '../upstream.transport.js';
import { envelopeWire, type WireText } from './xtracta.wire.js';
import type { XmlElement, XmlReading } from './xtracta.xml.js';

/** The upstream's own XML, whatever it says. `verdict` is what it says by itself, without the HTTP status. */
export interface Envelope {
  readonly verdict: StatusVerdict;
  /** The number in `<status>`, where it is one: `404`. */
  readonly code: number | null;
  readonly content: XmlElement;
  /** For errors alone. Safe to show: the message is sanitised, the api key of the call removed, which no success needs to pay for. */
  facts(): UpstreamFacts;
}

/** The billing UI's sample has the second root where its schema has the first, so both are taken everywhere. */
const ROOTS = new Set(['billings_response', 'documents_response']);

/** Null when the answer is not one whole XML document with a root of this API: then nothing in it counts. */
export function readEnvelope(
  operation: string,
  answer: TransportAnswer,
  document: XmlReading,
  secrets: readonly string[],
): Envelope | null {
  if (document.kind === 'invalid' || !ROOTS.has(document.root)) return null;
  const wire = envelopeWire(document.content);
  const status = wire.error_code ?? wire.status;
  const facts = (): UpstreamFacts =>
    upstreamFacts('xtracta', operation, {
      httpStatus: answer.status,
      status: typeof status === 'string' && status.trim() !== '' ? sanitiseUpstreamMessage(status, secrets) : null,
      message: typeof wire.message === 'string' ? sanitiseUpstreamMessage(wire.message, secrets) : null,
    });
  return {
    verdict: verdictOf(wire.status, wire.result),
    code: codeOf(wire.status),
    content: document.content,
    facts,
  };
}

/** `<result>` exists in the manual's prose alone; should it say no, that counts, whatever the status says. */
function verdictOf(status: WireText, result: WireText): StatusVerdict {
  const verdict = status === undefined ? 'absent' : status === null ? 'invalid' : decodeStatus(status);
  if (result === undefined || (verdict !== 'ok' && verdict !== 'absent')) return verdict;
  const resultVerdict = result === null ? 'invalid' : decodeStatus(result);
  return resultVerdict === 'absent' ? verdict : resultVerdict;
}

function codeOf(status: WireText): number | null {
  const text = status?.trim() ?? '';
  return /^0*[1-9]\d{2}$/.test(text) ? Number(text) : null;
}
