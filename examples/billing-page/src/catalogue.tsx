import {
  addDecimals,
  type BillingWriteName,
  expectedPrice,
  formatDifference,
  isPlainDecimal,
  MISSING,
  type MoneyText,
} from '@billing-gateway/client';
import {
  CatalogueOfGroupDocument,
  type CatalogueOfGroupQuery,
  PlanChangeOfGroupDocument,
} from '@billing-gateway/client/documents';
import {
  type BillingWriteHook,
  type PlanReading,
  type Reading,
  readPart,
  unreadableBelow,
  useBillingQuery,
  useBillingWrite,
} from '@billing-gateway/client/react';
import { useCallback, useEffect, useState } from 'react';
import { ChangeReceipt, mayEdit, OrderReceipt, Outcome } from './outcome.tsx';
import { Dialog, Figure, Panel, Read } from './parts.tsx';
import { count, decimal, directionWord, documents, money, notKnownWords, periodWord } from './words.ts';

type Group = NonNullable<CatalogueOfGroupQuery['group']>;
type Offer = NonNullable<Group['availablePlans']>[number];
type Pack = NonNullable<Group['availablePacks']>[number];
type Chosen = { readonly kind: 'plan'; readonly offer: Offer } | { readonly kind: 'pack'; readonly pack: Pack };

interface CatalogueProps {
  readonly groupId: string;
  readonly plan: Reading<PlanReading>;
  /** Called when a form was closed; its write may still be open. */
  readonly onLeave: () => void;
}

/** Plans to change to, and packs to order. */
export function Catalogue({ groupId, plan, onLeave }: CatalogueProps) {
  const { response, refresh } = useBillingQuery(CatalogueOfGroupDocument, { groupId });
  const plans = readPart(response, ['group', 'availablePlans'], ({ group }) => nonEmpty(group?.availablePlans));
  const packs = readPart(response, ['group', 'availablePacks'], ({ group }) => nonEmpty(group?.availablePacks));
  const [chosen, setChosen] = useState<Chosen | null>(null);
  // A browser reports the end of a dialog with its next frame. A dialog that was opened meanwhile must not end with the
  // first.
  const [openings, setOpenings] = useState(0);
  const choose = (wanted: Chosen) => {
    setOpenings((count) => count + 1);
    setChosen(wanted);
  };
  const close = () => {
    setChosen(null);
    onLeave();
  };
  const none = <p>The billing system offers none to this group.</p>;
  return (
    <>
      <Panel id="packs" title="Booster packs" note="Documents once, on top of the plan" className="packs">
        <Read reading={packs} onRetry={refresh} none={none} lines={3}>
          {(offered) => (
            <ul className="pack-list">
              {offered.map((pack, index) => (
                <li key={pack.id}>
                  <span>
                    <strong>{pack.name ?? `Pack ${pack.id}`}</strong>
                    <span className="note">
                      {pack.allowedDocuments === null ? MISSING : documents(pack.allowedDocuments)}
                      {pack.pricePerDocument === null ? '' : `, ${decimal(pack.pricePerDocument)} each`}
                    </span>
                  </span>
                  <span className="figure">
                    <Figure
                      text={money(pack.price)}
                      isUnreadable={unreadableBelow(response, ['group', 'availablePacks', index]).includes('price')}
                    />
                  </span>
                  <button
                    type="button"
                    aria-label={`Order ${pack.name ?? `pack ${pack.id}`}…`}
                    onClick={() => choose({ kind: 'pack', pack })}
                  >
                    Order…
                  </button>
                </li>
              ))}
            </ul>
          )}
        </Read>
      </Panel>
      <Panel id="plans" title="Plans" note="A change takes effect at once and is a charge">
        <Read reading={plans} onRetry={refresh} none={none} lines={6}>
          {(offered) => (
            <ul className="offers">
              {offered.map((offer, index) => (
                <OfferCard
                  key={offer.id}
                  offer={offer}
                  isInForce={isInForce(offer, plan)}
                  unreadable={unreadableBelow(response, ['group', 'availablePlans', index])}
                  onChoose={() => choose({ kind: 'plan', offer })}
                />
              ))}
            </ul>
          )}
        </Read>
      </Panel>
      {chosen === null ? null : (
        <Dialog
          key={openings}
          title={chosen.kind === 'pack' ? 'Order a booster pack' : 'Change the plan'}
          onClose={close}
        >
          {chosen.kind === 'pack' ? (
            <OrderForm groupId={groupId} pack={offeredNow(packs, chosen.pack)} onOutdated={refresh} />
          ) : (
            <ChangeForm
              groupId={groupId}
              offer={offeredNow(plans, chosen.offer)}
              isInForce={isInForce(chosen.offer, plan)}
              onOutdated={refresh}
            />
          )}
        </Dialog>
      )}
    </>
  );
}

