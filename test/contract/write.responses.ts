import { expect } from '@jest/globals';
import type { ContractWorld } from './contract.harness.js';

export interface WriteResponse {
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly operation: Readonly<Record<string, unknown>> | null;
  readonly warnings: readonly object[];
  readonly userErrors: readonly { readonly code: string }[];
}

const ABOUT = `operation { idempotencyKey kind status replayed group { id } documentsMayHaveBeenDeleted evidence { id kind } }
  warnings { code } userErrors { code upstreamStatus retryable }`;

const ORDER = `mutation Order($input: OrderBoosterPackInput!) { write: orderBoosterPack(input: $input) {
  value: pack { id name allowedDocuments price { amount currency } quantity group { id } }
  summary { totalUsedDocuments totalAvailableDocuments } ${ABOUT} } }`;
const CHANGE = `mutation Change($input: ChangePlanInput!) { write: changePlan(input: $input) {
  value: plan { planId name type typeRaw price { amount currency } allowedDocuments usedDocuments remainingDocuments startDate expiryDate }
  group { plan { name usedDocuments startDate expiryDate } } ${ABOUT} } }`;
const PURCHASE = `mutation Purchase($input: PurchaseCreditsInput!) { write: purchaseCredits(input: $input) {
  value: purchase { id purchaseId datePurchased currency netTotal tax grossTotal unitPrice quantity paid purchaseType invoiceNumber
    result userId } ${ABOUT} } }`;
const RECONCILE = `mutation Reconcile($key: ID!) { write: reconcileBillingOperation(idempotencyKey: $key) {
  operation { status evidence { kind } } userErrors { code } } }`;
const RESOLVE = `mutation Resolve($input: ResolveBillingOperationInput!) { write: resolveBillingOperation(input: $input) {
  operation { status } userErrors { code } } }`;

type Input = Readonly<Record<string, unknown>> & { readonly idempotencyKey: string };

async function write<T>(world: ContractWorld, query: string, variables: Readonly<Record<string, unknown>>): Promise<T> {
  const { data, errors } = await world.ask<{ write: T }>(query, variables);
  expect(errors).toEqual([]);
  if (data === null || data === undefined) throw new Error('no data');
  return data.write;
}

export const order = (world: ContractWorld, input: Input) =>
  write<WriteResponse & { readonly summary: object | null }>(world, ORDER, { input });
export const changePlan = (world: ContractWorld, input: Input) =>
  write<WriteResponse & { readonly group: object | null }>(world, CHANGE, { input });
export const purchase = (world: ContractWorld, input: Input) => write<WriteResponse>(world, PURCHASE, { input });
export const reconcile = (world: ContractWorld, key: string) => write<WriteResponse>(world, RECONCILE, { key });
export const resolve = (world: ContractWorld, key: string, outcome: 'SUCCEEDED' | 'REJECTED') =>
  write<WriteResponse>(world, RESOLVE, {
    input: { idempotencyKey: key, outcome, note: 'Looked up on the billing page.' },
  });

/** The same response as a replay from the ledger. Only the fields of the ledger's row differ. */
export function replayed<T extends WriteResponse>(response: T): T {
  return { ...response, operation: { ...response.operation, replayed: true } };
}
