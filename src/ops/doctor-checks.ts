import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { CreditsAuthorization } from '../config/config.js';
import type { BillingActivity, BillingHistory } from '../domain/billing-history.js';
import { CreditsTokens } from '../upstreams/credits/credits-token.js';
import { createGotTransport } from '../upstreams/http/got.transport.js';
import type { TransportResult } from '../upstreams/http/transport.js';
import { createUndiciTransport } from '../upstreams/http/undici.transport.js';
import {
  type ExaminedDocument,
  type ExaminedElement,
  examineDocument,
} from '../upstreams/xtracta/document-examination.js';
import { type Reading, readStored } from './reading.js';
import { foreignDocument, TRANSPORT_REASONS, unreadPayload, whyOfStatus } from './reading-reasons.js';
import { childrenOf, recordsOf, textOf } from './response-form.js';

/**
 * `fail`: the gateway cannot work. `doubt`: it works, but an operator should know. `open`: the reads do not settle it.
 */
export type Verdict = 'ok' | 'doubt' | 'fail' | 'open';

/** One line of the doctor's table. */
export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  /** The finding in one word, for programs; null without a finding. */
  readonly value: string | null;
  readonly seen: string;
  readonly means: string;
  /** The setting to change, or the subject of the finding; null: none. */
  readonly setting: string | null;
}

export function check(
  name: string,
  verdict: Verdict,
  value: string | null,
  seen: string,
  means: string,
  setting: string | null = null,
): Check {
  return { name, verdict, value, seen, means, setting };
}

/** A check that the responses do not settle. */
export function open(name: string, why: string): Check {
  return check(name, 'open', null, why, 'not settled');
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const MOST = 8;

/** Words of a response as a list: only a few, each cut short. */
export function listed(words: readonly string[]): string {
  const shown = words.slice(0, MOST).map((word) => word.slice(0, 60));
  const more = words.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}

type ClientCredentials = Extract<CreditsAuthorization, { kind: 'clientCredentials' }>;

/** Fetches one token as the gateway does, and drops it. */
export async function tokenCheck(credentials: ClientCredentials, timeoutMs: number): Promise<Check> {
  const transport = createGotTransport();
  const call = {
    requestId: 'doctor',
    tenantId: 'doctor',
    observer: { attempt: () => undefined, drift: () => undefined },
  };
  try {
    const found = await new CreditsTokens(transport).authorize({ ...credentials, id: 'doctor' }, timeoutMs, call);
    if (found.kind === 'authorization') {
      return check('token', 'ok', 'issued', 'the token endpoint issues a token', 'purchases can be authorised');
    }
    return found.code === 'UPSTREAM_UNAUTHENTICATED'
      ? check(
          'token',
          'fail',
          'refused',
          'the token endpoint refuses the client',
          'no purchase can be made',
          'CREDITS_CLIENT_ID, CREDITS_CLIENT_SECRET',
        )
      : check(
          'token',
          'fail',
          'no token',
          'the token endpoint gives no token that can be used',
          'no purchase can be made',
          'CREDITS_TOKEN_URL',
        );
  } finally {
    transport.close();
  }
}

/** The state of a host before any credential is sent to it. */
export interface Reach {
  readonly host: string;
  /** Addresses of the name; null: the name could not be resolved. */
  readonly addresses: readonly string[] | null;
  /** Null over plain HTTP, and where the TLS connection failed. */
  readonly tls: { readonly protocol: string; readonly expiresAt: Date | null } | null;
  /** Null: the host responded over HTTP. Else the code of the fault: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `timeout`. */
  readonly fault: string | null;
  /** Clock of this machine minus the upstream's, in seconds, by its `Date` header; null without one. */
  readonly clockSkewSeconds: number | null;
  readonly durationMs: number;
}

/** Sends a HEAD request to the base URL, without a credential, and reads no body. Never throws. */
export async function reach(baseUrl: string, timeoutMs: number): Promise<Reach> {
  const url = new URL(baseUrl);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const startMs = performance.now();
  const nothing = { host, tls: null, clockSkewSeconds: null };
  const addresses = await within(timeoutMs, addressesOf(host));
  if (addresses === null) {
    return { ...nothing, addresses, fault: 'ENOTFOUND', durationMs: performance.now() - startMs };
  }
  const head = await askHead(url, Math.max(1, timeoutMs - (performance.now() - startMs)));
  return { ...nothing, addresses, ...head, durationMs: performance.now() - startMs };
}

async function addressesOf(host: string): Promise<readonly string[] | null> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return null;
  }
}

/** The result of the work; null where it takes longer. */
function within<T>(timeoutMs: number, work: Promise<T | null>): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), timeoutMs);
    void work.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

type Head = Pick<Reach, 'tls' | 'fault' | 'clockSkewSeconds'>;

function askHead(url: URL, timeoutMs: number): Promise<Head> {
  const { promise, resolve } = Promise.withResolvers<Head>();
  const startedAtMs = Date.now();
  const request = (url.protocol === 'https:' ? https : http).request(
    url,
    { method: 'HEAD', agent: false },
    (response) => {
      const halfwayMs = (startedAtMs + Date.now()) / 2;
      // The header has whole seconds, so half a second is the best estimate of the rest.
      const theirMs = Date.parse(response.headers.date ?? '') + 500;
      resolve({
        tls: 'getPeerCertificate' in response.socket ? tlsOf(response.socket as TLSSocket) : null,
        fault: null,
        clockSkewSeconds: Number.isNaN(theirMs) ? null : (halfwayMs - theirMs) / 1000,
      });
      request.destroy();
    },
  );
  const timer = setTimeout(() => {
    resolve({ tls: null, fault: 'timeout', clockSkewSeconds: null });
    request.destroy();
  }, timeoutMs);
  request.on('close', () => clearTimeout(timer));
  request.on('error', (error) => {
    resolve({ tls: null, fault: 'code' in error ? String(error.code) : 'error', clockSkewSeconds: null });
  });
  request.end();
  return promise;
}

