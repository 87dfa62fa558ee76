import type { PeakSample } from '#bench/bench.results';
import { megabytes, table } from '#bench/report.format';
import { spread } from '#bench/sample.statistics';

/** Memory of the gateway by the number of Q4 in flight. */
export function renderMemory(samples: readonly PeakSample[]): string {
  const gateway = samples.filter(({ system }) => system === 'gateway');
  return table(
    ['Q4 in flight', 'at rest', 'peak', 'growth', 'growth per request in flight'],
    [...new Set(gateway.map(({ inFlight }) => inFlight))].map((inFlight) => {
      const of = (pick: (sample: PeakSample) => number): string =>
        megabytes(spread(gateway.filter((sample) => sample.inFlight === inFlight).map(pick)));
      return [
        String(inFlight),
        of(({ atRest }) => atRest),
        of(({ peak }) => peak),
        of(({ peak, atRest }) => peak - atRest),
        of(({ peak, atRest }) => (peak - atRest) / inFlight),
      ];
    }),
  );
}
