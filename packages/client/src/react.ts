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
import { createIntentStore, type IntentStore, type WriteSubject } from './intents.ts';
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
import type { Answer, BillingClient, Watch } from './transport.ts';
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

/** How often something that has not ended is looked up, in milliseconds. */
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
  /** Default: kept in `localStorage`. */
  readonly intents?: IntentStore;
  readonly attempts?: Attempts;
  /** How often something that has not ended is looked up. Default: 10,000 ms. */
  readonly pollMs?: number;
  readonly children?: ReactNode;
}

/** Gives the hooks below it their client. */
export function BillingProvider({ client, intents, attempts, pollMs = POLL_MS, children }: BillingProviderProps) {
  const billing = useMemo(
    () => ({ client, intents: intents ?? createIntentStore(), attempts, pollMs }),
    [client, intents, attempts, pollMs],
  );
  return createElement(BillingContext.Provider, { value: billing }, children);
}

/** The client and the intents of the page. @throws Error outside of a BillingProvider. */
export function useBilling(): Billing {
  const billing = useContext(BillingContext);
  if (billing === null) throw new Error('This hook needs a <BillingProvider> above it.');
  return billing;
}

/** An answer as it is now: null until the first. Reads anew when the variables change. */
export function useAnswer<Data, Variables extends object>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): { readonly answer: Answer<Data> | null; readonly refresh: () => void } {
  const { client } = useBilling();
  const question = JSON.stringify(variables);
  const [shown, setShown] = useState<{ readonly question: string; readonly answer: Answer<Data> } | null>(null);
  const watch = useRef<Watch | null>(null);
  useEffect(() => {
    // A new question reads the variables that it was made of.
    const asked: Variables = JSON.parse(question);
    const current = client.watch(document, asked, (answer) =>
      setShown((before) => ({
        question,
        answer: withKeptErrors(answer, before?.question === question ? before.answer : null),
      })),
    );
    watch.current = current;
    return () => current.stop();
  }, [client, document, question]);
  const refresh = useCallback(() => watch.current?.refresh(), []);
  return { answer: shown?.question === question ? shown.answer : null, refresh };
}

/** A group's plan in force. `none` means that there is none; `loading` and `failed` do not. */
export function useBillingPlan(
  groupId: string,
): Reading<PlanReading> & { readonly groupName: string | null; readonly refresh: () => void } {
  const { answer, refresh } = useAnswer(PlanOfGroupDocument, { groupId });
  const groupName = answer?.kind === 'answer' ? (answer.data?.group?.name ?? null) : null;
  return { ...readPlan(answer), groupName, refresh };
}

export type BillingHistoryOptions = Omit<HistoryOfGroupQueryVariables, 'groupId' | 'first' | 'after'> & {
  /** Rows of a page, at most 5,000. Default: 20. */
  readonly pageSize?: number;
};

export interface BillingHistory {
  readonly rows: readonly HistoryRow[];
  /** Of the whole selection, not of the rows that are loaded. */
  readonly totalCount: number;
  readonly summary: HistoryPage['summary'];
  readonly hasMore: boolean;
}

/**
 * A group's history, page by page: the rows of all pages so far, in order, none twice. `loadMore` resolves to whether it brought rows. A
 * write begins the list anew, because its cursors have ended.
 */
