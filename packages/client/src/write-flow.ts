import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import {
  BuyCreditsDocument,
  type BuyCreditsMutation,
  type ChangePlanInput,
  ChangeToPlanDocument,
  type ChangeToPlanMutation,
  type ExpectedPriceInput,
  FindWriteDocument,
  type OrderBoosterPackInput,
  OrderPacksDocument,
  type OrderPacksMutation,
  type PurchaseCreditsInput,
  SettleWriteDocument,
  type WriteFactsFragment,
  type WriteProblemFragment,
} from './__generated__/documents.ts';
import { isPlainDecimal, type MoneyText } from './figures.ts';
import {
  digestOf,
  type Intent,
  type IntentStore,
  mayStillArrive,
  now,
  randomKey,
  type WriteSubject,
} from './intents.ts';
import type { BillingClient, BillingResponse } from './transport.ts';

/** The writes that charge, with the input and the payload of each. */
export interface BillingWrites {
  orderBoosterPack: {
    input: Omit<OrderBoosterPackInput, 'idempotencyKey'>;
    payload: OrderPacksMutation['orderBoosterPack'];
  };
  changePlan: { input: Omit<ChangePlanInput, 'idempotencyKey'>; payload: ChangeToPlanMutation['changePlan'] };
  purchaseCredits: {
    input: Omit<PurchaseCreditsInput, 'idempotencyKey'>;
    payload: BuyCreditsMutation['purchaseCredits'];
  };
}
export type BillingWriteName = keyof BillingWrites;
export type WriteInput<Name extends BillingWriteName> = BillingWrites[Name]['input'];
export type WritePayload<Name extends BillingWriteName> = BillingWrites[Name]['payload'];

/** A write in the gateway's ledger. */
export type WriteFacts = WriteFactsFragment;
/** The reason of a refusal: the payload's user error, or an error of a request that never became a write. */
export type WriteProblem = Pick<WriteProblemFragment, 'message' | 'upstreamMessage' | 'field'> & {
  readonly code: string;
  readonly requestId?: string | null;
};

/** The state of a write for a page. Every state is the truth as far as it is known. */
export type WriteState<Payload> =
  /** The form is open and nothing was sent. */
  | { readonly kind: 'editing' }
  /** Running. `attempt` is above 1 when no response came and the same request is sent again. */
  | { readonly kind: 'sending'; readonly attempt: number }
  /** Carried out. `payload` is null where a check of the ledger showed it. */
  | { readonly kind: 'done'; readonly payload: Payload | null; readonly operation: WriteFacts | null }
  /** Carried out by an earlier request with this key: nothing was sent this time. */
  | { readonly kind: 'replayed'; readonly payload: Payload; readonly operation: WriteFacts | null }
  /**
   * Not carried out, and the same request would be refused again. `problem` is null where a check of the ledger showed
   * it.
   */
  | { readonly kind: 'refused'; readonly problem: WriteProblem | null; readonly operation: WriteFacts | null }
  /** Not sent: an equal write succeeded or is running. `repeat()` sends it on purpose. */
  | { readonly kind: 'duplicate'; readonly of: WriteFacts | null }
  /** Not sent: an earlier write on the same group or account has not ended. `check()` reads its state. */
  | { readonly kind: 'blocked'; readonly by: WriteFacts | null }
  /**
   * It is not known whether it was carried out. `check()` reads its state; never make another write by hand. To send
   * the same again is safe, because it has the same key.
   */
  | {
      readonly kind: 'unknown';
      /**
       * `NOT_RECEIVED`: the gateway has no record of the write so far; `NOT_SENT`: it has not sent the write so far. In
       * both cases a request may still be on its way.
       */
      readonly cause:
        | 'OUTCOME_UNKNOWN'
        | 'NO_RESPONSE'
        | 'UNREADABLE_RESPONSE'
        | 'LEFT_OPEN'
        | 'NOT_RECEIVED'
        | 'NOT_SENT';
      readonly operation: WriteFacts | null;
      readonly subject: WriteSubject | null;
      /** The reason why the last request was refused, while an earlier one may still be on its way. */
      readonly problem: WriteProblem | null;
    }
  /** This write is still being carried out. */
  | { readonly kind: 'inProgress'; readonly operation: WriteFacts | null }
  /** Not carried out yet, and it may be tried again with `retry()`. */
  | {
      readonly kind: 'later';
      /**
       * A code of the gateway; `NOT_RECEIVED`, `NOT_SENT`: half an hour after the last request the gateway has no
       * record of the write, or has not sent it; `UNBLOCKED`: the earlier write has ended.
       */
      readonly reason: string;
      readonly problem: WriteProblem | null;
      /** The earlier write that blocked this one, with its outcome. */
      readonly earlier: WriteFacts | null;
    }
  /**
   * The user changed the form after it had been sent. `first` is the state of the sent version. Nothing else was sent.
   */
  | { readonly kind: 'keyReused'; readonly first: WriteFacts | null };

