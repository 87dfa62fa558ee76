import {
  type BillingWriteName,
  formatDate,
  MISSING,
  type WriteFacts,
  type WritePayload,
  type WriteState,
  type WriteStateKind,
} from '@billing-gateway/client';
import type { BillingWriteHook } from '@billing-gateway/client/react';
import type { ReactNode } from 'react';
import { count, day, decimal, money, subjectOf, subjectWord } from './words.ts';

interface OutcomeProps<Name extends BillingWriteName> {
  readonly write: BillingWriteHook<Name>;
  readonly receipt: (payload: WritePayload<Name>) => ReactNode;
}

/** The state of a write in words, with the possible actions. */
export function Outcome<Name extends BillingWriteName>({ write, receipt }: OutcomeProps<Name>) {
  const told = tell(write.state, receipt);
  return (
    <div className={`outcome ${told?.tone ?? ''}`} role="status" data-state={write.state.kind}>
      {told === null ? null : (
        <>
          <h3>{told.title}</h3>
          {told.text}
          <Actions write={write} />
        </>
      )}
    </div>
  );
}

function Actions<Name extends BillingWriteName>({ write }: Pick<OutcomeProps<Name>, 'write'>) {
  const button = (label: string, work: () => void) => (
    <button type="button" className="quiet" onClick={work}>
      {label}
    </button>
  );
  switch (write.state.kind) {
    case 'unknown':
    case 'blocked':
    case 'inProgress':
      return <p className="actions">{button('Look again', () => void write.check())}</p>;
    case 'duplicate':
      return <p className="actions">{button('Yes, once more', () => void write.repeat())}</p>;
    case 'done':
    case 'replayed':
      return <p className="actions">{button('Make another one', write.startAnew)}</p>;
    case 'keyReused':
      return write.state.first?.status === 'SUCCEEDED' || write.state.first?.status === 'REJECTED' ? (
        <p className="actions">{button('Begin a new one', write.startAnew)}</p>
      ) : (
        <p className="actions">{button('Look again', () => void write.check())}</p>
      );
    default:
      return null;
  }
}

interface Told {
  readonly tone: 'good' | 'bad' | 'wait';
  readonly title: string;
  readonly text: ReactNode;
}

