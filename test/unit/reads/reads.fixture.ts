import type { Caller } from '../../../src/domain/caller.js';
import { BillingError } from '../../../src/domain/errors.js';
import type { UpstreamCall } from '../../../src/domain/upstream-call.js';
import type {
  BillingReads,
  HistoryClient,
  HistoryRequest,
  OperationBillingReads,
} from '../../../src/reads/billing-reads.js';
import { BillingReadsFactory } from '../../../src/reads/reads-factory.js';
import { recordedCall } from '../../support/upstream-call.js';
import { caller } from './activity.fixture.js';
import type { ModelGroup, ModelRow, UpstreamModel } from './upstream.model.js';

export const NOW_MS = Date.UTC(2024, 6, 1, 12);
export const NOW_SECONDS = NOW_MS / 1000;
export const DAY = 86_400;

export function readsFactory(
  client: HistoryClient,
  options: Partial<ConstructorParameters<typeof BillingReadsFactory>[0]> = {},
) {
  return new BillingReadsFactory({
    client,
    mergeWindows: true,
    maxUpstreamCalls: 100,
    clock: () => NOW_MS,
    ...options,
  });
}

const opened: OperationBillingReads[] = [];

/** The reads of a fresh operation. A test file that opens hundreds ends them by {@link endOperations}. */
export function operation(
  factory: BillingReadsFactory,
  fields: { readonly who?: Caller; readonly call?: UpstreamCall } = {},
): OperationBillingReads {
  const { who = caller({}), call = recordedCall().call } = fields;
  const reads = factory.forOperation({ caller: who, call });
  opened.push(reads);
  return reads;
}

/** Until an operation has ended, the timer of its deadline holds its factory, which has large caches, for 30 s. */
export function endOperations(): void {
  for (const reads of opened.splice(0)) reads.close();
}

export function historyRequest(groupId: string, fields: Partial<HistoryRequest> = {}): HistoryRequest {
  return {
    groupId,
    fromMs: null,
    toMs: null,
    includeSubgroups: false,
    activity: null,
    orderBy: 'START_DATE_DESC',
    first: null,
    after: null,
    last: null,
    before: null,
    ...fields,
  };
}

/** A row that started so many days before now and lasts a month. */
export function rowDaysAgo(id: string, days: number, fields: Partial<ModelRow> = {}): ModelRow {
  return { id, startSeconds: NOW_SECONDS - days * DAY, periodSeconds: 30 * DAY, ...fields };
}

/** Root 1 with groups 2 to `count` + 1 below it, each with one period in force. */
export function rootWithGroups(count: number): ModelGroup[] {
  const below = Array.from({ length: count }, (_, index) => String(index + 2));
  return [
    { id: '1', parent: null, rows: [rowDaysAgo('1000', 10)] },
    ...below.map((id) => ({ id, parent: '1', rows: [rowDaysAgo(`1${id}`, 10)] })),
  ];
}

export const ROOTED = caller({ root: '1' });

/** The ids of the groups of {@link rootWithGroups}. */
export const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index + 2));

export const plans = (reads: BillingReads, groupIds: readonly string[]) =>
  Promise.all(groupIds.map((id) => reads.plan(id, NOW_MS)));

export const codes = (results: readonly PromiseSettledResult<unknown>[]): string[] =>
  results.map((result) => {
    if (result.status === 'fulfilled') return 'ok';
    return result.reason instanceof BillingError ? result.reason.code : String(result.reason);
  });

/** Resolves when the upstream has been called and has not answered yet. */
export async function called(model: UpstreamModel): Promise<void> {
  const calls = model.calls;
  while (model.calls === calls) await new Promise((resolve) => process.nextTick(resolve));
}