export type WriteStateKind = WriteState<unknown>['kind'];
type UnknownState = Extract<WriteState<unknown>, { readonly kind: 'unknown' }>;

export interface Attempts {
  /** Most requests of one `send`, including the first. */
  readonly most: number;
  /** Waits before the next attempt; `attempt` is the number of attempts so far. */
  wait(attempt: number): Promise<void>;
}

/** Sends again after 1, 2 and 4 seconds. */
export const PATIENT: Attempts = {
  most: 4,
  wait: (attempt) => new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt)),
};

export interface BillingWriteOptions<Name extends BillingWriteName> {
  readonly write: Name;
  readonly client: BillingClient;
  readonly intents: IntentStore;
  /** Names the form among the page's forms; one form, one intent. */
  readonly intent: string;
  readonly attempts?: Attempts;
}

/** One form's write, without a framework. */
export interface BillingWrite<Name extends BillingWriteName> {
  readonly state: WriteState<WritePayload<Name>>;
  /** Calls the listener at each change. Returns the function that ends it. */
  subscribe(listener: () => void): () => void;
  /** The form opens (again). An unfinished write of this form becomes `unknown` and must be checked. */
  enter(): void;
  /**
   * The user leaves the form. The store forgets an intent that was never sent, and keeps a sent one until it has ended.
   */
  leave(): void;
  /** Sends once. While the write is running and after it has ended, it returns the same promise and the same state. */
  send(input: WriteInput<Name>): Promise<WriteState<WritePayload<Name>>>;
  /** Sends the last input again, with its key. */
  retry(): Promise<WriteState<WritePayload<Name>>>;
  /** After `duplicate`: sends it although an equal one exists. */
  repeat(): Promise<WriteState<WritePayload<Name>>>;
  /** Reads the state of this write, or of the write that blocks it. Sends nothing that charges. */
  check(): Promise<WriteState<WritePayload<Name>>>;
  /** The user wants another one: a new intent, in the same form. */
  startAnew(): void;
}

interface WriteDocument<Name extends BillingWriteName> {
  readonly kind: WriteSubject['kind'];
  readonly document: TypedDocumentNode<
    { readonly [Field in Name]: WritePayload<Name> },
    { input: WriteInput<Name> & { idempotencyKey: string } }
  >;
}

const WRITES: { readonly [Name in BillingWriteName]: WriteDocument<Name> } = {
  orderBoosterPack: { kind: 'ORDER_BOOSTER_PACK', document: OrderPacksDocument },
  changePlan: { kind: 'CHANGE_PLAN', document: ChangeToPlanDocument },
  purchaseCredits: { kind: 'PURCHASE_CREDITS', document: BuyCreditsDocument },
};

/** Codes of requests that never became a write. */
const NEVER_A_WRITE =
  /^(?:UNAUTHENTICATED|FORBIDDEN|BAD_USER_INPUT|BAD_REQUEST|OPERATION_TOO_COMPLEX|NOT_FOUND|NOT_CONFIGURED|GRAPHQL_\w+|PERSISTED_\w+|OPERATION_RESOLUTION_FAILURE)$/;

type Payload = WritePayload<BillingWriteName>;

/**
 * The state of a write by its response: the whole policy, without I/O.
 *
 * @param key the idempotency key that was sent
 */
export function stateOfResponse<Name extends BillingWriteName>(
  response: BillingResponse<{ readonly [Field in Name]: WritePayload<Name> }>,
  write: Name,
  key: string,
  subject: WriteSubject | null,
): WriteState<WritePayload<Name>> {
  if (response.kind === 'noResponse') return unknown('NO_RESPONSE', subject);
  if (response.kind === 'unreadable') return unknown('UNREADABLE_RESPONSE', subject);
  const payload = response.data?.[write];
  if (payload !== undefined && payload !== null) return stateOfPayload(payload, key, subject);
  const [error] = response.errors;
  if (error === undefined || error.code === null) return unknown('UNREADABLE_RESPONSE', subject);
  const problem = { ...error, code: error.code, upstreamMessage: null, field: null };
  if (error.retryable) return { kind: 'later', reason: error.code, problem, earlier: null };
  return NEVER_A_WRITE.test(error.code)
    ? { kind: 'refused', problem, operation: null }
    : // An error of a router, or a fault of the gateway: it does not show whether the write was sent.
      unknown('UNREADABLE_RESPONSE', subject);
}

