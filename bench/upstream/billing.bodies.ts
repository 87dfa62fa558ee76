import { GROUPS, PURCHASE_IDS, ROOT_GROUP_ID, ROW_COUNTS, SECOND_MS, SUBGROUP_IDS } from '#bench/billing.ids';

const DAY_MS = 24 * 60 * 60 * SECOND_MS;
const ACTIVITIES = ['renew', 'upgrade', 'renew', 'downgrade', 'renew', 'booster'] as const;
/** As long as the ids of {@link GROUPS}, so that an id can overwrite it. */
const PLACEHOLDER = '999999999';

interface Row {
  readonly id: number;
  readonly activity: string;
  readonly startMs: number;
  readonly expiryMs: number;
  readonly groupId: string;
}

/** The upstream's date format: seconds, with an offset. */
function atom(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, '+00:00');
}

// Every seventh name has an entity, as names of companies often do.
function activityXml(row: Row): string {
  return `      <activity>
         <id>0${row.id}</id>
         <plan>Business Plan - Monthly - ${500 + (row.id % 5) * 100} Docs</plan>
         <plan_type>Monthly</plan_type>
         <price>${40 + (row.id % 60)}.50</price>
         <credit_amount>${row.id % 9}</credit_amount>
         <price_currency>NZD</price_currency>
         <allowed_documents>${500 + (row.id % 5) * 100}</allowed_documents>
         <used_documents>${row.id % 500}</used_documents>
         <plan_activity>${row.activity}</plan_activity>
         <start_date>${atom(row.startMs)}</start_date>
         <expiry_date>${atom(row.expiryMs)}</expiry_date>
         <group_name>${row.id % 7 === 0 ? 'Smith &amp; Sons Accounting Limited' : 'Bob The Builders Accounting Ltd'}</group_name>
         <group_id>${row.groupId}</group_id>
      </activity>
`;
}

function historyXml(rows: readonly Row[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<billings_response>
   <status>200</status>
   <message>The request has been successfully processed</message>
   <plans>
${rows.map(activityXml).join('')}   </plans>
</billings_response>
`;
}

/** A document with a different group id per request: a copy in which the id overwrites every placeholder. */
class Template {
  readonly #text: Buffer;
  readonly #offsets: number[] = [];

  constructor(xml: string) {
    this.#text = Buffer.from(xml);
    for (let at = this.#text.indexOf(PLACEHOLDER); at >= 0; at = this.#text.indexOf(PLACEHOLDER, at + 1)) {
      this.#offsets.push(at);
    }
  }

  forGroup(groupId: string): Buffer {
    if (groupId.length !== PLACEHOLDER.length)
      throw new Error(`a group id of ${PLACEHOLDER.length} digits is expected`);
    const body = Buffer.from(this.#text);
    for (const offset of this.#offsets) body.write(groupId, offset, 'latin1');
    return body;
  }
}

function currentPlan(id: number, groupId: string, anchorMs: number): Row {
  return { id, activity: 'renew', startMs: anchorMs - 10 * DAY_MS, expiryMs: anchorMs + 20 * DAY_MS, groupId };
}

/** `count` rows spread evenly over the 300 days before the anchor, oldest first. */
function history(count: number, anchorMs: number, groupOf: (index: number) => string): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const startMs = anchorMs - Math.floor(((count - index) * 300 * DAY_MS) / count / SECOND_MS) * SECOND_MS;
    const activity = ACTIVITIES[index % ACTIVITIES.length] ?? 'renew';
    return { id: 100_000 + index, activity, startMs, expiryMs: startMs + 30 * DAY_MS, groupId: groupOf(index) };
  });
}

function packXml(): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<billings_response>
   <status>200</status>
   <message>Booster Pack order successful</message>
   <pack>
      <id>1223</id>
      <plan_name>Booster 100</plan_name>
      <allowed_documents>100</allowed_documents>
      <price>99.00</price>
      <quantity>1</quantity>
      <group_id>${PLACEHOLDER}</group_id>
   </pack>
   <pack_summary>
      <total_used_documents>0</total_used_documents>
      <total_available_documents>100</total_available_documents>
   </pack_summary>
</billings_response>
`;
}

/** One purchase for all requests, because the gateway compares its id with nothing. */
const PURCHASE = JSON.stringify({
  Error: null,
  ResponseData: {
    Identification: { UserId: 'bench' },
    Result: 'Credits purchased successfully',
    Detail: {
      Currency: 'GBP',
      DatePurchased: '2026-01-01T00:00:00Z',
      GrossTotal: 42.5,
      ID: PURCHASE_IDS.answered,
      InvoiceNumber: 70_001,
      NetTotal: 35.5,
      Paid: true,
      PurchaseType: 'Credits',
      Quantity: 1000.5,
      Tax: 7.5,
      UnitPrice: 0.035,
    },
  },
});

/** Every response body of the benchmark's upstream, made once. */
export class BillingBodies {
  readonly #plan: Template;
  readonly #history: Template;
  readonly #pack = new Template(packXml());
  readonly #large: Buffer;
  readonly #root: Buffer;
  /** In the order of `ROW_COUNTS`. */
  readonly #rows: readonly Buffer[];
  readonly #subgroups = new Map<string, Buffer>();

  constructor(anchorMs: number) {
    this.#plan = new Template(historyXml([currentPlan(100_000, PLACEHOLDER, anchorMs)]));
    this.#history = new Template(historyXml(history(100, anchorMs, () => PLACEHOLDER)));
    const recursive = (rows: number): Buffer =>
      Buffer.from(historyXml(history(rows, anchorMs, (index) => SUBGROUP_IDS[index % SUBGROUP_IDS.length] ?? '')));
    this.#rows = ROW_COUNTS.map(recursive);
    this.#large = recursive(5_000);
    const plans = SUBGROUP_IDS.map((id, index) => currentPlan(200_000 + index, id, anchorMs));
    this.#root = Buffer.from(historyXml(plans));
    for (const row of plans) this.#subgroups.set(row.groupId, Buffer.from(historyXml([row])));
  }

  history(groupId: string, recursive: boolean): Buffer {
    if (recursive) return this.#recursiveHistory(groupId);
    const subgroup = this.#subgroups.get(groupId);
    if (subgroup !== undefined) return subgroup;
    return groupId.startsWith(GROUPS.history) ? this.#history.forGroup(groupId) : this.#plan.forGroup(groupId);
  }

  pack(groupId: string): Buffer {
    return this.#pack.forGroup(groupId);
  }

  purchase(): string {
    return PURCHASE;
  }

  #recursiveHistory(groupId: string): Buffer {
    if (groupId === ROOT_GROUP_ID) return this.#root;
    const sized = groupId.startsWith(GROUPS.rows) ? this.#rows[Number(groupId[1])] : undefined;
    return sized ?? this.#large;
  }
}
