import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import {
  createContext,
  createElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import {
  FindWriteDocument,
  HistoryOfGroupDocument,
  type HistoryOfGroupQueryVariables,
  OpenWritesDocument,
  PlanOfGroupDocument,
  SettleWriteDocument,
} from './__generated__/documents.ts';
import { type Intent, type IntentStore, mayStillArrive, type WriteSubject } from './intents.ts';
import {
  type HistoryPage,
  type HistoryRow,
  type PlanReading,
  type Reading,
  type ReadProblem,
  readHistoryPage,
  readPart,
  readPlan,
  withKeptErrors,
} from './reads.ts';
import type { BillingClient, BillingResponse, Watch } from './transport.ts';
import {
  type Attempts,
  type BillingWrite,
  type BillingWriteName,
  createBillingWrite,
  type WriteFacts,
  type WritePayload,
  type WriteState,
} from './write-flow.ts';

export type { HistoryRow, Plan, PlanReading, Reading, ReadProblem } from './reads.ts';
export { readPart, unreadableBelow } from './reads.ts';

/** Interval of checks for an unfinished write, in milliseconds. */
const POLL_MS = 10_000;

interface Billing {
  readonly client: BillingClient;
  readonly intents: IntentStore;
  readonly attempts: Attempts | undefined;
  readonly pollMs: number;
}

const BillingContext = createContext<Billing | null>(null);

export interface BillingProviderProps {
  /** From `apolloBilling` or `urqlBilling`. */
  readonly client: BillingClient;
  /** From `createIntentStore`: one store per signed-in user. */
  readonly intents: IntentStore;
  readonly attempts?: Attempts;
  /** Interval of checks for an unfinished write. Default: 10,000 ms. */
  readonly pollMs?: number;
  readonly children?: ReactNode;
}

/** Provides the client for the hooks below it. */
export function BillingProvider({ client, intents, attempts, pollMs = POLL_MS, children }: BillingProviderProps) {
  const billing = useMemo(() => ({ client, intents, attempts, pollMs }), [client, intents, attempts, pollMs]);
  return createElement(BillingContext.Provider, { value: billing }, children);
}

/** The client and the intents of the page. @throws Error outside of a BillingProvider. */
export function useBilling(): Billing {
  const billing = useContext(BillingContext);
  if (billing === null) throw new Error('This hook needs a <BillingProvider> above it.');
  return billing;
}

/** The latest response; null until the first. Reads anew when the variables change. */
export function useBillingQuery<Data, Variables extends object>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): { readonly response: BillingResponse<Data> | null; readonly refresh: () => void } {
  const { client } = useBilling();
  const question = JSON.stringify(variables);
  const [shown, setShown] = useState<{ readonly question: string; readonly response: BillingResponse<Data> } | null>(
    null,
  );
  const watch = useRef<Watch | null>(null);
  useEffect(() => {
    // The variables come from the question itself, so both always belong together.
    const asked: Variables = JSON.parse(question);
    const current = client.watch(document, asked, (response) =>
      setShown((before) => ({
        question,
        response: withKeptErrors(response, before?.question === question ? before.response : null),
      })),
    );
    watch.current = current;
    return () => current.stop();
  }, [client, document, question]);
  const refresh = useCallback(() => watch.current?.refresh(), []);
  return { response: shown?.question === question ? shown.response : null, refresh };
}

/** A group's plan in force. Only `none` means that there is no plan; `loading` and `failed` do not. */
export function useBillingPlan(
  groupId: string,
): Reading<PlanReading> & { readonly groupName: string | null; readonly refresh: () => void } {
  const { response, refresh } = useBillingQuery(PlanOfGroupDocument, { groupId });
  const groupName = response?.kind === 'response' ? (response.data?.group?.name ?? null) : null;
  return { ...readPlan(response), groupName, refresh };
}

export type BillingHistoryOptions = Omit<HistoryOfGroupQueryVariables, 'groupId' | 'first' | 'after'> & {
  /** Rows of a page, at most 5,000. Default: 20. */
  readonly pageSize?: number;
};

export interface BillingHistory {
  readonly rows: readonly HistoryRow[];
  /** Rows of the whole selection, not of the loaded rows. */
  readonly totalCount: number;
  readonly summary: HistoryPage['summary'];
  readonly hasMore: boolean;
}

