import type { RowsSample } from '#bench/bench.results';
import { ROW_COUNTS, type RowCount } from '#bench/billing.ids';
import { milliseconds, ratio, table } from '#bench/report.format';
import { ratios, type Spread, spread } from '#bench/sample.statistics';

const ONE: RowCount = 1;
const BASE: RowCount = 100;
const MOST: RowCount = 20_000;
const TO_REACH = '0.8 to 1.2';
const MICROSECONDS = 1_000;

/**
 * CPU by the size of a history: per row, beside a straight line from the smallest to the largest size. The last column
 * is the cost of a row without the fixed cost of a request.
 */
export function renderRows(samples: readonly RowsSample[]): string {
  const of = (rows: RowCount): readonly RowsSample[] => samples.filter((sample) => sample.rows === rows);
  const fixed = of(ONE).map((sample) => sample.cpuMs);
  const perRow = (rows: RowCount): number[] => of(rows).map((sample) => (sample.cpuMs / rows) * MICROSECONDS);
  const furtherRow = (rows: RowCount): number[] =>
    of(rows).map(
      ({ cpuMs, pages }, round) => ((cpuMs - pages * (fixed[round] ?? Number.NaN)) / (rows - pages)) * MICROSECONDS,
    );
  const onLine = (rows: RowCount): number[] =>
    of(BASE).map(
      ({ cpuMs }, round) => cpuMs + (((of(MOST)[round]?.cpuMs ?? Number.NaN) - cpuMs) / (MOST - BASE)) * (rows - BASE),
    );
  return table(
    [
      'Rows',
      'requests',
      'CPU',
      'CPU per row',
      `of that at ${BASE} rows`,
      'to reach',
      'of a straight line',
      'to reach',
      'CPU per further row',
    ],
    ROW_COUNTS.map((rows) => {
      const isMany = rows !== ONE;
      const isCompared = isMany && rows !== BASE;
      const cpuMs = of(rows).map((sample) => sample.cpuMs);
      const relative = ratios(perRow(rows), perRow(BASE));
      const straight = ratios(cpuMs, onLine(rows));
      const isBetween = isCompared && rows !== MOST;
      return [
        rows.toLocaleString('en'),
        String(of(rows)[0]?.pages ?? ''),
        milliseconds(spread(cpuMs)),
        microseconds(spread(perRow(rows))),
        isCompared ? ratio(relative.median, relative) : '',
        isCompared ? TO_REACH : '',
        isBetween ? ratio(straight.median, straight) : '',
        isBetween ? TO_REACH : '',
        isMany ? microseconds(spread(furtherRow(rows))) : '',
      ];
    }),
  );
}

function microseconds({ median, min, max }: Spread): string {
  return `${median.toFixed(1)} µs (${min.toFixed(1)}–${max.toFixed(1)})`;
}
