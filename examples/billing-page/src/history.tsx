import { MISSING } from '@billing-gateway/client';
import type { HistoryRow, useBillingHistory } from '@billing-gateway/client/react';
import { useState } from 'react';
import { Failed, Figure, Panel, Read, Scroll, When } from './parts.tsx';
import { activityWord, count, day, decimal, money, periodWord } from './words.ts';

/** Rows on the first page. */
const AT_FIRST = 10;

export function History({ history }: { readonly history: ReturnType<typeof useBillingHistory> }) {
  const [isWhole, setWhole] = useState(false);
  return (
    <Panel
      id="history"
      title="History"
      note={history.status === 'ready' ? `${history.value.totalCount} entries in 13 months` : undefined}
    >
      <Read reading={history} onRetry={history.refresh} lines={8} none={<p>Nothing was billed yet.</p>}>
        {({ rows, hasMore, totalCount }) =>
          rows.length === 0 ? (
            <p className="empty">Nothing was billed in these thirteen months.</p>
          ) : (
            <>
              <HistoryTable rows={isWhole ? rows : rows.slice(0, AT_FIRST)} />
              <div className="below">
                {!isWhole && rows.length > AT_FIRST ? (
                  <button type="button" className="quiet" onClick={() => setWhole(true)}>
                    Show all {rows.length}
                  </button>
                ) : null}
                {(isWhole || rows.length <= AT_FIRST) && hasMore ? (
                  <button
                    type="button"
                    className="quiet"
                    disabled={history.isLoadingMore}
                    onClick={() => void history.loadMore()}
                  >
                    {history.isLoadingMore ? 'Loading…' : `Show more of ${totalCount}`}
                  </button>
                ) : null}
              </div>
              {history.moreProblem === null ? null : (
                <Failed problem={history.moreProblem} onRetry={() => void history.loadMore()} />
              )}
            </>
          )
        }
      </Read>
    </Panel>
  );
}

export function HistoryTable({ rows }: { readonly rows: readonly HistoryRow[] }) {
  return (
    <Scroll label="Entries">
      <table>
        <thead>
          <tr>
            <th scope="col">Start</th>
            <th scope="col">End</th>
            <th scope="col">What</th>
            <th scope="col">Plan or pack</th>
            <th scope="col" className="number">
              Used
            </th>
            <th scope="col" className="number">
              Of
            </th>
            <th scope="col" className="number">
              Credit
            </th>
            <th scope="col" className="number">
              Price
            </th>
            <th scope="col">Entry</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an id may occur twice, and rows keep their places
            <Row key={`${row.id}-${index}`} row={row} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Row({ row }: { readonly row: HistoryRow }) {
  const missing = (field: string) => row.unreadable.includes(field);
  return (
    <tr>
      <td>
        <When text={row.startDate} shown={day(row.startDate)} isUnreadable={missing('startDate')} />
      </td>
      <td>
        <When text={row.expiryDate} shown={day(row.expiryDate)} isUnreadable={missing('expiryDate')} />
      </td>
      <td>
        <span className={`tag ${row.kind.toLowerCase()}`}>{activityWord(row)}</span>
      </td>
      <td>
        <Figure text={row.planName ?? MISSING} isUnreadable={missing('planName')} />
        <span className="unit"> {row.kind === 'BOOSTER' ? '' : periodWord(row.planType, row.planTypeRaw)}</span>
      </td>
      <td className="number figure">
        <Figure text={count(row.usedDocuments)} isUnreadable={missing('usedDocuments')} />
      </td>
      <td className="number figure">
        <Figure text={count(row.allowedDocuments)} isUnreadable={missing('allowedDocuments')} />
      </td>
      <td className="number figure">
        <Figure text={decimal(row.creditAmount)} isUnreadable={missing('creditAmount')} />
      </td>
      <td className="number figure price">
        <Figure text={money(row.price)} isUnreadable={missing('price')} />
      </td>
      <td className="figure entry">{row.id}</td>
    </tr>
  );
}
