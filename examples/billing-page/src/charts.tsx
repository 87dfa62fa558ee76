import { addDecimals, isPlainDecimal, type MoneyText } from '@billing-gateway/client';
import type { BillingHistory, HistoryRow, Reading } from '@billing-gateway/client/react';
import { Bar, CartesianGrid, ComposedChart, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { Panel, Read } from './parts.tsx';
import { count, money } from './words.ts';

interface ChartsProps {
  readonly history: Reading<BillingHistory>;
  readonly onRetry: () => void;
}

/** Charts of the history. Heights are approximate; every exact figure is in a table. */
export default function Charts({ history, onRetry }: ChartsProps) {
  const partial =
    history.status === 'ready' && history.value.hasMore
      ? `Of the newest ${history.value.rows.length} entries`
      : undefined;
  const some: Reading<BillingHistory> =
    history.status === 'ready' && history.value.rows.length === 0 ? { status: 'none' } : history;
  return (
    <>
      <Panel
        id="spend"
        title="Spend by month"
        note={partial ?? 'Prices by the month in which a period began'}
        className="half"
      >
        <Read reading={some} onRetry={onRetry} lines={6} none={<p>Nothing was billed yet.</p>}>
          {({ rows }) => <Spend rows={rows} />}
        </Read>
      </Panel>
      <Panel
        id="usage"
        title="Usage by period"
        note={partial ?? 'Documents used, and the limit of the plan'}
        className="half"
      >
        <Read reading={some} onRetry={onRetry} lines={6} none={<p>Nothing was used yet.</p>}>
          {({ rows }) => <Usage rows={rows} />}
        </Read>
      </Panel>
    </>
  );
}

interface Month {
  readonly month: string;
  readonly label: string;
  readonly amounts: readonly string[];
}

/** Sums by currency and month, exact; rows that cannot be added are counted instead. */
export function spendByMonth(rows: readonly HistoryRow[]): {
  readonly currencies: ReadonlyMap<string | null, readonly Month[]>;
  readonly left: number;
} {
  const found = new Map<string | null, Map<string, string[]>>();
  let left = 0;
  for (const { price, startDate } of rows) {
    const moment = startDate === null ? Number.NaN : Date.parse(startDate);
    if (price === null || Number.isNaN(moment) || !isPlainDecimal(price.amount)) {
      left += 1;
      continue;
    }
    const date = new Date(moment);
    const month = `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}`;
    const months = found.get(price.currency) ?? new Map<string, string[]>();
    months.set(month, [...(months.get(month) ?? []), price.amount]);
    found.set(price.currency, months);
  }
  const currencies = new Map(
    [...found].map(([currency, months]) => [
      currency,
      [...months]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([month, amounts]) => ({ month, label: monthLabel(month), amounts })),
    ]),
  );
  return { currencies, left };
}

function Spend({ rows }: { readonly rows: readonly HistoryRow[] }) {
  const { currencies, left } = spendByMonth(rows);
  if (currencies.size === 0) return <p className="empty">No price can be added up.</p>;
  return (
    <>
      {[...currencies].map(([currency, months]) => (
        <SpendOf key={currency ?? 'none'} currency={currency} months={months} />
      ))}
      {left === 0 ? null : (
        <p className="note">
          {left} {left === 1 ? 'entry has' : 'entries have'} no readable price or date, and {left === 1 ? 'is' : 'are'}{' '}
          not in the sums.
        </p>
      )}
    </>
  );
}

