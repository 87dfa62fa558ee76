import { describe, expect, it } from '@jest/globals';
import {
  conditionOfSlot,
  percentile,
  pooledPercentile,
  pooledRatio,
  ratios,
  spread,
  typicalPercentile,
} from '../../../bench/sample.statistics.js';

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

  it('a pooled percentile is of all slots together, a typical one of the slot in the middle', () => {
    const slots = [
      [1, 2, 3],
      [2, 3, 4],
      [50, 60, 70],
    ];
    expect(pooledPercentile(1)(slots)).toBe(70);
    expect(pooledPercentile(0.5)(slots)).toBe(3);
    expect(typicalPercentile(1)(slots)).toBe(4);
  });

  it('a pooled ratio is of all rounds together, its spread of the rounds by themselves', () => {
    const rounds = [
      { of: [[2, 4]], to: [[1, 2]] },
      { of: [[8], [9]], to: [[8], [3]] },
    ];
    expect(pooledRatio(rounds, pooledPercentile(1))).toEqual({ value: 9 / 8, min: 9 / 8, max: 2 });
  });

  it('slots of two conditions come equally often in each four, and neither of them earlier on the whole', () => {
    const conditions = Array.from({ length: 160 }, (_, index) => conditionOfSlot(index));
    expect(conditions.slice(0, 8)).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
    for (let begin = 0; begin < conditions.length; begin += 4) {
      expect(conditions.slice(begin, begin + 4).filter((condition) => condition === 1)).toHaveLength(2);
    }
    const sumOfPlaces = (wanted: number): number =>
      conditions.reduce<number>((sum, condition, place) => sum + (condition === wanted ? place : 0), 0);
    expect(sumOfPlaces(0)).toBe(sumOfPlaces(1));
  });
});
