import { MISSING } from '@billing-gateway/client';
import type { Reading, ReadProblem } from '@billing-gateway/client/react';
import { type ReactNode, useEffect, useRef } from 'react';

/** A part of the page with its heading. */
export function Panel({
  id,
  title,
  note,
  children,
  className = '',
}: {
  readonly id: string;
  readonly title: string;
  readonly note?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}) {
  return (
    <section className={`panel ${className}`} aria-labelledby={`${id}-title`} id={id}>
      <header className="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {note === undefined ? null : <p className="note">{note}</p>}
      </header>
      {children}
    </section>
  );
}

/** The four states of a read. Only `none` means that there is nothing. */
export function Read<Value>({
  reading,
  none,
  onRetry,
  lines = 3,
  children,
}: {
  readonly reading: Reading<Value>;
  readonly none: ReactNode;
  readonly onRetry: () => void;
  readonly lines?: number;
  readonly children: (value: Value) => ReactNode;
}) {
  switch (reading.status) {
    case 'loading':
      return (
        <div className="skeleton" role="status" aria-label="Loading">
          {Array.from({ length: lines }, (_, line) => `line-${line}`).map((line) => (
            <span key={line} />
          ))}
        </div>
      );
    case 'none':
      return <div className="empty">{none}</div>;
    case 'failed':
      return <Failed problem={reading.problem} onRetry={onRetry} />;
    case 'ready':
      return children(reading.value);
  }
}

export function Failed({ problem, onRetry }: { readonly problem: ReadProblem; readonly onRetry: () => void }) {
  return (
    <div className="failed" role="alert">
      <p>
        <strong>{PROBLEMS[problem.code] ?? 'This part could not be read.'}</strong> Nothing is shown instead of a guess.
      </p>
      <p className="fine">
        <code>{problem.code}</code>
        {problem.requestId === null ? null : <> · request {problem.requestId}</>}
      </p>
      <button type="button" className="quiet" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

const PROBLEMS: Readonly<Record<string, string>> = {
  NO_RESPONSE: 'The billing service could not be reached.',
  UPSTREAM_UNAVAILABLE: 'The billing system is not reachable at the moment.',
  UPSTREAM_TIMEOUT: 'The billing system did not answer in time.',
  UPSTREAM_INVALID_RESPONSE: 'The billing system answered something that cannot be read.',
  FORBIDDEN: 'You may not see this group.',
  UNAUTHENTICATED: 'Your session has ended. Sign in again.',
  NOT_CONFIGURED: 'The billing system offers no catalogue here.',
  NOT_FOUND: 'The billing system does not know this group.',
  RATE_LIMITED: 'Too many requests. Wait a moment.',
};

/** A value, or a visible gap where it is missing. An unreadable value is marked as such. */
export function Figure({ text, isUnreadable = false }: { readonly text: string; readonly isUnreadable?: boolean }) {
  if (isUnreadable) {
    return (
      <span className="gap" title="The billing system sent a value that cannot be read.">
        unreadable
      </span>
    );
  }
  return text === MISSING ? (
    <span className="gap" title="Not reported">
      {MISSING}
    </span>
  ) : (
    text
  );
}

/** A moment in the user's own time zone; the exact text is in the markup. */
export function When({
  text,
  shown,
  isUnreadable,
}: {
  readonly text: string | null;
  readonly shown: string;
  readonly isUnreadable?: boolean;
}) {
  if (text === null) return <Figure text={MISSING} isUnreadable={isUnreadable ?? false} />;
  return (
    <time dateTime={text} title={text}>
      {shown}
    </time>
  );
}

/** A wide table scrolls by itself, also by keyboard. */
export function Scroll({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach it (axe: scrollable-region-focusable)
    <div className="scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

/** A form over the page. Its button or Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  // The focus goes to "Close", and not to a field: a held-down Enter key must not order.
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onClose={onClose}>
      <header>
        <h2 id="dialog-title">{title}</h2>
        <button type="button" className="quiet close" onClick={() => element.current?.close()}>
          Close
        </button>
      </header>
      {children}
    </dialog>
  );
}