/** A catalogue without offers is a state of its own, not an empty panel. */
function nonEmpty<Item>(offered: readonly Item[] | null | undefined): readonly Item[] | null {
  return offered === null || offered === undefined || offered.length === 0 ? null : offered;
}

/** The catalogue's present item; the item as chosen while the catalogue cannot be read. */
function offeredNow<Item extends { readonly id: string }>(offered: Reading<readonly Item[]>, chosen: Item): Item {
  return (offered.status === 'ready' ? offered.value.find(({ id }) => id === chosen.id) : undefined) ?? chosen;
}

/**
 * By number where the gateway knows the plan's number, else by name and length, because the history has no numbers of
 * plans.
 */
function isInForce(offer: Offer, plan: Reading<PlanReading>): boolean {
  if (plan.status !== 'ready') return false;
  const { planId, name, type } = plan.value.plan;
  return planId === null ? name !== null && name === offer.name && type === offer.type : planId === offer.id;
}

function OfferCard({
  offer,
  isInForce,
  unreadable,
  onChoose,
}: {
  readonly offer: Offer;
  readonly isInForce: boolean;
  readonly unreadable: readonly string[];
  readonly onChoose: () => void;
}) {
  const { name, id, price, type, typeRaw, allowedDocuments, pricePerDocument, differenceToCurrent } = offer;
  return (
    <li className={isInForce ? 'offer current' : 'offer'}>
      <h3>{name ?? `Plan ${id}`}</h3>
      {isInForce ? <p className="in-force">In force</p> : null}
      <p className="offer-price figure">
        <Figure text={money(price)} isUnreadable={unreadable.includes('price')} />
        <span className="unit"> a {periodWord(type, typeRaw)}</span>
      </p>
      <dl>
        <div>
          <dt>Documents</dt>
          <dd className="figure">{count(allowedDocuments)}</dd>
        </div>
        <div>
          <dt>Per document</dt>
          <dd className="figure">
            {pricePerDocument === null
              ? MISSING
              : money({ amount: pricePerDocument, currency: price?.currency ?? null })}
          </dd>
        </div>
        <div>
          <dt>Difference</dt>
          <dd className="figure">{isInForce ? MISSING : formatDifference(differenceToCurrent)}</dd>
        </div>
      </dl>
      <button
        type="button"
        className="quiet"
        aria-label={`${isInForce ? 'Renew' : 'Change to'} ${name ?? `plan ${id}`}…`}
        onClick={onChoose}
      >
        {isInForce ? 'Renew…' : 'Change…'}
      </button>
    </li>
  );
}

interface FormProps {
  readonly groupId: string;
  /** Called when the price differs from the shown one, so that the page reads it anew. */
  readonly onOutdated: () => void;
}

/**
 * The last price that the user accepted. When the gateway refuses it because it has changed, the page reads the new
 * one.
 */
function useShownPrice(write: Pick<BillingWriteHook<BillingWriteName>, 'state'>, onOutdated: () => void) {
  const [agreed, setAgreed] = useState<MoneyText | null>(null);
  const { state } = write;
  const problem = state.kind === 'refused' || state.kind === 'unknown' ? state.problem : null;
  const isOutdated = problem?.code === 'PRECONDITION_FAILED';
  useEffect(() => {
    if (isOutdated) onOutdated();
  }, [isOutdated, onOutdated]);
  return { agreed: isOutdated ? agreed : null, agree: setAgreed };
}

/** The shown price and the present price; the user decides anew. */
function PriceChange({ was, now }: { readonly was: MoneyText | null; readonly now: MoneyText | null }) {
  if (was === null || (was.amount === now?.amount && was.currency === now.currency)) return null;
  return (
    <p className="confirm price-change">
      You were shown <span className="figure">{money(was)}</span>. It is{' '}
      <strong className="figure">{now === null ? 'not known' : money(now)}</strong> now. Send it again only if you
      agree.
    </p>
  );
}