function unknown(
  cause: UnknownState['cause'],
  subject: WriteSubject | null,
  operation: WriteFacts | null = null,
  problem: WriteProblem | null = null,
): UnknownState {
  return { kind: 'unknown', cause, operation, subject, problem };
}

function stateOfPayload<P extends Payload>(payload: P, key: string, subject: WriteSubject | null): WriteState<P> {
  const { operation } = payload;
  const [problem] = payload.userErrors;
  if (problem === undefined) return { kind: operation?.replayed === true ? 'replayed' : 'done', payload, operation };
  switch (problem.code) {
    case 'OUTCOME_UNKNOWN':
      return unknown('OUTCOME_UNKNOWN', subject, operation);
    case 'PRIOR_OUTCOME_UNKNOWN':
      return { kind: 'blocked', by: operation };
    case 'OPERATION_IN_PROGRESS':
      return operation === null || operation.idempotencyKey === key
        ? { kind: 'inProgress', operation }
        : { kind: 'blocked', by: operation };
    case 'IDEMPOTENCY_KEY_REUSED':
      return { kind: 'keyReused', first: operation };
    default:
      if (isDuplicate(problem.code)) return { kind: 'duplicate', of: operation };
      return problem.retryable
        ? { kind: 'later', reason: problem.code, problem, earlier: null }
        : { kind: 'refused', problem, operation };
  }
}

/** The ledger's row of this key, where the response has it. */
function rowOf<Name extends BillingWriteName>(
  response: BillingResponse<{ readonly [Field in Name]: WritePayload<Name> }>,
  write: Name,
  key: string,
): WriteFacts | null {
  const operation = response.kind === 'response' ? (response.data?.[write]?.operation ?? null) : null;
  return operation?.idempotencyKey === key ? operation : null;
}

/**
 * The outcome of a request while another one with its key may be on its way. Only a row that has ended settles both: an
 * unsent row may be sent yet, and a rate limit or an expired token refused this request alone.
 */
function asFarAsKnown<P>(outcome: WriteState<P>, row: WriteFacts | null, subject: WriteSubject | null): WriteState<P> {
  if (outcome.kind !== 'later' && outcome.kind !== 'refused' && outcome.kind !== 'keyReused') return outcome;
  const problem = outcome.kind === 'keyReused' ? null : outcome.problem;
  if (row?.status === 'NOT_SENT') return unknown('NOT_SENT', subject, row, problem);
  return outcome.kind === 'keyReused' || (row !== null && isEnded(row))
    ? outcome
    : unknown('NO_RESPONSE', subject, null, problem);
}

function isDuplicate(code: string): boolean {
  return code === 'POSSIBLE_DUPLICATE';
}

/** Whether another request may help at once; the same key makes it safe. */
function isPassing(state: WriteState<unknown>): boolean {
  return (
    state.kind === 'inProgress' || state.kind === 'later' || (state.kind === 'unknown' && state.cause === 'NO_RESPONSE')
  );
}

