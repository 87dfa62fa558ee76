import { documentsInPacks } from '@billing-gateway/client';
import { useBillingHistory, useBillingPlan, useOpenWrites } from '@billing-gateway/client/react';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Banner } from './banner.tsx';
import { Catalogue } from './catalogue.tsx';
import { History } from './history.tsx';
import { Panel } from './parts.tsx';
import { PlanInForce } from './plan.tsx';
import { Credits } from './purchase.tsx';
import { Subgroups } from './subgroups.tsx';

// The charts load later than the figures.
const Charts = lazy(() => import('./charts.tsx'));

/** Rows of thirteen months of one group, in one request: enough for the charts, and for the documents left in packs. */
const PAGE_SIZE = 200;
const MONTHS_BACK = 13;

/**
 * Everything about one group's billing. Each part has its own states, so that a failure of one does not affect the
 * others.
 */
export function BillingPage({ groupId }: { readonly groupId: string }) {
  const from = useMemo(() => monthsAgo(MONTHS_BACK), []);
  const plan = useBillingPlan(groupId);
  const history = useBillingHistory(groupId, { pageSize: PAGE_SIZE, from });
  const open = useOpenWrites();
  const [now] = useState(() => Date.now());
  const packs = history.status === 'ready' && !history.value.hasMore ? documentsInPacks(history.value.rows, now) : null;
  return (
    <div className="page">
      <header className="masthead">
        <div>
          <p className="eyebrow">Billing</p>
          <h1>{plan.groupName ?? `Group ${groupId}`}</h1>
          <p className="note">
            Group <span className="figure">{groupId}</span>
          </p>
        </div>
        <form className="group-form">
          <label htmlFor="group">Group</label>
          <input id="group" name="group" inputMode="numeric" pattern="\d{1,18}" defaultValue={groupId} required />
          <button type="submit" className="quiet">
            Show
          </button>
        </form>
      </header>
      <Banner open={open} />
      <main>
        <PlanInForce plan={plan} packs={packs} onRetry={plan.refresh} now={now} />
        <Catalogue groupId={groupId} plan={plan} onLeave={open.refresh} />
        <Credits onLeave={open.refresh} />
        <Suspense
          fallback={
            <Panel id="spend" title="Spend by month">
              …
            </Panel>
          }
        >
          <Charts history={history} onRetry={history.refresh} />
        </Suspense>
        <History history={history} />
        <Subgroups groupId={groupId} now={now} />
      </main>
      <footer className="note">
        Amounts are shown as the billing system sent them, digit for digit. Dates are in your own time zone.
      </footer>
    </div>
  );
}

function monthsAgo(months: number): string {
  const date = new Date();
  date.setUTCMonth(date.getUTCMonth() - months, 1);
  date.setUTCHours(0, 0, 0, 0);
  return date.toISOString();
}
