import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawRequest } from '../support/raw-upstream.js';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const fixture = (path: string): string => readFileSync(join(FIXTURES, path), 'utf8');

export const GROUP_ID = '494';

/** One of the three writes as a test sends it and as its upstream answers it. */
export interface WriteCase {
  readonly name: 'orderBoosterPack' | 'changePlan' | 'purchaseCredits';
  /** Answers `write { value { … } operation { … } userErrors { … } }` for each of the three. */
  readonly query: string;
  /**
   * The input of one intent: what is bought names the intent, so that an upstream that knows no keys can count per
   * intent.
   */
  readonly input: (intent: number, idempotencyKey: string) => Readonly<Record<string, unknown>>;
  /** The same key with something else in it. */
  readonly otherInput: (intent: number, idempotencyKey: string) => Readonly<Record<string, unknown>>;
  readonly responses: WriteResponses;
}

/** Bodies of an upstream. */
export interface WriteResponses {
  readonly success: string;
  readonly refusal: string;
  readonly contentType: string;
}

const OPERATION = `operation { idempotencyKey kind status replayed group { id } createdAt sentAt completedAt documentsMayHaveBeenDeleted }
  userErrors { code message field retryable upstreamStatus upstreamMessage } warnings { code }`;

const xml = (name: string): WriteResponses => ({
  success: fixture(`xtracta/${name}.xml`),
  refusal:
    '<?xml version="1.0"?><billings_response><status>400</status><message>Nobody sells this</message></billings_response>',
  contentType: 'text/xml; charset=UTF-8',
});

const orderInput = (intent: number, idempotencyKey: string) => ({
  idempotencyKey,
  packId: String(intent),
  groupId: GROUP_ID,
});

export const ORDER: WriteCase = {
  name: 'orderBoosterPack',
  query: `mutation Write($input: OrderBoosterPackInput!) { write: orderBoosterPack(input: $input) {
    value: pack { id name price { amount } quantity } ${OPERATION} } }`,
  input: orderInput,
  otherInput: (intent, idempotencyKey) => ({ ...orderInput(intent, idempotencyKey), quantity: 7 }),
  responses: xml('booster'),
};

export const PLAN_CHANGE: WriteCase = {
  name: 'changePlan',
  query: `mutation Write($input: ChangePlanInput!) { write: changePlan(input: $input) {
    value: plan { planId name price { amount } } ${OPERATION} } }`,
  input: (intent, idempotencyKey) => ({ idempotencyKey, planId: String(intent), groupId: GROUP_ID }),
  otherInput: (intent, idempotencyKey) => ({ idempotencyKey, planId: String(intent), groupId: '495' }),
  responses: xml('plan-update'),
};

const PURCHASE_PREFIX = '00000000-0000-4000-8000-';
const purchaseInput = (intent: number, idempotencyKey: string) => ({
  idempotencyKey,
  purchaseId: `${PURCHASE_PREFIX}${String(intent).padStart(12, '0')}`,
});

export const PURCHASE: WriteCase = {
  name: 'purchaseCredits',
  query: `mutation Write($input: PurchaseCreditsInput!) { write: purchaseCredits(input: $input) {
    value: purchase { id purchaseId grossTotal userId } ${OPERATION} } }`,
  input: purchaseInput,
  otherInput: (intent, idempotencyKey) => ({ ...purchaseInput(intent, idempotencyKey), purchaseOrder: 'PO-7' }),
  responses: {
    success: fixture('credits/purchase-response.json.txt').replace(/"Error": \{[^}]*\}/, '"Error": null'),
    refusal: '{"Error":{"ErrorCode":"DECLINED","ErrorReason":"The card was declined"},"ResponseData":null}',
    contentType: 'application/json; charset=utf-8',
  },
};

export const WRITES: readonly WriteCase[] = [ORDER, PLAN_CHANGE, PURCHASE];

/** What a request as it came over the wire asks for: null where it is a read. */
export function intentOf({ path, body }: RawRequest): { readonly write: WriteCase; readonly intent: number } | null {
  if (path.endsWith('/history')) return null;
  if (path.endsWith('/PurchaseCredits')) {
    const uuid = new RegExp(`${PURCHASE_PREFIX}(\\d{12})`).exec(body)?.[1];
    return { write: PURCHASE, intent: Number(uuid) };
  }
  const form = new URLSearchParams(body);
  return path.endsWith('/booster')
    ? { write: ORDER, intent: Number(form.get('pack_id')) }
    : { write: PLAN_CHANGE, intent: Number(form.get('plan_id')) };
}
