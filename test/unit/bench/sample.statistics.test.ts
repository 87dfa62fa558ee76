import { describe, expect, it } from '@jest/globals';
import { percentile, ratios, spread } from '../../../bench/sample.statistics.js';

describe('the statistics of the benchmark', () => {
  it.each([
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.99, 4],
    [[7], 0.01, 7],
    [Array.from({ length: 200 }, (_, index) => index + 1), 0.99, 198],
  ])('the percentile is the nearest rank: case %#', (ascending, share, expected) => {
    expect(percentile(ascending, share)).toBe(expected);
  });

  it('no sample has no percentile', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('the median of an odd count is the middle one, of an even count the mean of the middle two', () => {
    expect(spread([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
    expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  it('ratios are taken within each round, not between medians', () => {
    expect(ratios([1, 30, 5], [2, 30, 20])).toEqual({ median: 0.5, min: 0.25, max: 1 });
  });
});
