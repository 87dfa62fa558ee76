import type { BillingActivity, BillingHistory } from '../../domain/billing-activity.js';
import type { WorkTurns } from '../resilience/work.turns.js';
import type { BodySink } from '../upstream.transport.js';
import { FieldReader } from './xtracta.fields.js';
import { HistoryXml } from './xtracta.history.xml.js';
import { toActivity } from './xtracta.mapper.js';
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
  private bytes = 0;
  private seniority = 0;

  constructor(
    operation: string,
    limits: XmlLimits,
    private readonly turns: WorkTurns,
  ) {
    this.fields = new FieldReader(operation, (field) => this.drifts.set(field, (this.drifts.get(field) ?? 0) + 1));
    this.xml = new HistoryXml(limits, {
      activity: (row) => this.activities.push(toActivity(row, this.fields)),
      plan: (row) => this.plans.push(toActivity(row, this.fields)),
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

  private async writeInTurns(chunk: Buffer): Promise<void> {
    if (this.seniority === 0) this.seniority = this.turns.takeSeniority();
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
      await this.turns.run(this.seniority, () => this.xml.write(chunk.subarray(at, at + PIECE_BYTES)));
    }
  }
}