/** Makes the write of one form. Call `enter` when the form opens and `leave` when it is left. */
export function createBillingWrite<Name extends BillingWriteName>({
  write,
  client,
  intents,
  intent: name,
  attempts = PATIENT,
}: BillingWriteOptions<Name>): BillingWrite<Name> {
  type State = WriteState<WritePayload<Name>>;
  type Input = WriteInput<Name>;
  const { document, kind }: WriteDocument<Name> = WRITES[write];
  const listeners = new Set<() => void>();
  let state: State = { kind: 'editing' };
  let underWay: Promise<State> | null = null;
  let lastInput: Input | null = null;
  // The intent may end in another tab; this form still keeps its key.
  let current: Intent | null = null;

  const show = (next: State): State => {
    state = next;
    for (const listener of listeners) listener();
    return state;
  };
  const intent = (): Intent => {
    const stored = intents.find(name);
    // What this form has sent stays its own, also after another tab has ended it and begun another intent.
    if (stored !== null && (current?.state !== 'sent' || stored.key === current.key)) current = stored;
    current ??= intents.begin(name);
    return current;
  };
  const isSent = (): boolean => current !== null && intent().state === 'sent';
  const keep = (change: Partial<Pick<Intent, 'state' | 'digest' | 'subject'>>): Intent => {
    const before = intent();
    current = { ...before, ...change, at: now(before.at) };
    intents.put(current);
    return current;
  };
  const end = (): void => {
    if (current !== null) intents.end(name, current.key);
    current = null;
  };
  const open = (): void => {
    current = intents.begin(name);
    const { state: left, subject } = current;
    show(left === 'sent' ? unknown('LEFT_OPEN', subject) : { kind: 'editing' });
  };
  /** Runs one action at a time. A second call in the meantime gets the running action. */
  const once = (work: () => Promise<State>): Promise<State> => {
    underWay ??= work().finally(() => {
      underWay = null;
    });
    return underWay;
  };

  /** Updates the intent by the outcome, and shows the outcome. */
  function settle(outcome: State): State {
    switch (outcome.kind) {
      case 'done':
      case 'replayed':
      case 'refused':
        end();
        break;
      case 'keyReused':
        // If the first version has ended, the next send is another intent. Otherwise its key stays.
        if (outcome.first !== null && isEnded(outcome.first)) end();
        break;
      case 'duplicate':
      case 'blocked':
      case 'later':
        keep({ state: 'notSent' });
        break;
      default:
    }
    return show(outcome);
  }

  async function deliver(input: Input): Promise<State> {
    const subject = subjectOf(kind, input);
    const sent = { state: 'sent', digest: digestOfWish(input), subject } as const;
    // Whether another request with this key may be on its way: an earlier one, or one of another tab.
    let isUncertain = mayStillArrive(intent());
    let mine = keep(sent);
    const { key } = mine;
    const isShared = () => intents.find(name)?.at !== mine.at;
    lastInput = input;
    let outcome: State = { kind: 'sending', attempt: 0 };
    let row: WriteFacts | null = null;
    for (let attempt = 1; attempt <= attempts.most; attempt += 1) {
      if (attempt > 1) {
        await attempts.wait(attempt - 1);
        // The intent has ended in another tab, where the user may have begun another one.
        if (intents.find(name)?.key !== key) return checkOwn(outcome);
        isUncertain ||= isShared();
        mine = keep(sent);
      }
      show({ kind: 'sending', attempt });
      try {
        const response = await client.mutate(document, { input: { ...input, idempotencyKey: key } });
        outcome = stateOfResponse(response, write, key, subject);
        row = rowOf(response, write, key);
      } catch (error) {
        // A fault of this program, such as a cache that cannot store the response, says nothing about the write.
        show(unknown('UNREADABLE_RESPONSE', subject));
        throw error;
      }
      if (!isPassing(outcome)) break;
      isUncertain ||= outcome.kind !== 'later';
    }
    if (!isUncertain && !isShared()) return settle(outcome);
    keep(sent);
    const known = asFarAsKnown(outcome, row, subject);
    return known.kind === 'blocked' || known.kind === 'duplicate' ? show(known) : settle(known);
  }

  /**
   * The user changed the form while the outcome of its first version was unknown, so this checks that outcome first.
   */
  async function replace(first: Intent, input: Input): Promise<State> {
    show({ kind: 'sending', attempt: 1 });
    const found = await find(first.key);
    if (found === 'noResponse') return show(unknown('NO_RESPONSE', first.subject));
    // Not recorded so far. If the first request still arrives, the gateway sends at most one of the two, because they
    // have the same key.
    if (found === null) return deliver(input);
    // The key of an unsent row takes no other input, and with a second key both versions could be charged.
    if (found.status === 'NOT_SENT' && mayStillArrive(intent())) {
      return show(unknown('NOT_SENT', first.subject, found));
    }
    switch (found.status) {
      case 'SUCCEEDED':
        return settle({ kind: 'keyReused', first: found });
      case 'OUTCOME_UNKNOWN':
        return show(unknown('OUTCOME_UNKNOWN', first.subject, found));
      case 'IN_PROGRESS':
        return show({ kind: 'inProgress', operation: found });
      default:
        end();
        return deliver(input);
    }
  }

  async function find(idempotencyKey: string): Promise<WriteFacts | null | 'noResponse'> {
    const response = await client.query(FindWriteDocument, { idempotencyKey }, { fresh: true });
    if (response.kind !== 'response' || response.errors.length > 0) return 'noResponse';
    return response.data?.billingOperation ?? null;
  }

  /** The present state of a write. For an unknown outcome the gateway first looks in the history. */
  async function look(idempotencyKey: string): Promise<WriteFacts | null | 'noResponse'> {
    const found = await find(idempotencyKey);
    if (found === null || found === 'noResponse' || found.status !== 'OUTCOME_UNKNOWN') return found;
    const response = await client.mutate(SettleWriteDocument, { idempotencyKey });
    return (response.kind === 'response' ? response.data?.reconcileBillingOperation.operation : null) ?? found;
  }

  async function checkOwn(before: State): Promise<State> {
    const { key, subject } = intent();
    const found = await look(key);
    if (found === 'noResponse') return show(before);
    if (found === null || found.status === 'NOT_SENT') {
      const cause = found === null ? 'NOT_RECEIVED' : 'NOT_SENT';
      return mayStillArrive(intent())
        ? show(unknown(cause, subject, found, before.kind === 'unknown' ? before.problem : null))
        : settle({ kind: 'later', reason: cause, problem: null, earlier: null });
    }
    switch (found.status) {
      case 'SUCCEEDED':
        return settle({ kind: 'done', payload: null, operation: found });
      case 'REJECTED':
        return settle({ kind: 'refused', problem: null, operation: found });
      case 'IN_PROGRESS':
        return show({ kind: 'inProgress', operation: found });
      default:
        return show(unknown('OUTCOME_UNKNOWN', subject, found));
    }
  }

  async function checkBlocker(by: WriteFacts): Promise<State> {
    const found = await look(by.idempotencyKey);
    if (found === null || found === 'noResponse') return show({ kind: 'blocked', by });
    if (!isEnded(found) && found.status !== 'NOT_SENT') return show({ kind: 'blocked', by: found });
    return isSent()
      ? checkOwn({ kind: 'blocked', by: found })
      : settle({ kind: 'later', reason: 'UNBLOCKED', problem: null, earlier: found });
  }

  async function checkFirst(before: State, first: WriteFacts | null): Promise<State> {
    if (first !== null && isEnded(first)) return before;
    const found = await look(intent().key);
    if (found === null || found === 'noResponse') return before;
    return found.status === 'NOT_SENT' ? checkOwn(before) : settle({ kind: 'keyReused', first: found });
  }

  function send(input: Input): Promise<State> {
    return once(async () => {
      if (state.kind === 'done' || state.kind === 'replayed') return state;
      const first = intent();
      const isEdited = first.digest !== null && first.digest !== digestOfWish(input);
      if (isEdited && first.state === 'sent') return replace(first, input);
      // A response came and nothing was carried out, so the changed form is a new intent.
      if (isEdited) end();
      return deliver(input);
    });
  }

  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    enter() {
      if (underWay === null) open();
    },
    leave() {
      if (underWay !== null || isSent()) return;
      end();
      lastInput = null;
    },
    send,
    retry: () => (lastInput === null ? Promise.resolve(state) : send(lastInput)),
    repeat() {
      const { kind: shown } = state;
      if (shown !== 'duplicate' || state.of === null || lastInput === null) return Promise.resolve(state);
      const repeats = state.of.idempotencyKey;
      const input = { ...lastInput, repeats };
      return once(() => deliver(input));
    },
    check() {
      return once(async () => {
        if (state.kind === 'blocked' && state.by !== null) return checkBlocker(state.by);
        if (state.kind === 'keyReused') return checkFirst(state, state.first);
        return state.kind === 'unknown' || state.kind === 'inProgress' ? checkOwn(state) : state;
      });
    },
    startAnew() {
      if (underWay !== null || isSent()) return;
      end();
      lastInput = null;
      open();
    },
  };
}

