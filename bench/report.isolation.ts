import type { IsolationSample } from '#bench/bench.results';
import { ratio, table } from '#bench/report.format';
import { pooledPercentile, pooledRatio, type SlotFigure, typicalPercentile } from '#bench/sample.statistics';

const NAMES = { credits: '30 purchases of credits', xtracta: '30 reads of Xtracta' } as const;

const FIGURES: readonly { readonly name: string; readonly figure: SlotFigure }[] = [
  { name: 'p50', figure: pooledPercentile(0.5) },
  { name: 'p99', figure: pooledPercentile(0.99) },
  { name: 'p99 of the median slot', figure: typicalPercentile(0.99) },
];

/** Latencies while calls hang, relative to those while none does. */
export function renderIsolation(samples: readonly IsolationSample[]): string {
  const kinds = Map.groupBy(samples, ({ hangs, question }) => `${NAMES[hangs]} | ${question}`);
  return table(
    ['While these hang', 'asked', '', 'without', 'with / without', 'without / without: chance', 'to reach'],
    [...kinds].flatMap(([kind, rounds]) =>
      FIGURES.map(({ name, figure }) => {
        const calm = rounds.flatMap((round) => round.calm.flat());
        const effect = rounds.map((round) => ({ of: round.hanging, to: round.calm.flat() }));
        const chance = rounds.map((round) => ({ of: round.calm[0], to: round.calm[1] }));
        const [of, by] = [pooledRatio(effect, figure), pooledRatio(chance, figure)];
        return [kind, name, `${figure(calm).toFixed(2)} ms`, ratio(of.value, of), ratio(by.value, by), '0.9 to 1.1'];
      }),
    ),
  );
}
