import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CellReport, cellsOf } from './fault-cells.js';
import { FaultMatrix } from './fault-matrix.js';
import { FAULT_POINTS } from './fault-points.js';
import { liesOf, type Told } from './write-client.js';
import { WriteUpstream } from './write-upstream.js';

const RUN_LIMIT_MS = 900_000;

/** Every fault point × three writes × three circumstances on one store. `newUrl` names an empty ledger. */
export function describeFaultPoints(store: string, newUrl: () => Promise<string>): void {
  const cells = cellsOf(store);
  const reports = new Map<number, CellReport>();
  let upstream: WriteUpstream;

  beforeAll(async () => {
    upstream = await WriteUpstream.start();
    const matrix = new FaultMatrix(await newUrl(), cells, upstream);
    for (const report of await matrix.run()) reports.set(report.cell.intent, report);
  }, RUN_LIMIT_MS);

  afterAll(async () => {
    await upstream.close();
    process.stderr.write(summaryOf(store, [...reports.values()]));
  });

  describe.each(FAULT_POINTS.map((point) => ({ ...point, point })))(`on ${store}, $id: $title`, ({ point }) => {
    it.each(cells.filter((cell) => cell.point === point).map((cell) => ({ ...cell, name: cell.write.name })))(
      'charges once at most and says what is true: $name, $circumstance',
      ({ intent, circumstance }) => {
        const report = reports.get(intent);
        if (report === undefined) throw new Error('The cell was not run.');
        expect(allOf(report).flatMap(liesOf)).toEqual([]);
        expect(report.first.said).toBe(point.first);
        const isLate = point.first === 'UPSTREAM_UNAVAILABLE' && circumstance !== 'a restart afterwards';
        expect(report.again.map(({ said }) => said)).toEqual(
          isLate ? ['UPSTREAM_UNAVAILABLE', point.again] : [point.again],
        );
        expect(report.reused).toMatchObject({ said: 'IDEMPOTENCY_KEY_REUSED', hasValue: false });
        expect(report.otherKey?.said ?? null).toBe(point.again === 'OUTCOME_UNKNOWN' ? 'PRIOR_OUTCOME_UNKNOWN' : null);
        expect(report.finalStatus).toBe(statusFor(point.again));
        expect(report.count.received).toBeLessThanOrEqual(1);
      },
    );
  });

  it(`double-charges nobody on ${store}, over all points`, () => {
    expect(reports.size).toBe(cells.length);
    expect(upstream.most()).toBe(1);
  });
}

function allOf({ first, duplicates, again, reused, otherKey }: CellReport): readonly Told[] {
  return [first, ...duplicates, ...again, reused, ...(otherKey === null ? [] : [otherKey])];
}

function statusFor(said: string): string {
  return said === 'UPSTREAM_REJECTED' ? 'REJECTED' : said;
}

function summaryOf(store: string, reports: readonly CellReport[]): string {
  const lines = FAULT_POINTS.map((point) => {
    const own = reports.filter(({ cell }) => cell.point === point);
    const sum = (pick: (report: CellReport) => number): number =>
      own.reduce((total, report) => total + pick(report), 0);
    const outcomes = [...new Set(own.map(({ finalStatus }) => finalStatus))].join(', ');
    return [
      `  ${point.id} ${point.title}`.padEnd(70),
      `${own.length} cells`,
      `received ${sum(({ count }) => count.received)}`,
      `charged ${sum(({ count }) => count.carriedOut)}`,
      `lies ${own.flatMap((report) => allOf(report).flatMap(liesOf)).length}`,
      outcomes,
    ].join('  ');
  });
  const most = Math.max(0, ...reports.map(({ count }) => count.received));
  return `Fault points on ${store}: ${reports.length} cells, at most ${most} request per key\n${lines.join('\n')}\n`;
}
