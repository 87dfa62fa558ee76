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
import { digestOf, type Intent, type IntentStore, now, randomKey, type WriteSubject } from './intents.ts';
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
  /** It is not known whether it was carried out. `check()` reads its state; never make another write by hand. */
  | {
      readonly kind: 'unknown';
      readonly cause: 'OUTCOME_UNKNOWN' | 'NO_RESPONSE' | 'UNREADABLE_RESPONSE' | 'LEFT_OPEN';
      readonly operation: WriteFacts | null;
      readonly subject: WriteSubject | null;
    }
  /** This write is still being carried out. */
  | { readonly kind: 'inProgress'; readonly operation: WriteFacts | null }
  /** Not carried out yet, and it may be tried again with `retry()`. */
  | {
      readonly kind: 'later';
      /**
       * A code of the gateway; `NOT_RECEIVED`: the gateway has no record of the write; `UNBLOCKED`: the earlier write
       * has ended.
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
  const unknown = (cause: 'NO_RESPONSE' | 'UNREADABLE_RESPONSE') =>
    ({ kind: 'unknown', cause, operation: null, subject }) as const;
  if (response.kind === 'noResponse') return unknown('NO_RESPONSE');
  if (response.kind === 'unreadable') return unknown('UNREADABLE_RESPONSE');
  const payload = response.data?.[write];
  if (payload !== undefined && payload !== null) return stateOfPayload(payload, key, subject);
  const [error] = response.errors;
  if (error === undefined || error.code === null) return unknown('UNREADABLE_RESPONSE');
  const problem = { ...error, code: error.code, upstreamMessage: null, field: null };
  if (error.retryable) return { kind: 'later', reason: error.code, problem, earlier: null };
  return NEVER_A_WRITE.test(error.code)
    ? { kind: 'refused', problem, operation: null }
    : // An error of a router, or a fault of the gateway: it does not show whether the write was sent.
      unknown('UNREADABLE_RESPONSE');
}

function stateOfPayload<P extends Payload>(payload: P, key: string, subject: WriteSubject | null): WriteState<P> {
  const { operation } = payload;
  const [problem] = payload.userErrors;
  if (problem === undefined) return { kind: operation?.replayed === true ? 'replayed' : 'done', payload, operation };
  switch (problem.code) {
    case 'OUTCOME_UNKNOWN':
      return { kind: 'unknown', cause: 'OUTCOME_UNKNOWN', operation, subject };
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

/** Whether the response comes from the ledger: it names this write's row, or the row that blocks it. */
function isAboutRow<Name extends BillingWriteName>(
  response: BillingResponse<{ readonly [Field in Name]: WritePayload<Name> }>,
  write: Name,
): boolean {
  return response.kind === 'response' && (response.data?.[write]?.operation ?? null) !== null;
}

/** Marks an outcome that does not settle an earlier request with a lost response. */
function stillUnknown<P>(outcome: WriteState<P>, subject: WriteSubject | null): WriteState<P> {
  return outcome.kind === 'later' || outcome.kind === 'refused'
    ? { kind: 'unknown', cause: 'NO_RESPONSE', operation: null, subject }
    : outcome;
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
  const intent = (): Intent => intents.find(name) ?? current ?? intents.begin(name);
  const keep = (change: Partial<Intent>): Intent => {
    current = { ...intent(), ...change, at: now() };
    intents.put(current);
    return current;
  };
  const end = (): void => {
    intents.end(name);
    current = null;
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
        if (outcome.first === null || isEnded(outcome.first)) end();
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
    // After a lost response only the ledger's row of this key shows the outcome. A rate limit or an expired token does
    // not.
    let isUncertain = intent().state === 'sent';
    const { key } = keep({ state: 'sent', digest: digestOfWish(input), subject });
    lastInput = input;
    let outcome: State = { kind: 'sending', attempt: 0 };
    for (let attempt = 1; attempt <= attempts.most; attempt += 1) {
      if (attempt > 1) await attempts.wait(attempt - 1);
      show({ kind: 'sending', attempt });
      try {
        const response = await client.mutate(document, { input: { ...input, idempotencyKey: key } });
        outcome = stateOfResponse(response, write, key, subject);
        if (isUncertain && !isAboutRow(response, write)) outcome = stillUnknown(outcome, subject);
        isUncertain ||= response.kind !== 'response';
      } catch (error) {
        // A fault of this program, such as a cache that cannot store the response, says nothing about the write.
        show({ kind: 'unknown', cause: 'UNREADABLE_RESPONSE', operation: null, subject });
        throw error;
      }
      if (!isPassing(outcome)) break;
    }
    return isUncertain && (outcome.kind === 'blocked' || outcome.kind === 'duplicate')
      ? show(outcome)
      : settle(outcome);
  }

  /**
   * The user changed the form while the outcome of its first version was unknown, so this checks that outcome first.
   */
  async function replace(first: Intent, input: Input): Promise<State> {
    show({ kind: 'sending', attempt: 1 });
    const found = await find(first.key);
    if (found === 'noResponse') {
      return show({ kind: 'unknown', cause: 'NO_RESPONSE', operation: null, subject: first.subject });
    }
    // Not recorded so far. If the first request still arrives, the gateway sends at most one of the two, because they
    // have the same key.
    if (found === null) return deliver(input);
    switch (found.status) {
      case 'SUCCEEDED':
        return settle({ kind: 'keyReused', first: found });
      case 'OUTCOME_UNKNOWN':
        return show({ kind: 'unknown', cause: 'OUTCOME_UNKNOWN', operation: found, subject: first.subject });
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
    if (found === null) return settle({ kind: 'later', reason: 'NOT_RECEIVED', problem: null, earlier: null });
    switch (found.status) {
      case 'SUCCEEDED':
        return settle({ kind: 'done', payload: null, operation: found });
      case 'REJECTED':
        return settle({ kind: 'refused', problem: null, operation: found });
      case 'NOT_SENT':
        return settle({ kind: 'later', reason: 'NOT_SENT', problem: null, earlier: null });
      case 'IN_PROGRESS':
        return show({ kind: 'inProgress', operation: found });
      default:
        return show({ kind: 'unknown', cause: 'OUTCOME_UNKNOWN', operation: found, subject });
    }
  }

  async function checkBlocker(by: WriteFacts): Promise<State> {
    const found = await look(by.idempotencyKey);
    if (found === null || found === 'noResponse') return show({ kind: 'blocked', by });
    return isEnded(found) || found.status === 'NOT_SENT'
      ? settle({ kind: 'later', reason: 'UNBLOCKED', problem: null, earlier: found })
      : show({ kind: 'blocked', by: found });
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
      if (underWay !== null) return;
      current = intents.begin(name);
      const { state: left, subject } = current;
      show(left === 'sent' ? { kind: 'unknown', cause: 'LEFT_OPEN', operation: null, subject } : { kind: 'editing' });
    },
    leave() {
      if (underWay !== null || intents.find(name)?.state === 'sent') return;
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
        if (state.kind === 'keyReused' && state.first !== null) {
          const found = await look(state.first.idempotencyKey);
          return found === null || found === 'noResponse' ? state : settle({ kind: 'keyReused', first: found });
        }
        return state.kind === 'unknown' || state.kind === 'inProgress' ? checkOwn(state) : state;
      });
    },
    startAnew() {
      if (underWay !== null || intents.find(name)?.state === 'sent') return;
      end();
      lastInput = null;
      current = intents.begin(name);
      show({ kind: 'editing' });
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
