import { useBillingWrite } from '@billing-gateway/client/react';
import { type ChangeEvent, type InputHTMLAttributes, useState } from 'react';
import { mayEdit, Outcome, PurchaseReceipt } from './outcome.tsx';
import { Dialog, Panel } from './parts.tsx';

/** The billing system takes no longer text in any of these fields. */
const MOST_CHARACTERS = 255;
const UUID = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';

/** The billed party. Each field is optional. An empty field is not sent, so the account's own detail applies. */
const CONTACT = [
  { name: 'company', label: 'Company', autoComplete: 'organization', type: 'text' },
  { name: 'address', label: 'Postal address', autoComplete: 'street-address', type: 'text' },
  { name: 'email', label: 'E-mail', autoComplete: 'email', type: 'email' },
  { name: 'phone', label: 'Phone', autoComplete: 'tel', type: 'tel' },
  { name: 'mobile', label: 'Mobile', autoComplete: 'mobile tel', type: 'tel' },
] as const;
type ContactField = (typeof CONTACT)[number]['name'];
type Contact = Readonly<Partial<Record<ContactField, string>>>;

/** Credits of the account, bought by the number of a quote. They belong to no group. */
export function Credits({ onLeave }: { readonly onLeave: () => void }) {
  const [openings, setOpenings] = useState(0);
  const [isOpen, setOpen] = useState(false);
  return (
    <Panel id="credits" title="Credits" note="For the whole account, by the number of a quote" className="credits">
      <div className="credits-body">
        <p>Your supplier’s quote fixes how many credits you get and what they cost. Have it at hand.</p>
        <button
          type="button"
          onClick={() => {
            setOpenings((count) => count + 1);
            setOpen(true);
          }}
        >
          Buy credits…
        </button>
      </div>
      {isOpen ? (
        <Dialog
          key={openings}
          title="Buy credits"
          onClose={() => {
            setOpen(false);
            onLeave();
          }}
        >
          <PurchaseForm />
        </Dialog>
      ) : null}
    </Panel>
  );
}

function PurchaseForm() {
  // One account has one form, whatever group the page shows, so an unfinished purchase appears here again.
  const write = useBillingWrite('purchaseCredits', 'purchaseCredits');
  const [quote, setQuote] = useState('');
  const [purchaseOrder, setPurchaseOrder] = useState('');
  const [contact, setContact] = useState<Contact>({});
  const purchaseId = quote.trim().toLowerCase();
  const isWhole = new RegExp(`^${UUID}$`).test(purchaseId);
  const billing = givenOf(contact);
  const isBilledElsewhere = Object.keys(billing).length > 0;
  const isSending = write.state.kind === 'sending';
  return (
    <form
      className="order"
      onSubmit={(event) => {
        event.preventDefault();
        void write.send({
          purchaseId,
          ...(purchaseOrder.trim() === '' ? {} : { purchaseOrder: purchaseOrder.trim() }),
          ...(isBilledElsewhere ? { billing } : {}),
        });
      }}
    >
      {mayEdit(write.state.kind) ? (
        <>
          <Field
            label="Number of the quote"
            hint="36 characters, such as 9beb5f68-6493-4cc4-b55e-187541a9d22b"
            id="quote"
            className="figure"
            value={quote}
            onChange={({ target }) => setQuote(target.value)}
            pattern={`\\s*${UUID}\\s*`}
            title="36 characters: digits and the letters a to f, in five parts"
            required
            readOnly={isSending}
            autoComplete="off"
            spellCheck={false}
          />
          <Field
            label="Your order number"
            hint="Optional; some accounts must name one"
            id="purchase-order"
            value={purchaseOrder}
            onChange={({ target }) => setPurchaseOrder(target.value)}
            maxLength={MOST_CHARACTERS}
            readOnly={isSending}
            autoComplete="off"
          />
          <details className="contact">
            <summary>Bill somebody else</summary>
            {CONTACT.map(({ name, label, ...attributes }) => (
              <Field
                key={name}
                label={label}
                id={`billing-${name}`}
                value={contact[name] ?? ''}
                onChange={({ target }) => setContact((before) => ({ ...before, [name]: target.value }))}
                maxLength={MOST_CHARACTERS}
                readOnly={isSending}
                {...attributes}
              />
            ))}
            <p className="fine">
              What is left empty is the account’s own. Sent with this purchase alone: neither this page nor the billing
              service keeps it.
            </p>
          </details>
          <p className="confirm">
            You buy the quote <strong className="figure">{isWhole ? purchaseId : '…'}</strong> for the whole account
            {isBilledElsewhere ? ', billed as given above' : ''}. It is charged at once, and cannot be taken back here.
          </p>
          <p className="confirm fine">
            Not known before: how many credits it is, the price, the currency and the tax. The quote says so, and your
            receipt will.
          </p>
          <button type="submit" disabled={write.isBusy}>
            Buy the quote
          </button>
        </>
      ) : null}
      <Outcome write={write} receipt={(payload) => <PurchaseReceipt payload={payload} />} />
    </form>
  );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly onChange: (event: ChangeEvent<HTMLInputElement>) => void;
}

function Field({ id, label, hint, ...attributes }: FieldProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...attributes} {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })} />
      {hint === undefined ? null : (
        <p className="fine" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** The user's input without the empty fields. */
function givenOf(contact: Contact): Contact {
  return Object.fromEntries(
    Object.entries(contact)
      .map(([name, text]) => [name, text.trim()] as const)
      .filter(([, text]) => text !== ''),
  );
}
