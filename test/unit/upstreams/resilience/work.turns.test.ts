import { describe, expect, it } from '@jest/globals';
import { type WorkShare, WorkTurns } from '../../../../src/upstreams/resilience/work.turns.js';

/** Every piece uses up its turn, so that each is a decision of its own. */
const EACH_A_TURN = 0;
/** Nobody waits for it to pass. */
const NO_LULL = 3_600_000;

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
    const turns = new WorkTurns(EACH_A_TURN, NO_LULL);
    const done: string[] = [];
    const [first, second] = [turns.join(), turns.join()];
    const later = second.run(pieces(done, 'second', 3));
    const sooner = first.run(pieces(done, 'first', 3));
    await Promise.all([sooner, later]);
    expect(done).toEqual(['first', 'first', 'first', 'second', 'second', 'second']);
  });

  it('begin nothing new while two are under way, until one of them ends', async () => {
    const turns = new WorkTurns(EACH_A_TURN, NO_LULL);
    const done: string[] = [];
    const shares: readonly WorkShare[] = [turns.join(), turns.join(), turns.join(), turns.join()];
    const [first, second, third, fourth] = shares.map((share, index) => share.run(pieces(done, String(index + 1), 1)));
    await Promise.all([first, second]);
    // The second goes on, while those that came before its next piece wait.
    await shares[1]?.run(pieces(done, '2 again', 1));
    expect(done).toEqual(['1', '2', '2 again']);
    shares[0]?.end();
    await third;
    expect(done).toEqual(['1', '2', '2 again', '3']);
    shares[2]?.end();
    await fourth;
    expect(done).toEqual(['1', '2', '2 again', '3', '4']);
  });

  it('go on without those that fell silent and never said that they ended', async () => {
    const turns = new WorkTurns(EACH_A_TURN, 1);
    const done: string[] = [];
    const shares = Array.from({ length: 6 }, () => turns.join());
    await Promise.all(shares.map((share, index) => share.run(pieces(done, String(index + 1), 1))));
    expect(done).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('leave the event loop to others between them', async () => {
    const turns = new WorkTurns(EACH_A_TURN, NO_LULL);
    const done: string[] = [];
    const work = turns.join().run(pieces(done, 'large', 5));
    const other = new Promise<void>((resolve) => setImmediate(resolve)).then(() => done.push('other'));
    await Promise.all([work, other]);
    expect(done.indexOf('other')).toBeLessThan(4);
  });
});
