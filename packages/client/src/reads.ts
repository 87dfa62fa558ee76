import type {
  HistoryLineFragment,
  HistoryOfGroupQuery,
  PlanInForceFragment,
  PlanOfGroupQuery,
} from './__generated__/documents.ts';
import type { BillingResponse, ResponseError } from './transport.ts';

/** The reason why a read failed. */
export interface ReadProblem {
  /**
   * The gateway's code; `NO_RESPONSE` where the network failed, `UNREADABLE_RESPONSE` where the response was no GraphQL
   * response.
   */
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
}

/** The state of a part of a page. Loading, none and failed differ: only `none` means that there is nothing. */
export type Reading<Value> =
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly value: Value }
  | { readonly status: 'none' }
  | { readonly status: 'failed'; readonly problem: ReadProblem };

export type Plan = NonNullable<PlanInForceFragment['plan']>;

/** A plan, with the names of its unreadable fields, each of which is null. */
export interface PlanReading {
  readonly plan: Plan;
  readonly unreadable: readonly string[];
}

/** A row of the history, with the names of its unreadable fields. */
export type HistoryRow = HistoryLineFragment & { readonly unreadable: readonly string[] };

type Connection = NonNullable<NonNullable<HistoryOfGroupQuery['group']>['billingHistory']>;

export interface HistoryPage {
  readonly rows: readonly HistoryRow[];
  readonly totalCount: number;
  readonly summary: Connection['summary'];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** Reads a part of a response: `pick` finds it in the data, `path` in the errors. */
export function readPart<Data, Part>(
  response: BillingResponse<Data> | null,
  path: readonly (string | number)[],
  pick: (data: Data) => Part | null | undefined,
): Reading<Part> {
  if (response === null) return { status: 'loading' };
  if (response.kind !== 'response') return { status: 'failed', problem: problemOf(response) };
  const value = response.data === null ? null : pick(response.data);
  if (value !== null && value !== undefined) return { status: 'ready', value };
  // The reason is an error at any step of the path. An error without a path applies to every part.
  const error = response.errors.find((error) => isPrefix(error.path, path));
  if (error === undefined) return response.data === null ? { status: 'failed', problem: NOTHING } : { status: 'none' };
  return { status: 'failed', problem: { ...error, code: error.code ?? 'UNREADABLE_RESPONSE' } };
}

export function readPlan(response: BillingResponse<PlanOfGroupQuery> | null): Reading<PlanReading> {
  const path = ['group', 'plan'];
  const reading = readPart(response, path, ({ group }) => group?.plan);
  if (reading.status !== 'ready') return reading;
  return { status: 'ready', value: { plan: reading.value, unreadable: unreadableBelow(response, path) } };
}

export function readHistoryPage(response: BillingResponse<HistoryOfGroupQuery> | null): Reading<HistoryPage> {
  const path = ['group', 'billingHistory'];
  const reading = readPart(response, path, ({ group }) => group?.billingHistory);
  if (reading.status !== 'ready') return reading;
  const { nodes, totalCount, summary, pageInfo } = reading.value;
  const rows = nodes.map((row, index) => ({
    ...row,
    unreadable: unreadableBelow(response, [...path, 'nodes', index]),
  }));
  return {
    status: 'ready',
    value: { rows, totalCount, summary, hasNextPage: pageInfo.hasNextPage, endCursor: pageInfo.endCursor },
  };
}

/** The fields directly below a path that have an error themselves or below them. */
export function unreadableBelow(
  response: BillingResponse<unknown> | null,
  path: readonly (string | number)[],
): string[] {
  if (response?.kind !== 'response') return [];
  const below = response.errors.filter((error) => error.path.length > path.length && isPrefix(path, error.path));
  return [...new Set(below.map((error) => String(error.path[path.length])))];
}

/**
 * Adds the errors of the last response from the network that are still valid. Reason: a cache keeps the null but not
 * its error. An error is valid as long as the value at its path is null.
 */
export function withKeptErrors<Data>(
  response: BillingResponse<Data>,
  before: BillingResponse<Data> | null,
): BillingResponse<Data> {
  if (response.kind !== 'response' || before?.kind !== 'response') return response;
  const kept = before.errors.filter(
    (error) =>
      error.path.length > 0 &&
      valueAt(response.data, error.path) === null &&
      !response.errors.some((other) => isPrefix(other.path, error.path)),
  );
  return kept.length === 0 ? response : { ...response, errors: [...response.errors, ...kept] };
}

const NOTHING: ReadProblem = { code: 'UNREADABLE_RESPONSE', message: 'The response is empty.', requestId: null };

function problemOf(response: Exclude<BillingResponse<unknown>, { kind: 'response' }>): ReadProblem {
  return response.kind === 'noResponse'
    ? { code: 'NO_RESPONSE', message: 'The billing service could not be reached.', requestId: null }
    : { code: 'UNREADABLE_RESPONSE', message: 'The billing service answered something unexpected.', requestId: null };
}

function isPrefix(prefix: ResponseError['path'], path: ResponseError['path']): boolean {
  return prefix.every((step, index) => step === path[index]);
}

function valueAt(data: unknown, path: ResponseError['path']): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return value;
    value = Reflect.get(value, step);
  }
  return value;
}