/**
 * A group's history, page by page: the rows of all pages so far, in order, none twice. `loadMore` resolves to whether
 * it brought rows. A write restarts the list, because its cursors are no longer valid.
 */
export function useBillingHistory(
  groupId: string,
  { pageSize = 20, ...selection }: BillingHistoryOptions = {},
): Reading<BillingHistory> & {
  readonly loadMore: () => Promise<boolean>;
  readonly isLoadingMore: boolean;
  /** The reason why the last `loadMore` failed. The loaded rows stay. */
  readonly moreProblem: ReadProblem | null;
  readonly refresh: () => void;
} {
  const { client } = useBilling();
  const variables = { ...selection, groupId, first: pageSize };
  const question = JSON.stringify(variables);
  const { response, refresh } = useBillingQuery(HistoryOfGroupDocument, variables);
  const first = useMemo(() => readHistoryPage(response), [response]);
  const [more, setMore] = useState<{ readonly of: unknown; readonly pages: readonly HistoryPage[] }>(NO_PAGES);
  const [loading, setLoading] = useState(false);
  const [moreProblem, setMoreProblem] = useState<ReadProblem | null>(null);
  const pages = more.of === response ? more.pages : [];
  const last = pages.at(-1) ?? (first.status === 'ready' ? first.value : null);

  const underWay = useRef<Promise<boolean> | null>(null);
  const loadMore = useCallback((): Promise<boolean> => {
    if (last === null || !last.hasNextPage || last.endCursor === null) return Promise.resolve(false);
    const ask = async (after: string): Promise<boolean> => {
      setLoading(true);
      setMoreProblem(null);
      const next = await client.query(HistoryOfGroupDocument, { ...JSON.parse(question), after }, { fresh: true });
      const reading = readHistoryPage(next);
      if (reading.status === 'failed') setMoreProblem(reading.problem);
      if (reading.status !== 'ready') return false;
      setMore((before) => ({ of: response, pages: [...(before.of === response ? before.pages : []), reading.value] }));
      return reading.value.rows.length > 0;
    };
    underWay.current ??= ask(last.endCursor).finally(() => {
      underWay.current = null;
      setLoading(false);
    });
    return underWay.current;
  }, [client, question, response, last]);

  const reading = useMemo((): Reading<BillingHistory> => {
    if (first.status !== 'ready') return first;
    const { totalCount, summary } = first.value;
    const rows = [first.value, ...pages].flatMap((page) => page.rows);
    return { status: 'ready', value: { rows, totalCount, summary, hasMore: last?.hasNextPage === true } };
  }, [first, pages, last]);
  return { ...reading, loadMore, isLoadingMore: loading, moreProblem, refresh };
}

const NO_PAGES = { of: null, pages: [] } as const;

export interface BillingWriteHook<Name extends BillingWriteName>
  extends Pick<BillingWrite<Name>, 'send' | 'retry' | 'repeat' | 'check' | 'startAnew'> {
  readonly state: WriteState<WritePayload<Name>>;
  /** True while a click must not send anything, because the write is running or has ended. */
  readonly isBusy: boolean;
}

/**
 * The write of one form. The intent begins when the component mounts and is left when it unmounts, so mount it with the
 * form.
 *
 * @param intent names the form: the same name is the same intent, also after a reload
 */
export function useBillingWrite<Name extends BillingWriteName>(write: Name, intent: string): BillingWriteHook<Name> {
  const { client, intents, attempts, pollMs } = useBilling();
  const flow = useMemo(
    () => createBillingWrite({ write, client, intents, intent, ...(attempts === undefined ? {} : { attempts }) }),
    [write, client, intents, intent, attempts],
  );
  const state = useSyncExternalStore(
    flow.subscribe,
    () => flow.state,
    () => flow.state,
  );
  useEffect(() => {
    flow.enter();
    return () => flow.leave();
  }, [flow]);
  const { kind } = state;
  const isOpen = kind === 'unknown' || kind === 'inProgress' || kind === 'blocked' || kind === 'keyReused';
  useEffect(() => {
    if (!isOpen) return;
    const look = () => void flow.check();
    if (flow.state.kind === 'unknown' || flow.state.kind === 'inProgress') look();
    const timer = setInterval(look, pollMs);
    return () => clearInterval(timer);
  }, [flow, isOpen, pollMs]);
  const { send, retry, repeat, check, startAnew } = flow;
  return {
    state,
    isBusy: kind === 'sending' || kind === 'done' || kind === 'replayed',
    send,
    retry,
    repeat,
    check,
    startAnew,
  };
}