function tell<Name extends BillingWriteName>(
  state: WriteState<WritePayload<Name>>,
  receipt: (payload: WritePayload<Name>) => ReactNode,
): Told | null {
  switch (state.kind) {
    case 'editing':
      return null;
    case 'sending':
      return {
        tone: 'wait',
        title: 'Sending…',
        text:
          state.attempt > 1 ? (
            <p>No response yet. The same request is sent again: it is charged once at most.</p>
          ) : null,
      };
    case 'done':
      return {
        tone: 'good',
        title: 'Done',
        text: (
          <>
            {state.payload === null ? (
              // The user may have changed the form meanwhile; the ledger has the write that was carried out.
              <p>It was looked up: your {factsWord(state.operation)} was carried out, once.</p>
            ) : (
              receipt(state.payload)
            )}
            <Reference facts={state.operation} />
          </>
        ),
      };
    case 'replayed':
      return {
        tone: 'good',
        title: 'Done already',
        text: (
          <>
            <p>This is the receipt of your first request. Nothing was charged a second time.</p>
            {receipt(state.payload)}
            <Reference facts={state.operation} />
          </>
        ),
      };
    case 'refused':
      return {
        tone: 'bad',
        title: 'Not carried out',
        text: (
          <p>
            {REFUSALS[state.problem?.code ?? ''] ?? 'The billing system refused it.'} Nothing was charged.
            {state.problem?.upstreamMessage ? <q>{state.problem.upstreamMessage}</q> : null}
          </p>
        ),
      };
    case 'duplicate':
      return {
        tone: 'wait',
        title: 'Nothing was sent',
        text: (
          <p>
            The same was {state.of?.kind === 'PURCHASE_CREDITS' ? 'bought' : 'ordered'} a moment ago (
            {factsWord(state.of)}). Do you want it once more? It is another charge.
          </p>
        ),
      };
    case 'blocked':
      return {
        tone: 'wait',
        title: 'Nothing was sent',
        text: <p>An earlier {factsWord(state.by)} has not ended yet. Yours can be sent when it has.</p>,
      };
    case 'unknown':
      return {
        tone: 'wait',
        title: 'We do not know yet',
        text: (
          <>
            <p>{unknownWord(state)}</p>
            {state.problem === null ? null : (
              <p>Your last request was not carried out. {REFUSALS[state.problem.code] ?? ''}</p>
            )}
            {state.subject?.kind === 'PURCHASE_CREDITS' && state.cause === 'OUTCOME_UNKNOWN' ? (
              <p>
                The billing system lists no purchases to look in. Tell support the reference: they ask your supplier,
                and settle it.
              </p>
            ) : null}
            <Reference facts={state.operation} />
          </>
        ),
      };
    case 'inProgress':
      return {
        tone: 'wait',
        title: 'Being carried out',
        text: <p>The billing system has not confirmed it yet. There is nothing to do.</p>,
      };
    case 'later':
      return {
        tone: 'wait',
        title: state.reason === 'UNBLOCKED' ? 'You can go on' : 'Not carried out yet',
        text: <p>{laterWord(state.reason, state.earlier)}</p>,
      };
    case 'keyReused':
      return {
        tone: 'wait',
        title: 'Your change was not sent',
        text: (
          <p>
            Your first version ({factsWord(state.first)}) {endWord(state.first)} Only begin a new one if you want it as
            well.
          </p>
        ),
      };
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  PRECONDITION_FAILED: 'The price has changed since it was shown to you.',
  SPENDING_LIMIT_REACHED: 'A spending limit of your organisation stops it.',
  FORBIDDEN: 'You may not do this.',
  UNAUTHENTICATED: 'Your session has ended. Sign in again.',
  BAD_USER_INPUT: 'Something in the form is not right.',
  NOT_CONFIGURED: 'This cannot be ordered here.',
  RATE_LIMITED: 'Too many requests at the moment.',
  UPSTREAM_UNAUTHENTICATED: 'The billing system does not accept this service at the moment.',
};

function unknownWord({ cause, operation, subject }: Extract<WriteState<unknown>, { kind: 'unknown' }>): string {
  // The user may have changed the form meanwhile; the ledger has the write that the gateway recorded.
  const what = subjectWord(operation === null ? subject : subjectOf(operation));
  switch (cause) {
    case 'LEFT_OPEN':
      return `You sent this before, and have not seen how it ended: ${what}. It is being looked up.`;
    case 'NO_RESPONSE':
      return 'No response came. It may have been carried out, or not: it is being looked up. Nothing is charged twice.';
    case 'UNREADABLE_RESPONSE':
      return 'The response could not be read. It may have been carried out, or not: it is being looked up.';
    case 'NOT_RECEIVED':
      return `The billing service has no record so far of your ${what}. ${STILL_ON_ITS_WAY}`;
    case 'NOT_SENT':
      return `The billing service has not sent your ${what} so far. ${STILL_ON_ITS_WAY}`;
    case 'OUTCOME_UNKNOWN':
      return 'It was sent, and the billing system did not say whether it was carried out. It is being checked; do not order it again.';
  }
}

const STILL_ON_ITS_WAY =
  'It may still be on its way, and it is being looked up. You can send it again: it is charged once at most.';

function laterWord(reason: string, earlier: WriteFacts | null): string {
  switch (reason) {
    case 'UNBLOCKED':
      return `The earlier ${factsWord(earlier)} ${endWord(earlier)} Yours was not sent: send it if you still want it.`;
    case 'NOT_RECEIVED':
      return 'The billing service has no record of it: nothing was charged. You can send it again.';
    case 'NOT_SENT':
      return 'The billing service did not send it: nothing was charged. You can send it again.';
    case 'RATE_LIMITED':
      return 'Too many requests at the moment. Nothing was charged. Wait a little and send it again.';
    default:
      return 'The billing system cannot be reached at the moment. Nothing was charged. You can send it again.';
  }
}

function factsWord(facts: WriteFacts | null): string {
  if (facts === null) return 'write';
  return `${subjectWord(subjectOf(facts))}, ${formatDate(facts.sentAt ?? facts.createdAt, { withTime: true })}`;
}

function endWord(facts: WriteFacts | null): string {
  switch (facts?.status) {
    case 'SUCCEEDED':
      return 'was carried out.';
    case 'REJECTED':
      return 'was refused, and nothing was charged.';
    case 'NOT_SENT':
      return 'was never sent, and nothing was charged.';
    default:
      return 'has not ended yet.';
  }
}

function Reference({ facts }: { readonly facts: WriteFacts | null }) {
  return facts === null ? null : (
    <p className="fine">
      Reference <span className="figure">{facts.idempotencyKey}</span>
    </p>
  );
}

/**
 * While the write is running the form stays, so that the layout does not jump. After its end there is nothing left to
 * send.
 */
export function mayEdit(kind: WriteStateKind): boolean {
  return kind === 'editing' || kind === 'sending' || kind === 'refused' || kind === 'later' || kind === 'unknown';
}

export function OrderReceipt({ payload }: { readonly payload: WritePayload<'orderBoosterPack'> }) {
  const { pack, summary, warnings } = payload;
  return (
    <>
      <dl className="receipt">
        <Item label="Pack">{pack?.name ?? MISSING}</Item>
        <Item label="How many">{count(pack?.quantity ?? null)}</Item>
        <Item label="Price, as reported">{money(pack?.price ?? null)}</Item>
        <Item label="Left in all packs">{count(summary?.totalAvailableDocuments ?? null)}</Item>
      </dl>
      <Warnings warnings={warnings} />
    </>
  );
}

export function ChangeReceipt({ payload }: { readonly payload: WritePayload<'changePlan'> }) {
  const { plan, warnings } = payload;
  return (
    <>
      <dl className="receipt">
        <Item label="Plan now in force">{plan?.name ?? MISSING}</Item>
        <Item label="Documents">{count(plan?.allowedDocuments ?? null)}</Item>
        <Item label="Price, as reported">{money(plan?.price ?? null)}</Item>
      </dl>
      <Warnings warnings={warnings} />
    </>
  );
}

/** Every figure of the billing system unchanged; the page adds nothing up. */
export function PurchaseReceipt({ payload }: { readonly payload: WritePayload<'purchaseCredits'> }) {
  const { purchase, warnings } = payload;
  if (purchase === null) return <Warnings warnings={warnings} />;
  const { currency, quantity, unitPrice, netTotal, tax, grossTotal, paid, invoiceNumber } = purchase;
  const amount = (text: string | null) => money(text === null ? null : { amount: text, currency });
  return (
    <>
      <dl className="receipt">
        <Item label="Credits">{decimal(quantity)}</Item>
        <Item label="Price of one">{amount(unitPrice)}</Item>
        <Item label="Net">{amount(netTotal)}</Item>
        <Item label="Tax">{amount(tax)}</Item>
        <Item label="Total">{amount(grossTotal)}</Item>
        <Item label="Paid">{paid === null ? MISSING : paid ? 'yes' : 'not yet'}</Item>
        <Item label="Invoice">{invoiceNumber ?? MISSING}</Item>
        <Item label="Bought on">{day(purchase.datePurchased)}</Item>
        <Item label="Quote">{purchase.purchaseId}</Item>
      </dl>
      <Warnings warnings={warnings} />
    </>
  );
}

function Item({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className="figure">{children}</dd>
    </div>
  );
}

function Warnings({ warnings }: { readonly warnings: readonly { readonly code: string; readonly message: string }[] }) {
  return warnings.length === 0 ? null : (
    <ul className="fine">
      {warnings.map(({ code, message }) => (
        <li key={`${code} ${message}`}>{message}</li>
      ))}
    </ul>
  );
}