function tlsOf(socket: TLSSocket): Reach['tls'] {
  const expiresAt = new Date(socket.getPeerCertificate().valid_to);
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    expiresAt: Number.isNaN(expiresAt.getTime()) ? null : expiresAt,
  };
}

/** The endpoints that the doctor may call. The type has no name of an endpoint that writes. */
export type ReadEndpoint = 'history' | 'usage' | 'plans';

/** One read: the response, its XML document, and the gateway's reading of it. */
export interface Probe {
  readonly label: string;
  readonly endpoint: ReadEndpoint;
  /** The form of the request, without the api key. */
  readonly form: Readonly<Record<string, string>>;
  readonly result: TransportResult;
  readonly body: Buffer;
  readonly durationMs: number;
  readonly document: ExaminedDocument;
  /** Null without a complete response. */
  readonly reading: Reading | null;
}

export interface ProberOptions {
  readonly baseUrl: string;
  readonly cataloguePath: string;
  readonly apiKey: string;
  readonly readTimeoutMs: number;
  /** End of all probes, on the clock of `performance.now()`. */
  readonly deadlineMs: number;
}

const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/** Sends reads by the gateway's own transport, each once. Mutable: it keeps the probes so far. */
export class Prober {
  readonly probes: Probe[] = [];
  readonly #options: ProberOptions;
  readonly #transport = createUndiciTransport();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  close(): void {
    this.#transport.close();
  }

  /** Null when the time for all probes is over. */
  async read(label: string, endpoint: ReadEndpoint, form: Readonly<Record<string, string>>): Promise<Probe | null> {
    const { baseUrl, apiKey, readTimeoutMs, deadlineMs } = this.#options;
    const startMs = performance.now();
    if (startMs >= deadlineMs) return null;
    const chunks: Buffer[] = [];
    const result = await this.#transport.send({
      url: `${baseUrl}${this.#path(endpoint)}`,
      kind: 'read',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        accept: 'application/xml, text/xml',
      },
      body: new URLSearchParams({ api_key: apiKey, ...form }).toString(),
      timeoutMs: Math.min(readTimeoutMs, deadlineMs - startMs),
      maxResponseBytes: MAX_RESPONSE_BYTES,
      sink: {
        write: (chunk) => {
          chunks.push(Buffer.from(chunk));
          return undefined;
        },
      },
    });
    const durationMs = performance.now() - startMs;
    const body = Buffer.concat(chunks);
    const reading = result.kind === 'failure' ? null : await this.#readingOf(endpoint, result, body);
    const probe = { label, endpoint, form, result, body, durationMs, document: examineDocument(body), reading };
    this.probes.push(probe);
    return probe;
  }

  #path(endpoint: ReadEndpoint): string {
    return endpoint === 'plans' ? this.#options.cataloguePath : `/v1/billings/${endpoint}`;
  }

  #readingOf(
    endpoint: ReadEndpoint,
    result: Extract<TransportResult, { kind: 'response' }>,
    body: Buffer,
  ): Promise<Reading> {
    const options = { xtractaUrl: this.#options.baseUrl, quantity: null, groupId: null };
    return readStored(endpoint, Buffer.concat([headOf(result, body), body]), options);
  }
}

/** The head of a response, with the headers that the gateway reads. */
export function headOf(result: Extract<TransportResult, { kind: 'response' }>, body: Buffer): Buffer {
  const { contentType } = result.headers;
  const lines = [
    `HTTP/1.1 ${result.status} `,
    ...(contentType === null ? [] : [`content-type: ${contentType.replace(/[^\x20-\x7e]/g, '?')}`]),
    `content-length: ${body.byteLength}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The response in words, without any text of the upstream. */
export function responseText(probe: Probe | null): string {
  if (probe === null) return 'not read: the time was over';
  const { result, document } = probe;
  if (result.kind === 'failure') return TRANSPORT_REASONS[result.reason];
  const why = whyOfStatus(result.status);
  if (why !== null) return why;
  const status = statusCode(probe);
  const foreign = foreignDocument(document);
  if (foreign !== null) return `HTTP ${result.status}, but ${foreign}`;
  const unread = probe.reading?.result.kind === 'error' ? unreadPayload(result.status, document) : '';
  return `HTTP ${result.status}${status === null ? '' : `, <status> ${status}`}${unread}`;
}

export function statusCode({ document }: Probe): string | null {
  const [status] = document.root === null ? [] : childrenOf(document.root, 'status');
  const text = status?.text.trim() ?? '';
  return /^\d{1,3}$/.test(text) ? text : null;
}

export function isRead(probe: Probe | null): probe is Probe & { readonly reading: Reading } {
  return probe?.reading?.result.kind === 'value';
}

export function isNotFound(probe: Probe | null): boolean {
  return probe?.reading?.result.kind === 'error' && probe.reading.result.code === 'NOT_FOUND';
}

export function groupIdOf(record: ExaminedElement): string | null {
  return /^0*([1-9]\d{0,17})$/.exec(textOf(record, 'group_id') ?? '')?.[1] ?? null;
}

export function recordsIn(probe: Probe | null): readonly ExaminedElement[] {
  return probe === null ? [] : recordsOf('history', probe.document);
}

export function activitiesOf(probe: Probe | null): readonly BillingActivity[] {
  const result = probe?.reading?.result;
  return result?.kind === 'value' && isHistory(result.value) ? result.value.activities : [];
}

function isHistory(value: object): value is BillingHistory {
  return 'activities' in value && Array.isArray(value.activities);
}
