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
import type { Answer, BillingClient } from './transport.ts';

/** The writes that charge, with what each takes and answers. */
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

/** A write as the gateway's ledger has it. */
export type WriteFacts = WriteFactsFragment;
/** Why a write was refused: the payload's own, or an error of a request that never became a write. */
export type WriteProblem = Pick<WriteProblemFragment, 'message' | 'upstreamMessage' | 'field'> & {
  readonly code: string;
  readonly requestId?: string | null;
};

/** What a page may say about a write. Every state is the truth as far as anybody knows it. */
export type WriteState<Payload> =
  /** The form is open and nothing was sent. */
  | { readonly kind: 'editing' }
  /** Under way. `attempt` is above 1 while no answer came and the same is asked again. */
  | { readonly kind: 'sending'; readonly attempt: number }
  /** Carried out. `payload` is null where it was found out by looking it up. */
  | { readonly kind: 'done'; readonly payload: Payload | null; readonly operation: WriteFacts | null }
  /** Carried out by an earlier request with this key: nothing was sent this time. */
  | { readonly kind: 'replayed'; readonly payload: Payload; readonly operation: WriteFacts | null }
  /** Not carried out, and the same would be refused again. `problem` is null where it was found out by looking it up. */
  | { readonly kind: 'refused'; readonly problem: WriteProblem | null; readonly operation: WriteFacts | null }
  /** Not sent: an equal write succeeded or is under way. `repeat()` sends it knowingly. */
  | { readonly kind: 'duplicate'; readonly of: WriteFacts | null }
  /** Not sent: an earlier write on the same group or account has not ended. `check()` looks how it stands. */
  | { readonly kind: 'blocked'; readonly by: WriteFacts | null }
  /** Nobody knows whether it was carried out. `check()` looks; never make another one by hand. */
  | {
      readonly kind: 'unknown';
      readonly cause: 'OUTCOME_UNKNOWN' | 'NO_ANSWER' | 'UNREADABLE_ANSWER' | 'LEFT_OPEN';
      readonly operation: WriteFacts | null;
      readonly subject: WriteSubject | null;
    }
  /** This write is still being carried out. */
  | { readonly kind: 'inProgress'; readonly operation: WriteFacts | null }
  /** Not carried out yet, and it may be tried again with `retry()`. */
  | {
      readonly kind: 'later';
      /** A code of the gateway; `NOT_RECEIVED`: it has no record of the write; `UNBLOCKED`: the earlier write has ended. */
      readonly reason: string;
      readonly problem: WriteProblem | null;
      /** The write that was in the way, as it ended. */
      readonly earlier: WriteFacts | null;
    }
  /** The form was changed after it had been sent, and `first` is how that ended. Nothing else was sent. */
  | { readonly kind: 'keyReused'; readonly first: WriteFacts | null };

export type WriteStateKind = WriteState<unknown>['kind'];

export interface Attempts {
  /** Requests of one `send`, the first included. */
  readonly most: number;
  /** Waits before another attempt; `attempt` counts those made. */
  wait(attempt: number): Promise<void>;
}

/** Asks again after 1, 2 and 4 seconds. */
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
  /** Tells each change. Returns what ends it. */
  subscribe(listener: () => void): () => void;
  /** The form opens (again). A write that was left unfinished here is `unknown`, to be checked. */
  enter(): void;
  /** The form is left. What was never sent is forgotten; what was sent stays in the store until it has ended. */
  leave(): void;
  /** Sends, once: while it is under way and after it has ended, the same promise and the same state come back. */
  send(input: WriteInput<Name>): Promise<WriteState<WritePayload<Name>>>;
  /** Sends the last input again, with its key. */
  retry(): Promise<WriteState<WritePayload<Name>>>;
  /** After `duplicate`: sends it although an equal one exists. */
  repeat(): Promise<WriteState<WritePayload<Name>>>;
  /** Looks how it stands, or how the write in its way stands. Sends nothing that charges. */
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
 * What an answer means: the whole policy, without I/O.
 *
 * @param key the idempotency key that was sent
 */
