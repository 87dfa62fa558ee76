import { describe, expect, it } from '@jest/globals';
import {
  planWindow,
  presentMoment,
  resolveHistoryBounds,
  rowsInBounds,
  windowOf,
} from '../../../src/reads/history-window.policy.js';
import { activity } from './activity.fixture.js';

const seconds = (text: string): number => Date.parse(text) / 1000;
const ms = (text: string | null): number | null => (text === null ? null : Date.parse(text));
const NOW = '2024-07-01T12:00:00.250Z';

const CLOCK = Date.parse(NOW);

describe('the present moment', () => {
  it.each<[string, number, number | null, number]>([
    ['the clock', 0, null, 0],
    ['the clock, where the upstream is behind', -20_000, null, 0],
    ["the upstream's clock where that is ahead, and the error of its measuring", 20_000, null, 21_000],
    ['the clock, where the upstream is further ahead than clocks are', 60_001, null, 0],
    ['the start of a period that has just begun', 0, 700, 700],
    ['the later of both', 20_000, 700, 21_000],
    ['the later of both, too', 2_000, 20_000, 20_000],
    ['not the start of a period that begins later by order', 0, 60_001, 0],
    ['not the start of an earlier period', 0, -5_000, 0],
  ])('is %s', (_name, aheadMs, begunInMs, expectedInMs) => {
    const begunMs = begunInMs === null ? null : CLOCK + begunInMs;
    expect(presentMoment(CLOCK, aheadMs, begunMs) - CLOCK).toBe(expectedInMs);
  });
});

describe('the window of a history', () => {
  it.each([
    ['neither end: the year up to now', null, null, '2023-07-01T12:00:01Z', '2024-07-01T12:00:01Z'],
    ['the end alone: the year before it', null, '2024-02-29T00:00:00Z', '2023-02-28T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['the start alone: up to now', '2024-06-30T00:00:00.900Z', null, '2024-06-30T00:00:00Z', '2024-07-01T12:00:01Z'],
    [
      'both ends at one instant',
      '2024-01-01T00:00:00Z',
      '2024-01-01T00:00:00Z',
      '2024-01-01T00:00:00Z',
      '2024-01-01T00:00:00Z',
    ],
    ['the end in 1970', null, '1970-03-01T00:00:00Z', '1970-01-01T00:00:00Z', '1970-03-01T00:00:00Z'],
    [
      'the last instant of 9999',
      '2038-01-19T03:14:08Z',
      '9999-12-31T23:59:59.999Z',
      '2038-01-19T03:14:08Z',
      '9999-12-31T23:59:59Z',
    ],
  ])('given %s', (_name, from, to, expectedFrom, expectedTo) => {
    const bounds = resolveHistoryBounds({ fromMs: ms(from), toMs: ms(to) }, CLOCK, null);
    // An end that the client named stays as it is.
    expect([bounds.fromMs, bounds.toMs]).toEqual([ms(from) ?? bounds.fromMs, ms(to) ?? bounds.toMs]);
    expect(windowOf(bounds)).toEqual({
      fromSeconds: seconds(expectedFrom),
      toSeconds: seconds(expectedTo),
    });
  });

  it.each([
    ['from after to', Date.UTC(2024, 1, 1), Date.UTC(2024, 0, 1), 'from'],
    ['from after now', Date.UTC(2025, 0, 1), null, 'from'],
    ['from before 1970', -1, null, 'from'],
    ['to before 1970', null, -1, 'to'],
    ['to in the year 10000', null, 253_402_300_800_000, 'to'],
    ['from that is no number', Number.NaN, null, 'from'],
  ])('is refused for %s', (_name, fromMs, toMs, field) => {
    expect(() => resolveHistoryBounds({ fromMs, toMs }, CLOCK, null)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: [field] }),
    );
  });

  it("stays the cursor's where the client leaves an end out", () => {
    const carried = { fromMs: 1_000_001, toMs: 2_000_999 };
    expect(resolveHistoryBounds({ fromMs: null, toMs: null }, CLOCK, carried)).toEqual(carried);
    expect(resolveHistoryBounds({ fromMs: 1_500_500, toMs: null }, CLOCK, carried)).toEqual({
      fromMs: 1_500_500,
      toMs: 2_000_999,
    });
    expect(resolveHistoryBounds({ fromMs: 0, toMs: 5_000 }, CLOCK, carried)).toEqual({ fromMs: 0, toMs: 5_000 });
  });

  it('of a plan reaches 400 days both ways, inside the years that can be written', () => {
    const at = Date.UTC(2024, 0, 1);
    expect(planWindow(at)).toEqual({ fromSeconds: at / 1000 - 34_560_000, toSeconds: at / 1000 + 34_560_000 });
    expect(planWindow(0).fromSeconds).toBe(0);
    expect(() => planWindow(-1)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field: ['at'] }));
  });

  it('keeps rows that start at one of its ends, and rows with no readable start', () => {
    const starts = [99_999, 100_000, 200_500, 200_501, null];
    const rows = starts.map((startMs) => activity({ startMs }));
    const kept = rowsInBounds(rows, { fromMs: 100_000, toMs: 200_500 });
    expect(kept.map((row) => row.startMs)).toEqual([100_000, 200_500, null]);
  });
});
