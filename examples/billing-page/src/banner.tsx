import { formatDate } from '@billing-gateway/client';
import type { OpenWrite, useOpenWrites } from '@billing-gateway/client/react';
import { useState } from 'react';
import { subjectOf, subjectWord } from './words.ts';

/** Writes under check, also after a reload, above all other parts of the page. */
export function Banner({ open }: { readonly open: ReturnType<typeof useOpenWrites> }) {
  if (open.status !== 'ready') return null;
  return (
    <section className="banner" aria-label="Being checked" aria-live="polite">
      {open.value.map((write) => (
        <Line key={write.key} write={write} open={open} />
      ))}
    </section>
  );
}

function Line({ write, open }: { readonly write: OpenWrite; readonly open: ReturnType<typeof useOpenWrites> }) {
  const [isLooking, setLooking] = useState(false);
  const { facts, subject, key } = write;
  const what = subjectWord(facts === null ? subject : subjectOf(facts));
  const when = facts === null ? '' : `, ${formatDate(facts.sentAt ?? facts.createdAt, { withTime: true })}`;
  const look = () => {
    setLooking(true);
    void open.settle(key).finally(() => setLooking(false));
  };
  return (
    <div className={`banner-line ${write.hasEnded ? 'ended' : 'open'}`}>
      <p>
        <strong>{capital(what)}</strong>
        {when}: {sayHow(write)}
      </p>
      <span className="actions">
        {facts?.status === 'OUTCOME_UNKNOWN' ? (
          <button type="button" className="quiet" disabled={isLooking} onClick={look}>
            {isLooking ? 'Looking…' : 'Look again'}
          </button>
        ) : null}
        {write.hasEnded ? (
          <button type="button" className="quiet" onClick={() => open.dismiss(key)}>
            Understood
          </button>
        ) : null}
      </span>
    </div>
  );
}

function sayHow({ facts, isLookedUp, hasEnded }: OpenWrite): string {
  if (!isLookedUp) return 'how it ended cannot be looked up at the moment. Do not order it again.';
  switch (facts?.status) {
    case undefined:
      return hasEnded
        ? 'the billing service has no record of it. Nothing was charged.'
        : `the billing service has no record of it so far. ${STILL_ON_ITS_WAY}`;
    case 'OUTCOME_UNKNOWN':
      return 'whether it was carried out is still being checked. Do not order it again.';
    case 'IN_PROGRESS':
      return 'it is being carried out.';
    case 'SUCCEEDED':
      return 'it was carried out.';
    case 'REJECTED':
      return 'it was refused. Nothing was charged.';
    case 'NOT_SENT':
      return hasEnded ? 'it was not sent. Nothing was charged.' : `it was not sent so far. ${STILL_ON_ITS_WAY}`;
  }
}

const STILL_ON_ITS_WAY = 'It may still be on its way. To send it again, use its form: it is charged once at most.';

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
