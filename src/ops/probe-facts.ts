import type { BillingActivity, BillingHistory } from '../domain/billing-history.js';
import type { ExaminedElement } from '../upstreams/xtracta/document-examination.js';
import type { Probe } from './doctor-checks.js';
import type { Reading } from './reading.js';
import { foreignDocument, TRANSPORT_REASONS, whyOfStatus } from './reading-reasons.js';
import { childrenOf, recordsOf, textOf } from './response-form.js';

/** The response in words, without any text of the upstream. */
export function responseText(probe: Probe | null): string {
  if (probe === null) return 'not read: the time was over';
  const { result, document } = probe;
  if (result.kind === 'failure') return TRANSPORT_REASONS[result.reason];
  const why = whyOfStatus(result.status);
  if (why !== null) return why;
  const status = statusCode(probe);
  const foreign = foreignDocument(document);
  return `HTTP ${result.status}${foreign === null ? (status === null ? '' : `, <status> ${status}`) : `, but ${foreign}`}`;
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
