import { describe, expect, it } from '@jest/globals';
import { inSlices, LargeWork } from '../../../src/runtime/large-work.js';

/** Keeps the processor busy until the slice is used up. */
function useUp(work: LargeWork): void {
  while (!work.isOver());
}

describe('large work', () => {
  it('has one slice in a turn, whoever asks', async () => {
    const work = new LargeWork(1);
    expect(work.isOver()).toBe(false);
    useUp(work);
    expect(work.isOver()).toBe(true);
    await work.nextSlice();
    expect(work.isOver()).toBe(false);
  });

  it('is served in the order of asking, and sockets between two slices', async () => {
    const work = new LargeWork(0);
    const events: string[] = [];
    const piece = async (name: string): Promise<void> => {
      for (let step = 0; step < 3; step += 1) {
        await work.nextSlice();
        events.push(name);
        useUp(work);
      }
    };
    let isOver = false;
    const turn = (): void => {
      if (isOver) return;
      if (events.at(-1) !== '|') events.push('|');
      setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all([piece('a'), piece('b'), piece('c')]);
    isOver = true;
    expect(events.filter((event) => event !== '|')).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
    expect(events.join('')).not.toMatch(/\w\w/);
  });

  it('serves thousands of small steps in few turns', async () => {
    const work = new LargeWork(1_000);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(Array.from({ length: 5_000 }, () => work.nextSlice()));
    isOver = true;
    expect(turns).toBeLessThan(10);
  });
});

describe('a list in slices', () => {
  it('is the list itself where it is short', () => {
    const items = [1, 2, 3];
    expect(inSlices(items, () => null)).toBe(items);
  });

  it('has each item at its place where it is long', async () => {
    const items = Array.from({ length: 1_000 }, (_, index) => index);
    const slices = await inSlices(items, () => null);
    expect(await Promise.all(slices.map(async (item) => await item))).toEqual(items);
  });

  it('ends at the refusal of its operation, as a whole or at the rest of its items', async () => {
    const items = Array.from({ length: 1_000 }, (_, index) => index);
    const refused = new Error('refused');
    await expect(inSlices(items, () => refused)).rejects.toBe(refused);
    let looks = 0;
    const slices = await inSlices(items, () => {
      looks += 1;
      return looks > 501 ? refused : null;
    });
    const results = await Promise.allSettled(slices.map(async (item) => await item));
    expect(results.slice(0, 500)).toEqual(items.slice(0, 500).map((value) => ({ status: 'fulfilled', value })));
    expect(results.slice(500)).toEqual(items.slice(500).map(() => ({ status: 'rejected', reason: refused })));
  });
});
