import { describe, expect, it } from '@jest/globals';
import { TimeSlices } from '../../../../src/upstreams/xml/time-slices.js';

/** Every piece uses up its turn, so that each is a decision of its own. */
const EACH_A_TURN = 0;

/** Pieces of work that write their name down. */
function pieces(done: string[], name: string, count: number): () => boolean {
  let left = count;
  return () => {
    done.push(name);
    left -= 1;
    return left > 0;
  };
}

describe('turns of large work', () => {
  it('go to the senior until it has no more', async () => {
    const turns = new TimeSlices(EACH_A_TURN);
    const done: string[] = [];
    const [first, second] = [turns.join(), turns.join()];
    const later = second.run(pieces(done, 'second', 3));
    const sooner = first.run(pieces(done, 'first', 3));
    await Promise.all([sooner, later]);
    expect(done).toEqual(['first', 'first', 'first', 'second', 'second', 'second']);
  });

  it('begin nothing new while two keep bringing work, and go on with the next when one of them ends', async () => {
    const turns = new TimeSlices(EACH_A_TURN);
    const done: string[] = [];
    const bring = async (name: string): Promise<void> => {
      const share = turns.join();
      for (let piece = 0; piece < 10; piece += 1) await share.run(pieces(done, name, 1));
      share.end();
    };
    await Promise.all(['1', '2', '3', '4'].map(bring));
    const beginOfThird = done.indexOf('3');
    const beginOfFourth = done.indexOf('4');
    expect(Math.min(done.lastIndexOf('1'), done.lastIndexOf('2'))).toBeLessThan(beginOfThird);
    expect(beginOfThird).toBeLessThan(beginOfFourth);
    const ended = ['1', '2', '3'].filter((name) => done.lastIndexOf(name) < beginOfFourth);
    expect(ended.length).toBeGreaterThanOrEqual(2);
  });

  it('go on without those that bring nothing, and never said that they ended', async () => {
    const turns = new TimeSlices(EACH_A_TURN);
    const done: string[] = [];
    const shares = Array.from({ length: 6 }, () => turns.join());
    await Promise.all(shares.map((share, index) => share.run(pieces(done, String(index + 1), 1))));
    expect(done).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('leave the event loop to others between them', async () => {
    const turns = new TimeSlices(EACH_A_TURN);
    const done: string[] = [];
    const work = turns.join().run(pieces(done, 'large', 5));
    const other = new Promise<void>((resolve) => setImmediate(resolve)).then(() => done.push('other'));
    await Promise.all([work, other]);
    expect(done.indexOf('other')).toBeLessThan(4);
  });
});
