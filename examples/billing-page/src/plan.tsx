import type { PackDocuments } from '@billing-gateway/client';
import { MISSING } from '@billing-gateway/client';
import type { PlanReading, Reading } from '@billing-gateway/client/react';
import { Figure, Panel, Read, When } from './parts.tsx';
import { count, day, money, periodWord } from './words.ts';

const DAY_MS = 86_400_000;

/** The plan in force, with the documents left in it and in packs. */
export function PlanInForce({
  plan,
  packs,
  onRetry,
  now,
}: {
  readonly plan: Reading<PlanReading>;
  readonly packs: PackDocuments | null;
  readonly onRetry: () => void;
  readonly now: number;
}) {
  return (
    <Panel id="plan" title="Plan in force" className="plan">
      <Read
        reading={plan}
        onRetry={onRetry}
        lines={5}
        none={
          <>
            <p className="lead">No plan</p>
            <p>This group has none at the moment. Choose one below.</p>
          </>
        }
      >
        {({
          plan: {
            name,
            type,
            typeRaw,
            price,
            allowedDocuments,
            usedDocuments,
            remainingDocuments,
            startDate,
            expiryDate,
          },
          unreadable,
        }) => {
          const missing = (field: string) => unreadable.includes(field);
          const left = expiryDate === null ? null : endWord(Date.parse(expiryDate) - now);
          return (
            <div className="plan-body">
              <Gauge allowed={allowedDocuments} used={usedDocuments} left={remainingDocuments} packs={packs} />
              <dl className="facts">
                <div className="wide">
                  <dt>Plan</dt>
                  <dd className="lead">
                    <Figure text={name ?? MISSING} isUnreadable={missing('name')} />
                  </dd>
                </div>
                <div>
                  <dt>Price</dt>
                  <dd className="figure">
                    <Figure text={money(price)} isUnreadable={missing('price')} />
                    {price === null ? null : ' '}
                    {price === null ? null : <span className="unit">a {periodWord(type, typeRaw)}</span>}
                  </dd>
                </div>
                <div>
                  <dt>Left in booster packs</dt>
                  <dd className="figure">
                    {packs === null ? <Figure text={MISSING} /> : count(packs.left)}
                    {packs !== null && packs.unknown > 0 ? <span className="unit"> or more</span> : null}
                  </dd>
                </div>
                <div>
                  <dt>Since</dt>
                  <dd className="figure">
                    <When text={startDate} shown={day(startDate)} isUnreadable={missing('startDate')} />
                  </dd>
                </div>
                <div>
                  <dt>Ends</dt>
                  <dd className="figure">
                    <When text={expiryDate} shown={day(expiryDate)} isUnreadable={missing('expiryDate')} />
                    {left === null ? null : ' '}
                    {left === null ? null : <span className="unit">{left}</span>}
                  </dd>
                </div>
              </dl>
            </div>
          );
        }}
      </Read>
    </Panel>
  );
}

/** Time until the end. Null where the date is invalid. */
function endWord(ms: number): string | null {
  if (Number.isNaN(ms)) return null;
  if (ms < 0) return 'over';
  const days = Math.floor(ms / DAY_MS);
  if (days === 0) return 'within a day';
  return days === 1 ? 'in 1 day' : `in ${days} days`;
}

const RADIUS = 84;
const LENGTH = Math.PI * RADIUS;

/** A half circle: documents used, left in the plan, and left in packs. The figures are text beside it. */
function Gauge({
  allowed,
  used,
  left,
  packs,
}: {
  readonly allowed: number | null;
  readonly used: number | null;
  readonly left: number | null;
  readonly packs: PackDocuments | null;
}) {
  const inPacks = packs?.left ?? 0;
  const total = left === null ? null : left + inPacks;
  const whole = (allowed ?? 0) + inPacks;
  const part = (value: number | null) => (whole === 0 || value === null ? 0 : Math.min(1, value / whole) * LENGTH);
  const usedPart = part(used);
  const packsPart = part(inPacks);
  const tone = total === 0 ? 'out' : total !== null && whole > 0 && total / whole < 0.15 ? 'low' : 'enough';
  return (
    <figure className={`gauge ${tone}`}>
      <svg viewBox="0 0 200 112" aria-hidden="true">
        <path className="track" d="M16 100 A84 84 0 0 1 184 100" />
        <path className="used" d="M16 100 A84 84 0 0 1 184 100" strokeDasharray={`${usedPart} ${LENGTH}`} />
        <path
          className="packs"
          d="M16 100 A84 84 0 0 1 184 100"
          strokeDasharray={`${packsPart} ${LENGTH}`}
          strokeDashoffset={packsPart - LENGTH}
        />
      </svg>
      <figcaption>
        <span className="big figure">{count(total)}</span>
        <span>documents left</span>
        {packs !== null && packs.left > 0 ? (
          <span className="note figure">{count(packs.left)} of them in packs</span>
        ) : null}
        <span className="note figure">
          {count(used)} of {allowed === null ? MISSING : count(allowed)} used
        </span>
      </figcaption>
    </figure>
  );
}