export function useBillingHistory(
  groupId: string,
  { pageSize = 20, ...selection }: BillingHistoryOptions = {},
): Reading<BillingHistory> & {
  readonly loadMore: () => Promise<boolean>;
  readonly isLoadingMore: boolean;
  /** Why the last `loadMore` failed. The rows so far stand. */
  readonly moreProblem: ReadProblem | null;
  readonly refresh: () => void;
} {
  const { client } = useBilling();
  const variables = { ...selection, groupId, first: pageSize };
  const question = JSON.stringify(variables);
  const { answer, refresh } = useAnswer(HistoryOfGroupDocument, variables);
  const first = useMemo(() => readHistoryPage(answer), [answer]);
  const [more, setMore] = useState<{ readonly of: unknown; readonly pages: readonly HistoryPage[] }>(NO_PAGES);
  const [loading, setLoading] = useState(false);
  const [moreProblem, setMoreProblem] = useState<ReadProblem | null>(null);
  const pages = more.of === answer ? more.pages : [];
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
      setMore((before) => ({ of: answer, pages: [...(before.of === answer ? before.pages : []), reading.value] }));
      return reading.value.rows.length > 0;
    };
    underWay.current ??= ask(last.endCursor).finally(() => {
      underWay.current = null;
      setLoading(false);
    });
    return underWay.current;
  }, [client, question, answer, last]);

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
  /** True while a click must not send anything: under way, or ended. */
  readonly isBusy: boolean;
}

/**
 * The write of one form. The intent begins when the component appears and is left when it goes, so mount it with the form.
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
  const isOpen = kind === 'unknown' || kind === 'inProgress' || kind === 'blocked';
  useEffect(() => {
    if (!isOpen) return;
    const look = () => void flow.check();
    if (flow.state.kind !== 'blocked') look();
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

/** A write that has not ended, or that ended while the page was away. */
export interface OpenWrite {
  readonly key: string;
  /** As the gateway has it; null where it has no record, and where it could not be asked. */
  readonly facts: WriteFacts | null;
  /** Whether the gateway could be asked. */
  readonly isLookedUp: boolean;
  /** As this browser remembers it; null for a write of somebody else. */
  readonly subject: WriteSubject | null;
}

/**
 * What is still being checked: writes of the gateway that have not ended, and those that this browser sent and never saw end. Also after a
 * reload. `dismiss` forgets one that has ended.
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks again
  useEffect(() => {
    let isCurrent = true;
    void readOpenWrites(client, intents).then((next) => {
      if (isCurrent) setReading(next);
    });
    return () => {
      isCurrent = false;
    };
  }, [client, intents, round]);
  const isAnyOpen =
    reading.status === 'ready' && reading.value.some(({ facts }) => facts === null || isOpenStatus(facts));
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
      for (const intent of intents.pending()) if (intent.key === key) intents.end(intent.name);
      refresh();
    },
    [intents, refresh],
  );
  return { ...reading, refresh, settle, dismiss };
}

async function readOpenWrites(client: BillingClient, intents: IntentStore): Promise<Reading<readonly OpenWrite[]>> {
  const answer = await client.query(OpenWritesDocument, {}, { fresh: true });
  const reading = readPart(answer, ['billingOperations'], ({ billingOperations }) => billingOperations.nodes);
  const known = reading.status === 'ready' ? reading.value : [];
  const writes: OpenWrite[] = known.map((facts) => ({
    key: facts.idempotencyKey,
    facts,
    isLookedUp: true,
    subject: null,
  }));
  for (const { key, subject } of intents.pending()) {
    const index = writes.findIndex((write) => write.key === key);
    const listed = writes[index];
    if (listed === undefined) writes.push({ key, subject, ...(await findWrite(client, key)) });
    else writes[index] = { ...listed, subject };
  }
  if (writes.length > 0) return { status: 'ready', value: writes };
  return reading.status === 'ready' ? { status: 'none' } : reading;
}

async function findWrite(
  client: BillingClient,
  idempotencyKey: string,
): Promise<Pick<OpenWrite, 'facts' | 'isLookedUp'>> {
  const answer = await client.query(FindWriteDocument, { idempotencyKey }, { fresh: true });
  const isLookedUp = answer.kind === 'answer' && answer.errors.length === 0;
  return { facts: isLookedUp ? (answer.data?.billingOperation ?? null) : null, isLookedUp };
}

function isOpenStatus({ status }: WriteFacts): boolean {
  return status === 'IN_PROGRESS' || status === 'OUTCOME_UNKNOWN';
}
