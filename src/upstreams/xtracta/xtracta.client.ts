import type { BillingHistory, GroupUsage } from '../../domain/billing-history.js';
import type { XtractaCredential } from '../../domain/caller.js';
import type { BillingCatalogue, CatalogueItemId } from '../../domain/catalogue.js';
import type {
  BillingUiRequest,
  BillingUiSession,
  BoosterPackOrder,
  BoosterPackRequest,
  PlanChange,
  PlanChangeRequest,
} from '../../domain/purchases.js';
import type { UpstreamCall } from '../../domain/upstream-call.js';
import type { WriteOutcome } from '../../domain/write.js';
import { type ChannelRequest, UpstreamChannel } from '../http/channel.js';
import type { BreakerState } from '../http/circuit-breaker.js';
import type { TransportResponse } from '../http/transport.js';
import { createUndiciTransport } from '../http/undici.transport.js';
import { labelKind, type XmlLimits } from '../xml/strict-xml.js';
import { TimeSlices } from '../xml/time-slices.js';
import { readDocument, readXml, type XmlElement, type XmlReading } from '../xml/xml.reader.js';
import { billingUiForm, billingUiPayload, OPEN_BILLING_UI } from './billing-ui.endpoint.js';
import { boosterForm, boosterPayload, ORDER_BOOSTER_PACK } from './booster.endpoint.js';
import { catalogueForm, GET_PLANS, GET_USAGE, toCatalogue, toUsage } from './catalogue.endpoint.js';
import { GET_BILLING_HISTORY, type HistoryFormRequest, historyForm } from './history.endpoint.js';
import { HistoryReader } from './history.rows.js';
import { CHANGE_PLAN, planForm, planPayload } from './plan-change.endpoint.js';
import {
  classifyCatalogue,
  classifyRead,
  classifyWrite,
  type EnvelopeReader,
  type WholePayload,
} from './xtracta-classify.js';
import { elementLabel, readEnvelope } from './xtracta-envelope.js';
import { type FieldReader, FORM_CONTENT_TYPE, hasElement, withFields, type XtractaEndpoint } from './xtracta-fields.js';

/** Start dates in `[fromSeconds, toSeconds]` (unix seconds) of one group, or of the group and all its descendants. */
export type BillingHistoryRequest = HistoryFormRequest;

export interface XtractaClientOptions {
  /** Scheme, host and optional path; `/v1/billings/…` is appended. */
  readonly baseUrl: string;
  /** Total time of a read: the wait for a place, at most three attempts, and the pauses between them. */
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** Path of the catalogue of plans and packs, relative to the base URL; default `/v1/billings/plans`. */
  readonly cataloguePath?: string;
  /** Default: a channel of its own with the default pool, breaker and budget. */
  readonly channel?: UpstreamChannel;
  /** Rows of one history response; default 20,000. */
  readonly maxRows?: number;
  /** Bytes of one history response; default 16 MiB. */
  readonly maxResponseBytes?: number;
}

const MAX_ROWS = 20_000;
const MAX_READ_BYTES = 16 * 1024 * 1024;
/** An item of a catalogue has less than 500 bytes, a response about usage less than 1 KB. */
const MAX_SMALL_READ_BYTES = 2 * 1024 * 1024;
/** The samples of the writes are below 1 KB. */
const MAX_WRITE_BYTES = 1024 * 1024;

/**
 * Client of the Xtracta billing API in the gateway's own terms. It holds no credential, because each call brings its
 * own.
 */
export class XtractaClient {
  readonly #options: XtractaClientOptions;
  readonly #channel: UpstreamChannel;
  readonly #baseUrl: string;
  readonly #isLoopback: boolean;
  readonly #limits: XmlLimits;
  readonly #turns = new TimeSlices();
  #clockAheadMs = 0;