/** A write that has not ended, or that ended while the page was closed. */
export interface OpenWrite {
  readonly key: string;
  /** The gateway's facts; null where it has no record so far, and where it could not be reached. */
  readonly facts: WriteFacts | null;
  /** Whether the gateway could be reached. */
  readonly isLookedUp: boolean;
  /** Whether it has ended: without a record, or unsent, only half an hour after its last request. */
  readonly hasEnded: boolean;
  /** This browser's own description; null for a write from elsewhere. */
  readonly subject: WriteSubject | null;
}

/**
 * Writes under check: the gateway's writes that have not ended, and this browser's writes without a known outcome. It
 * also works after a reload. `dismiss` removes one that has ended, and no other.
 */
export function useOpenWrites(): Reading<readonly OpenWrite[]> & {
  readonly refresh: () => void;
  readonly settle: (key: string) => Promise<void>;
  readonly dismiss: (key: string) => void;
} {
  const { client, intents, pollMs } = useBilling();
  const [reading, setReading] = useState<Reading<readonly OpenWrite[]>>({ status: 'loading' });
  const [round, setRound] = useState(0);
  const refresh = useCallback(() => setRound((count) => count + 1), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round reads again
  useEffect(() => {
    let isCurrent = true;
    void readOpenWrites(client, intents).then((next) => {
      if (isCurrent) setReading(next);
    });
    return () => {
      isCurrent = false;
    };
  }, [client, intents, round]);
  const isAnyOpen = reading.status === 'ready' && reading.value.some(({ hasEnded }) => !hasEnded);
  useEffect(() => {
    if (!isAnyOpen) return;
    const timer = setInterval(refresh, pollMs);
    return () => clearInterval(timer);
  }, [isAnyOpen, pollMs, refresh]);
  const settle = useCallback(
    async (key: string) => {
      await client.mutate(SettleWriteDocument, { idempotencyKey: key });
      refresh();
    },
    [client, refresh],
  );
  const dismiss = useCallback(
    (key: string) => {
      const write = reading.status === 'ready' ? reading.value.find((each) => each.key === key) : undefined;
      const intent = intents.pending().find((each) => each.key === key);
      // It may have been sent again since it was read.
      if (write !== undefined && intent !== undefined && hasEnded(write, intent)) intents.end(intent.name, key);
      refresh();
    },
    [intents, reading, refresh],
  );
  return { ...reading, refresh, settle, dismiss };
}

async function readOpenWrites(client: BillingClient, intents: IntentStore): Promise<Reading<readonly OpenWrite[]>> {
  const response = await client.query(OpenWritesDocument, {}, { fresh: true });
  const reading = readPart(response, ['billingOperations'], ({ billingOperations }) => billingOperations.nodes);
  const known = reading.status === 'ready' ? reading.value : [];
  const writes: OpenWrite[] = known.map((facts) => ({
    key: facts.idempotencyKey,
    facts,
    isLookedUp: true,
    hasEnded: false,
    subject: null,
  }));
  for (const intent of intents.pending()) {
    const { key, subject } = intent;
    const index = writes.findIndex((write) => write.key === key);
    const listed = writes[index];
    if (listed === undefined) {
      const found = await findWrite(client, key);
      writes.push({ key, subject, ...found, hasEnded: hasEnded(found, intent) });
    } else writes[index] = { ...listed, subject };
  }
  if (writes.length > 0) return { status: 'ready', value: writes };
  return reading.status === 'ready' ? { status: 'none' } : reading;
}

type FoundWrite = Pick<OpenWrite, 'facts' | 'isLookedUp'>;

async function findWrite(client: BillingClient, idempotencyKey: string): Promise<FoundWrite> {
  const response = await client.query(FindWriteDocument, { idempotencyKey }, { fresh: true });
  const isLookedUp = response.kind === 'response' && response.errors.length === 0;
  return { facts: isLookedUp ? (response.data?.billingOperation ?? null) : null, isLookedUp };
}

function hasEnded({ facts, isLookedUp }: FoundWrite, intent: Intent): boolean {
  if (facts === null || facts.status === 'NOT_SENT') return isLookedUp && !mayStillArrive(intent);
  return facts.status === 'SUCCEEDED' || facts.status === 'REJECTED';
}