export function stateOfAnswer<Name extends BillingWriteName>(
  answer: Answer<{ readonly [Field in Name]: WritePayload<Name> }>,
  write: Name,
  key: string,
  subject: WriteSubject | null,
): WriteState<WritePayload<Name>> {
  const unknown = (cause: 'NO_ANSWER' | 'UNREADABLE_ANSWER') =>
    ({ kind: 'unknown', cause, operation: null, subject }) as const;
  if (answer.kind === 'noAnswer') return unknown('NO_ANSWER');
  if (answer.kind === 'unreadable') return unknown('UNREADABLE_ANSWER');
  const payload = answer.data?.[write];
  if (payload !== undefined && payload !== null) return stateOfPayload(payload, key, subject);
  const [error] = answer.errors;
  if (error === undefined || error.code === null) return unknown('UNREADABLE_ANSWER');
  const problem = { ...error, code: error.code, upstreamMessage: null, field: null };
  if (error.retryable) return { kind: 'later', reason: error.code, problem, earlier: null };
  return NEVER_A_WRITE.test(error.code)
    ? { kind: 'refused', problem, operation: null }
    : // A router's words about a subgraph, or a fault of the gateway: whether it was sent is not told.
      unknown('UNREADABLE_ANSWER');
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

/** Whether the answer comes from the ledger: it names a row, this write's own or the one that is in its way. */
function isAboutRow<Name extends BillingWriteName>(
  answer: Answer<{ readonly [Field in Name]: WritePayload<Name> }>,
  write: Name,
): boolean {
  return answer.kind === 'answer' && (answer.data?.[write]?.operation ?? null) !== null;
}

/** An outcome that says nothing of an earlier request whose answer was lost. */
function stillUnknown<P>(outcome: WriteState<P>, subject: WriteSubject | null): WriteState<P> {
  return outcome.kind === 'later' || outcome.kind === 'refused'
    ? { kind: 'unknown', cause: 'NO_ANSWER', operation: null, subject }
    : outcome;
}

function isDuplicate(code: string): boolean {
  return code === 'POSSIBLE_DUPLICATE';
}

/** Worth another request at once: the same key makes it safe. */
function isPassing(state: WriteState<unknown>): boolean {
  return (
    state.kind === 'inProgress' || state.kind === 'later' || (state.kind === 'unknown' && state.cause === 'NO_ANSWER')
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
  // In another tab the intent may end: this form keeps its key all the same.
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
  /** One thing at a time: whoever asks meanwhile gets the one that is under way. */
  const once = (work: () => Promise<State>): Promise<State> => {
    underWay ??= work().finally(() => {
      underWay = null;
    });
    return underWay;
  };

  /** Keeps of the intent what the outcome leaves of it, and shows the outcome. */
  function settle(outcome: State): State {
    switch (outcome.kind) {
      case 'done':
      case 'replayed':
      case 'refused':
        end();
        break;
      case 'keyReused':
        // How the first ended is told; what comes next is another intent. While it has not ended, its key stays.
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
    // Once an answer was lost, only the ledger's row of this key tells how that request ended: not a limit, nor a token that has run out.
    let isUncertain = intent().state === 'sent';
    const { key } = keep({ state: 'sent', digest: digestOfWish(input), subject });
    lastInput = input;
    let outcome: State = { kind: 'sending', attempt: 0 };
    for (let attempt = 1; attempt <= attempts.most; attempt += 1) {
      if (attempt > 1) await attempts.wait(attempt - 1);
      show({ kind: 'sending', attempt });
      try {
        const answer = await client.mutate(document, { input: { ...input, idempotencyKey: key } });
        outcome = stateOfAnswer(answer, write, key, subject);
        if (isUncertain && !isAboutRow(answer, write)) outcome = stillUnknown(outcome, subject);
        isUncertain ||= answer.kind !== 'answer';
      } catch (error) {
        // A fault of this program (a cache that cannot take the answer, say) says nothing about the write.
        show({ kind: 'unknown', cause: 'UNREADABLE_ANSWER', operation: null, subject });
        throw error;
      }
      if (!isPassing(outcome)) break;
    }
    return isUncertain && (outcome.kind === 'blocked' || outcome.kind === 'duplicate')
      ? show(outcome)
      : settle(outcome);
  }

  /** The form was changed while nobody knew how its first version had ended: that is found out first. */
  async function replace(first: Intent, input: Input): Promise<State> {
    show({ kind: 'sending', attempt: 1 });
    const found = await find(first.key);
    if (found === 'noAnswer') {
      return show({ kind: 'unknown', cause: 'NO_ANSWER', operation: null, subject: first.subject });
    }
    // Not recorded, so far. Under the same key the gateway lets at most one of the two through, should the first still arrive.
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

  async function find(idempotencyKey: string): Promise<WriteFacts | null | 'noAnswer'> {
    const answer = await client.query(FindWriteDocument, { idempotencyKey }, { fresh: true });
    if (answer.kind !== 'answer' || answer.errors.length > 0) return 'noAnswer';
    return answer.data?.billingOperation ?? null;
  }

  /** How a write stands now; what is unknown is looked for in the history first. */
  async function look(idempotencyKey: string): Promise<WriteFacts | null | 'noAnswer'> {
    const found = await find(idempotencyKey);
    if (found === null || found === 'noAnswer' || found.status !== 'OUTCOME_UNKNOWN') return found;
    const answer = await client.mutate(SettleWriteDocument, { idempotencyKey });
    return (answer.kind === 'answer' ? answer.data?.reconcileBillingOperation.operation : null) ?? found;
  }

  async function checkOwn(before: State): Promise<State> {
    const { key, subject } = intent();
    const found = await look(key);
    if (found === 'noAnswer') return show(before);
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
    if (found === null || found === 'noAnswer') return show({ kind: 'blocked', by });
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
      // Answered, and nothing carried out: what the user wants now is something else.
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
          return found === null || found === 'noAnswer' ? state : settle({ kind: 'keyReused', first: found });
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

/** Whether two inputs ask for the same. What stands beside the wish, the price that was shown and the write that it repeats, is no part of it. */
function digestOfWish(input: WriteInput<BillingWriteName>): string {
  const beside: readonly string[] = ['expected', 'repeats'];
  return digestOf(Object.fromEntries(Object.entries(input).filter(([name]) => !beside.includes(name))));
}

/**
 * The price that the user was shown, for the `expected` of an order or a plan change: when the catalogue says otherwise by now, nothing is
 * sent, and the state is `refused` with `PRECONDITION_FAILED`. Empty where no price was shown.
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