  constructor(options: XtractaClientOptions) {
    this.#options = options;
    this.#channel = options.channel ?? new UpstreamChannel({ service: 'xtracta', transport: createUndiciTransport() });
    this.#limits = { maxRows: options.maxRows ?? MAX_ROWS };
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(options.baseUrl).hostname);
  }

  /** For metrics and readiness. */
  breakerState(): BreakerState {
    return this.#channel.breakerState();
  }

  /** As {@link UpstreamChannel.isTried}. */
  isTried(credentialId: string): boolean {
    return this.#channel.isTried(credentialId);
  }

  /** Milliseconds by which the upstream's clock is ahead of the gateway's, as measured last; 0 before that. */
  clockAheadMs(): number {
    return this.#clockAheadMs;
  }

  close(): void {
    this.#channel.close();
  }

  /**
   * Rows of all groups in the response, in the upstream's own order. Throws `BillingError` (`NOT_FOUND`, `UPSTREAM_*`).
   */
  getBillingHistory(
    credential: XtractaCredential,
    request: BillingHistoryRequest,
    call: UpstreamCall,
  ): Promise<BillingHistory> {
    const endpoint = GET_BILLING_HISTORY;
    const wire = this.#request(endpoint, credential, historyForm(credential.apiKey, request));
    return this.#channel.read(wire, call, () => {
      const reader = new HistoryReader(endpoint.operation, this.#limits, this.#turns);
      let clockAheadMs: number | null = null;
      const envelopes = this.#envelopes(endpoint, credential, call, (response) => {
        clockAheadMs = response.headers.clockAheadMs ?? null;
        return reader.end();
      });
      return {
        sink: reader,
        classify: (result) =>
          classifyRead(
            endpoint.operation,
            result,
            envelopes,
            withFields(endpoint.operation, 'plans', call.observer, (content, fields) => {
              const history = reader.history(content, (field) => fields.drift(field));
              return history === null || clockAheadMs === null ? history : { ...history, clockAheadMs };
            }),
            true,
          ),
      };
    });
  }

  /**
   * The group's present plan, with the upstream's own counts. The response names its group, which may differ from the
   * requested one. Throws `BillingError` (`UPSTREAM_*`, or `NOT_FOUND`, which may also mean that the group has no
   * plan).
   */
  getUsage(credential: XtractaCredential, groupId: string, call: UpstreamCall): Promise<GroupUsage> {
    return this.#readAtOnce(GET_USAGE, groupId, credential, call, classifyRead, toUsage);
  }

  /**
   * The plans and packs that the group may choose.
   *
   * @param groupId null: the api key's own group
   * @param item only this item, which need not be in the whole list
   * @throws BillingError `NOT_CONFIGURED` where the path leads to nothing, `NOT_FOUND`, `UPSTREAM_*`
   */
  getPlans(
    credential: XtractaCredential,
    groupId: string | null,
    call: UpstreamCall,
    item?: CatalogueItemId,
  ): Promise<BillingCatalogue> {
    const endpoint = { ...GET_PLANS, path: this.#options.cataloguePath ?? GET_PLANS.path };
    return this.#readAtOnce(endpoint, groupId, credential, call, classifyCatalogue, toCatalogue, item);
  }

  /** Buys. One attempt; never throws. */
  orderBoosterPack(
    credential: XtractaCredential,
    request: BoosterPackRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<BoosterPackOrder>> {
    const form = boosterForm(credential.apiKey, request);
    return this.#write(
      ORDER_BOOSTER_PACK,
      form,
      credential,
      call,
      request.groupId !== null,
      ['pack', 'pack_summary'],
      (content, fields) => boosterPayload(content, request, fields),
    );
  }

  /** Buys. One attempt; never throws. */
  changePlan(
    credential: XtractaCredential,
    request: PlanChangeRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<PlanChange>> {
    const form = planForm(credential.apiKey, request);
    return this.#write(
      CHANGE_PLAN,
      form,
      credential,
      call,
      request.groupId !== null,
      ['plan', 'id'],
      (content, fields) => planPayload(content, request, fields),
    );
  }

  /** Creates a credential for the api key's own group. One attempt; never throws. */
  openBillingUi(
    credential: XtractaCredential,
    request: BillingUiRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<BillingUiSession>> {
    const form = billingUiForm(credential.apiKey, request);
    return this.#write(OPEN_BILLING_UI, form, credential, call, false, ['url'], (content, fields) =>
      billingUiPayload(content, this.#isLoopback, fields),
    );
  }

  /** A read whose response is small enough to be read as a whole. */
  #readAtOnce<T>(
    endpoint: XtractaEndpoint,
    groupId: string | null,
    credential: XtractaCredential,
    call: UpstreamCall,
    classify: typeof classifyRead,
    payloadOf: (content: XmlElement, fields: FieldReader) => T | null,
    item?: CatalogueItemId,
  ): Promise<T> {
    const form = catalogueForm(credential.apiKey, groupId, item);
    const wire = { ...this.#request(endpoint, credential, form), maxResponseBytes: MAX_SMALL_READ_BYTES };
    const envelopes = this.#envelopes(endpoint, credential, call, ({ body }) => readXml(body, this.#limits));
    return this.#channel.read(wire, call, () => ({
      classify: (result) =>
        classify(
          endpoint.operation,
          result,
          envelopes,
          withFields(endpoint.operation, 'plan', call.observer, payloadOf),
          groupId !== null,
        ),
    }));
  }

  /** @param markers elements that mark a success, whole or not */
  #write<T>(
    endpoint: XtractaEndpoint,
    form: string,
    credential: XtractaCredential,
    call: UpstreamCall,
    namesGroup: boolean,
    markers: readonly [string, ...string[]],
    payloadOf: (content: XmlElement, fields: FieldReader) => WholePayload<T> | null,
  ): Promise<WriteOutcome<T>> {
    return this.#channel.write(this.#request(endpoint, credential, form), call, (result) =>
      classifyWrite(
        endpoint.operation,
        result,
        this.#envelopes(endpoint, credential, call, ({ body }) => readDocument(body, this.#limits)),
        withFields(endpoint.operation, markers[0], call.observer, payloadOf),
        ({ content }) => hasElement(content, ...markers),
        namesGroup,
      ),
    );
  }

  #request(endpoint: XtractaEndpoint, credential: XtractaCredential, form: string): ChannelRequest {
    const isRead = endpoint.kind === 'read';
    return {
      credentialId: credential.id,
      operation: endpoint.operation,
      url: `${this.#baseUrl}${endpoint.path}`,
      headers: { 'content-type': FORM_CONTENT_TYPE, accept: 'application/xml, text/xml' },
      body: form,
      timeoutMs: isRead ? this.#options.readTimeoutMs : this.#options.writeTimeoutMs,
      maxResponseBytes: isRead ? (this.#options.maxResponseBytes ?? MAX_READ_BYTES) : MAX_WRITE_BYTES,
    };
  }

  #envelopes(
    endpoint: XtractaEndpoint,
    credential: XtractaCredential,
    call: UpstreamCall,
    read: (response: TransportResponse) => XmlReading,
  ): EnvelopeReader {
    const drift = (field: string, refused?: string): void =>
      call.observer.drift({ endpoint: endpoint.operation, field, ...(refused === undefined ? {} : { refused }) });
    return (response) => {
      this.#clockAheadMs = response.headers.clockAheadMs ?? this.#clockAheadMs;
      const document = read(response);
      const envelope = readEnvelope(endpoint.operation, response, document, [credential.apiKey]);
      if (envelope === null || document.kind === 'invalid') {
        const refused = document.kind === 'invalid' ? document.reason : 'root';
        drift(elementLabel(document.kind === 'invalid' ? document.element : document.root), refused);
        return null;
      }
      if (envelope.verdict === 'invalid') drift('status', 'status');
      for (const oddity of document.oddities) drift(oddity);
      const { contentType } = response.headers;
      if (!/xml/i.test(contentType ?? '')) drift('content-type');
      if (contradictsBytes(contentType, document.isAscii)) drift('charset');
      return envelope;
    };
  }
}

/** Whether a `content-type` names a charset that contradicts the bytes, which decoded as UTF-8. */
function contradictsBytes(contentType: string | null, isAscii: boolean): boolean {
  const kind = labelKind(/;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType ?? '')?.[1]);
  return kind === 'ascii' ? !isAscii : kind !== 'utf-8';
}