function OrderForm({ groupId, pack, onOutdated }: FormProps & { readonly pack: Pack }) {
  const write = useBillingWrite('orderBoosterPack', `orderBoosterPack:${groupId}:${pack.id}`);
  const price = useShownPrice(write, onOutdated);
  const [quantity, setQuantity] = useState(1);
  const name = pack.name ?? `pack ${pack.id}`;
  const total = times(pack.price, quantity);
  const what = `${quantity} × ${name}`;
  return (
    <form
      className="order"
      onSubmit={(event) => {
        event.preventDefault();
        price.agree(pack.price);
        void write.send({ packId: pack.id, groupId, quantity, ...expectedPrice(pack.price) });
      }}
    >
      {mayEdit(write.state.kind) ? (
        <>
          <label htmlFor="quantity">How many</label>
          <input
            id="quantity"
            type="number"
            min={1}
            max={100}
            value={quantity}
            required
            onChange={({ target }) => setQuantity(Math.min(100, Math.max(1, Math.trunc(target.valueAsNumber) || 1)))}
          />
          <p className="confirm">
            You order <strong>{what}</strong>
            {pack.allowedDocuments === null ? '' : ` (${documents(pack.allowedDocuments)} each)`} for group {groupId}.
            It is charged at once:{' '}
            <strong className="figure">{total === null ? 'the price is not known' : money(total)}</strong>
            {total !== null && total.currency === null ? ', in the currency of the account' : ''}.
          </p>
          <PriceChange was={price.agreed} now={pack.price} />
          <button type="submit" disabled={write.isBusy}>
            Order {what}
          </button>
        </>
      ) : null}
      <Outcome write={write} receipt={(payload) => <OrderReceipt payload={payload} />} />
    </form>
  );
}

interface ChangeFormProps extends FormProps {
  readonly offer: Offer;
  readonly isInForce: boolean;
}

function ChangeForm({ groupId, offer, isInForce, onOutdated }: ChangeFormProps) {
  const write = useBillingWrite('changePlan', `changePlan:${groupId}:${offer.id}`);
  const { response, refresh } = useBillingQuery(PlanChangeOfGroupDocument, { groupId, planId: offer.id });
  const preview = readPart(response, ['group', 'planChangePreview'], ({ group }) => group?.planChangePreview);
  const readAnew = useCallback(() => {
    onOutdated();
    refresh();
  }, [onOutdated, refresh]);
  const shown = useShownPrice(write, readAnew);
  const name = offer.name ?? `plan ${offer.id}`;
  // The preview reads the catalogue anew; the list of plans may be a minute old.
  const price = preview.status === 'ready' ? preview.value.to.price : offer.price;
  const difference = preview.status === 'ready' ? preview.value.difference : offer.differenceToCurrent;
  return (
    <form
      className="order"
      onSubmit={(event) => {
        event.preventDefault();
        shown.agree(price);
        void write.send({ planId: offer.id, groupId, ...expectedPrice(price) });
      }}
    >
      {mayEdit(write.state.kind) ? (
        <>
          <p className="confirm">
            {isInForce ? 'You renew' : 'You change to'} <strong>{name}</strong> for group {groupId}:{' '}
            {offer.allowedDocuments === null ? '' : `${documents(offer.allowedDocuments)}, `}
            <strong className="figure">{price === null ? 'the price is not known' : money(price)}</strong> a{' '}
            {periodWord(offer.type, offer.typeRaw)}
            {difference === null || isInForce ? '' : ` (${formatDifference(difference)})`}. It takes effect and is
            charged at once.
          </p>
          <Read reading={preview} onRetry={refresh} none={<p>The billing system does not offer this plan any more.</p>}>
            {(known) => (
              <>
                <dl className="receipt">
                  <div>
                    <dt>Now</dt>
                    <dd className="figure">
                      {known.from === null ? 'no plan' : `${known.from.name ?? MISSING}, ${money(known.from.price)}`}
                    </dd>
                  </div>
                  <div>
                    <dt>Compared with it</dt>
                    <dd>{directionWord(known.direction)}</dd>
                  </div>
                  <div>
                    <dt>Left of the plan in force</dt>
                    <dd className="figure">
                      {known.unusedDocuments === null ? MISSING : documents(known.unusedDocuments)}
                    </dd>
                  </div>
                </dl>
                <p className="fine">The billing system alone decides: {notKnownWords(known.notKnown)}.</p>
              </>
            )}
          </Read>
          {isInForce ? <p className="confirm">It is the plan in force: renewing it is another charge.</p> : null}
          <PriceChange was={shown.agreed} now={price} />
          <button type="submit" disabled={write.isBusy}>
            {isInForce ? `Renew ${name}` : `Change to ${name}`}
          </button>
        </>
      ) : null}
      <Outcome write={write} receipt={(payload) => <ChangeReceipt payload={payload} />} />
    </form>
  );
}

/** The exact total of this number of packs at one price. Null where the price is not known. */
function times(price: MoneyText | null, quantity: number): MoneyText | null {
  if (price === null || !isPlainDecimal(price.amount)) return null;
  return { amount: addDecimals(Array.from({ length: quantity }, () => price.amount)), currency: price.currency };
}
