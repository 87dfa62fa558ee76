import type { CatalogueItemId } from '../../domain/catalogue.js';
import type { BillingUiRequest, BoosterPackRequest, PlanChangeRequest } from '../../domain/purchases.js';
import type { HeldDocumentsAction } from '../../domain/write.js';

export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded; charset=UTF-8';

/** Which rows of which group: unix seconds, both ends included. */
export interface HistoryFormRequest {
  readonly groupId: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly recursive: boolean;
}

type Field = readonly [name: string, value: string | number | null];

/** Fields in the given order; null leaves the field out, so that no `undefined` or `null` is ever sent as text. */
function encodeForm(apiKey: string, fields: readonly Field[]): string {
  const form = new URLSearchParams({ api_key: apiKey });
  for (const [name, value] of fields) {
    if (value !== null) form.append(name, String(value));
  }
  return form.toString();
}

/** `recursive` is `1` or absent: the manual knows no `0`. */
export function historyForm(apiKey: string, request: HistoryFormRequest): string {
  return encodeForm(apiKey, [
    ['group_id', request.groupId],
    ['billing_from', request.fromSeconds],
    ['billing_to', request.toSeconds],
    ['recursive', request.recursive ? 1 : null],
  ]);
}

/**
 * @param groupId null: the group of the api key, which the upstream then takes
 * @param item only this one of a catalogue
 */
export function catalogueForm(apiKey: string, groupId: string | null, item?: CatalogueItemId): string {
  return encodeForm(apiKey, [
    ['group_id', groupId],
    ['plan_id', item !== undefined && 'planId' in item ? item.planId : null],
    ['pack_id', item !== undefined && 'packId' in item ? item.packId : null],
  ]);
}

/** `quantity` and `purge` always stand there: nobody should have to know the upstream's defaults. */
export function boosterForm(apiKey: string, request: BoosterPackRequest): string {
  return encodeForm(apiKey, [
    ['pack_id', request.packId],
    ['quantity', request.quantity],
    ['purge', purge(request.heldDocuments)],
    ['group_id', request.groupId],
  ]);
}

export function planForm(apiKey: string, request: PlanChangeRequest): string {
  return encodeForm(apiKey, [
    ['group_id', request.groupId],
    ['plan_id', request.planId],
    ['purge', purge(request.heldDocuments)],
  ]);
}

export function billingUiForm(apiKey: string, request: BillingUiRequest): string {
  return encodeForm(apiKey, [
    ['purge', purge(request.heldDocuments)],
    ['expire', request.expireSeconds],
  ]);
}

function purge(action: HeldDocumentsAction): string {
  return action === 'DELETE' ? 'delete' : 'process';
}