function SpendOf({ currency, months }: { readonly currency: string | null; readonly months: readonly Month[] }) {
  const sums = months.map(({ month, label, amounts }) => {
    const amount = addDecimals(amounts);
    return { month, label, sum: { amount, currency } satisfies MoneyText, height: Number(amount) };
  });
  const name = currency ?? 'No currency named';
  const total = { amount: addDecimals(sums.map(({ sum }) => sum.amount)), currency };
  return (
    <figure className="chart">
      <figcaption>
        {name} <span className="figure">{money(total)}</span>
      </figcaption>
      <div className="plot" aria-hidden="true">
        <ResponsiveContainer width="100%" height={180}>
          <ComposedChart data={sums} margin={MARGIN} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis dataKey="label" tickLine={false} axisLine={false} tick={TICK} minTickGap={14} />
            <YAxis width={54} tickLine={false} axisLine={false} tick={TICK} tickFormatter={compact} />
            <Tooltip
              cursor={CURSOR}
              content={({ payload }) => <Tip lines={payload?.map(({ payload: row }) => [row.label, money(row.sum)])} />}
            />
            <Bar
              dataKey="height"
              fill="var(--accent)"
              radius={[5, 5, 0, 0]}
              maxBarSize={34}
              isAnimationActive={false}
            />
          </ComposedChart>
        </ResponsiveContainer>
      </div>
      <details open>
        <summary>Exact amounts by month</summary>
        <table className="compact">
          <thead>
            <tr>
              <th scope="col">Month</th>
              <th scope="col" className="number">
                {name}
              </th>
            </tr>
          </thead>
          <tbody>
            {sums.toReversed().map(({ month, label, sum }) => (
              <tr key={month}>
                <td>{label}</td>
                <td className="number figure">{money(sum)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function Usage({ rows }: { readonly rows: readonly HistoryRow[] }) {
  const periods = rows
    .filter(({ kind, startDate, usedDocuments }) => kind !== 'BOOSTER' && startDate !== null && usedDocuments !== null)
    .map(({ startDate, usedDocuments, allowedDocuments, planName }) => ({
      label: new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }).format(new Date(startDate ?? '')),
      used: usedDocuments,
      limit: allowedDocuments,
      planName,
    }))
    .toReversed();
  if (periods.length === 0) return <p className="empty">No period has a count of documents.</p>;
  return (
    <figure className="chart">
      <figcaption className="legend">
        <span className="key used">used</span> <span className="key limit">limit</span>
      </figcaption>
      <div className="plot" aria-hidden="true">
        <ResponsiveContainer width="100%" height={180}>
          <ComposedChart data={periods} margin={MARGIN} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis dataKey="label" tickLine={false} axisLine={false} tick={TICK} minTickGap={14} />
            <YAxis width={54} tickLine={false} axisLine={false} tick={TICK} tickFormatter={compact} />
            <Tooltip
              cursor={CURSOR}
              content={({ payload }) => (
                <Tip
                  lines={payload
                    ?.slice(0, 1)
                    .flatMap(({ payload: row }) => [
                      [`${row.label}, ${row.planName ?? ''}`, `${count(row.used)} of ${count(row.limit)}`],
                    ])}
                />
              )}
            />
            <Bar
              dataKey="used"
              fill="var(--accent-soft)"
              radius={[5, 5, 0, 0]}
              maxBarSize={34}
              isAnimationActive={false}
            />
            <Line
              dataKey="limit"
              type="step"
              stroke="var(--warn)"
              strokeWidth={2}
              dot={false}
              isAnimationActive={false}
            />
          </ComposedChart>
        </ResponsiveContainer>
      </div>
      <details open>
        <summary>Figures by period</summary>
        <table className="compact">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Plan</th>
              <th scope="col" className="number">
                Used
              </th>
              <th scope="col" className="number">
                Limit
              </th>
            </tr>
          </thead>
          <tbody>
            {periods.toReversed().map(({ label, planName, used, limit }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two periods may begin on one day
              <tr key={`${label}-${index}`}>
                <td>{label}</td>
                <td>{planName}</td>
                <td className="number figure">{count(used)}</td>
                <td className="number figure">{count(limit)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function Tip({ lines }: { readonly lines: readonly (readonly string[])[] | undefined }) {
  return (
    <div className="tip">
      {lines?.map(([label, value]) => (
        <p key={label}>
          {label} <strong>{value}</strong>
        </p>
      ))}
    </div>
  );
}

const MARGIN = { top: 8, right: 4, bottom: 0, left: 0 };
const TICK = { fill: 'var(--muted)', fontSize: 12 };
const CURSOR = { fill: 'var(--hover)' };
const compact = (value: number) => new Intl.NumberFormat(undefined, { notation: 'compact' }).format(value);

function monthLabel(month: string): string {
  return new Intl.DateTimeFormat(undefined, { month: 'short', year: '2-digit' }).format(
    new Date(`${month}-15T12:00:00`),
  );
}