/** The digest of the user's intent. The shown price and the repeated write are no part of the intent. */
function digestOfWish(input: WriteInput<BillingWriteName>): string {
  const beside: readonly string[] = ['expected', 'repeats'];
  return digestOf(Object.fromEntries(Object.entries(input).filter(([name]) => !beside.includes(name))));
}

/**
 * The price that the user was shown, for the `expected` of an order or a plan change. If the catalogue now differs,
 * nothing is sent, and the state is `refused` with `PRECONDITION_FAILED`. Empty where no price was shown.
 */
export function expectedPrice(shown: MoneyText | null): { readonly expected?: ExpectedPriceInput } {
  if (shown === null || !isPlainDecimal(shown.amount)) return {};
  const { amount, currency } = shown;
  return { expected: currency === null ? { amount } : { amount, currency } };
}

function isEnded({ status }: WriteFacts): boolean {
  return status === 'SUCCEEDED' || status === 'REJECTED';
}

/** A key for a write without a form: a job, a script, a tool call. */
export { randomKey };

function subjectOf(kind: WriteSubject['kind'], input: WriteInput<BillingWriteName>): WriteSubject {
  return {
    kind,
    groupId: 'groupId' in input ? (input.groupId ?? null) : null,
    ...('packId' in input ? { packId: input.packId, quantity: input.quantity ?? 1 } : {}),
    ...('planId' in input ? { planId: input.planId } : {}),
    ...('purchaseId' in input ? { purchaseId: input.purchaseId } : {}),
  };
}
