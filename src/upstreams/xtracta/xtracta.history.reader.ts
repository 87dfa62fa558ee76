import type { BillingActivity, BillingHistory } from '../../domain/billing-activity.js';
import type { WorkShare, WorkTurns } from '../resilience/work.turns.js';
import type { BodySink } from '../upstream.transport.js';
import { FieldReader } from './xtracta.fields.js';
import { HistoryXml } from './xtracta.history.xml.js';
import { NamedGroups, toActivity } from './xtracta.mapper.js';
import type { XmlLimits } from './xtracta.strict.xml.js';
import type { XmlElement, XmlReading } from './xtracta.xml.js';

/** An answer up to this size is read as it comes: taking turns would cost more than it does. */
const AT_ONCE_BYTES = 64 * 1024;
/** A piece takes well below a millisecond. */
const PIECE_BYTES = 16 * 1024;

/**
 * Reads one answer of the history endpoint while it arrives: its rows become domain rows as they end, a large answer in turns, and the
 * rest of it is kept for the judgement. Neither the body nor its tree is ever there as a whole. Mutable: the state of one answer.
 */
export class HistoryReader implements BodySink {
  private readonly xml: HistoryXml;
  private readonly activities: BillingActivity[] = [];
  private readonly plans: BillingActivity[] = [];
  /** Held back until it is known that the answer counts. */
  private readonly drifts = new Map<string, number>();
  private readonly fields: FieldReader;
  private readonly groups = new NamedGroups();
  private bytes = 0;
  private share: WorkShare | null = null;

  constructor(
    operation: string,
    limits: XmlLimits,
    private readonly turns: WorkTurns,
  ) {
    this.fields = new FieldReader(operation, (field) => this.drifts.set(field, (this.drifts.get(field) ?? 0) + 1));
    this.xml = new HistoryXml(limits, {
      activity: (row) => this.activities.push(toActivity(row, this.fields, this.groups)),
      plan: (row) => this.plans.push(toActivity(row, this.fields, this.groups)),
    });
  }

  write(chunk: Buffer): Promise<void> | undefined {
    this.bytes += chunk.byteLength;
    if (this.bytes > AT_ONCE_BYTES) return this.writeInTurns(chunk);
    this.xml.write(chunk);
    return undefined;
  }

  /** Call once, when the body is whole. The rows are not in the document's content. */
  end(): XmlReading {
    this.share?.end();
    return this.xml.end();
  }

  /**
   * The rows of an answer that was found to count, and what of it had drifted. Without `<plans>` it is an empty history; the schema
   * cannot express an empty one, so its absence counts as drift.
   *
   * @param content of the document
   */
  history(content: XmlElement, onDrift: (field: string) => void): BillingHistory {
    if (content['plans'] === undefined) onDrift('plans');
    for (const [field, count] of this.drifts) {
      for (let time = 0; time < count; time += 1) onDrift(field);
    }
    return { activities: this.plans.length === 0 ? this.activities : [...this.activities, ...this.plans] };
  }

  private writeInTurns(chunk: Buffer): Promise<void> {
    this.share ??= this.turns.join();
    let at = 0;
    return this.share.run(() => {
      this.xml.write(chunk.subarray(at, at + PIECE_BYTES));
      at += PIECE_BYTES;
      return at < chunk.byteLength;
    });
  }
}
