import type {
  HistoryLineFragment,
  HistoryOfGroupQuery,
  PlanInForceFragment,
  PlanOfGroupQuery,
} from './__generated__/documents.ts';
import type { Answer, AnswerError } from './transport.ts';

/** The reason why a read failed. */
export interface ReadProblem {
  /**
   * The gateway's code; `NO_ANSWER` where the network failed, `UNREADABLE_ANSWER` where the response was no GraphQL
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
  answer: Answer<Data> | null,
  path: readonly (string | number)[],
  pick: (data: Data) => Part | null | undefined,
): Reading<Part> {
  if (answer === null) return { status: 'loading' };
  if (answer.kind !== 'answer') return { status: 'failed', problem: problemOf(answer) };
  const value = answer.data === null ? null : pick(answer.data);
  if (value !== null && value !== undefined) return { status: 'ready', value };
  // The reason is an error at any step of the path. An error without a path applies to every part.
  const error = answer.errors.find((error) => isPrefix(error.path, path));
  if (error === undefined) return answer.data === null ? { status: 'failed', problem: NOTHING } : { status: 'none' };
  return { status: 'failed', problem: { ...error, code: error.code ?? 'UNREADABLE_ANSWER' } };
}

export function readPlan(answer: Answer<PlanOfGroupQuery> | null): Reading<PlanReading> {
  const path = ['group', 'plan'];
  const reading = readPart(answer, path, ({ group }) => group?.plan);
  if (reading.status !== 'ready') return reading;
  return { status: 'ready', value: { plan: reading.value, unreadable: unreadableBelow(answer, path) } };
}

export function readHistoryPage(answer: Answer<HistoryOfGroupQuery> | null): Reading<HistoryPage> {
  const path = ['group', 'billingHistory'];
  const reading = readPart(answer, path, ({ group }) => group?.billingHistory);
  if (reading.status !== 'ready') return reading;
  const { nodes, totalCount, summary, pageInfo } = reading.value;
  const rows = nodes.map((row, index) => ({ ...row, unreadable: unreadableBelow(answer, [...path, 'nodes', index]) }));
  return {
    status: 'ready',
    value: { rows, totalCount, summary, hasNextPage: pageInfo.hasNextPage, endCursor: pageInfo.endCursor },
  };
}

/** The fields directly below a path that have an error themselves or below them. */
export function unreadableBelow(answer: Answer<unknown> | null, path: readonly (string | number)[]): string[] {
  if (answer?.kind !== 'answer') return [];
  const below = answer.errors.filter((error) => error.path.length > path.length && isPrefix(path, error.path));
  return [...new Set(below.map((error) => String(error.path[path.length])))];
}

/**
 * Adds the errors of the last response from the network that are still valid. Reason: a cache keeps the null but not
 * its error. An error is valid as long as the value at its path is null.
 */
export function withKeptErrors<Data>(answer: Answer<Data>, before: Answer<Data> | null): Answer<Data> {
  if (answer.kind !== 'answer' || before?.kind !== 'answer') return answer;
  const kept = before.errors.filter(
    (error) =>
      error.path.length > 0 &&
      valueAt(answer.data, error.path) === null &&
      !answer.errors.some((other) => isPrefix(other.path, error.path)),
  );
  return kept.length === 0 ? answer : { ...answer, errors: [...answer.errors, ...kept] };
}

const NOTHING: ReadProblem = { code: 'UNREADABLE_ANSWER', message: 'The answer is empty.', requestId: null };

function problemOf(answer: Exclude<Answer<unknown>, { kind: 'answer' }>): ReadProblem {
  return answer.kind === 'noAnswer'
    ? { code: 'NO_ANSWER', message: 'The billing service could not be reached.', requestId: null }
    : { code: 'UNREADABLE_ANSWER', message: 'The billing service answered something unexpected.', requestId: null };
}

function isPrefix(prefix: AnswerError['path'], path: AnswerError['path']): boolean {
  return prefix.every((step, index) => step === path[index]);
}

function valueAt(data: unknown, path: AnswerError['path']): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return value;
    value = Reflect.get(value, step);
  }
  return value;
}
