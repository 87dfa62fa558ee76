import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GroupCommit } from '../../../src/idempotency/sqlite/group-commit.js';

describe('GroupCommit', () => {
  let db: DatabaseSync;
  let commits: GroupCommit;

  beforeEach(() => {
    db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE kept (name TEXT PRIMARY KEY) STRICT');
    commits = new GroupCommit(db);
  });

  afterEach(() => {
    if (db.isOpen) db.close();
  });

  const keep = (name: string) => (): string => {
    db.prepare('INSERT INTO kept (name) VALUES (?)').run(name);
    return name;
  };
  const kept = (): unknown[] =>
    db
      .prepare('SELECT name FROM kept ORDER BY name')
      .all()
      .map((row) => row['name']);

  it('gives each its own result', async () => {
    await expect(Promise.all(['a', 'b', 'c'].map((name) => commits.run(keep(name))))).resolves.toEqual(['a', 'b', 'c']);
    expect(kept()).toEqual(['a', 'b', 'c']);
  });

  /** Counts transactions from here on. */
  function countTransactions(): () => number {
    let begun = 0;
    const exec = db.exec.bind(db);
    db.exec = (sql: string) => {
      if (sql.startsWith('BEGIN')) begun += 1;
      exec(sql);
    };
    return () => begun;
  }

  /** Asks for one change in each of so many turns of the event loop, the first one now. */
  async function askInTurns(turns: number): Promise<Promise<string>[]> {
    const asked: Promise<string>[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      // Ahead of the commit's own turn, as what comes over the network is.
      const nextTurn = new Promise(setImmediate);
      asked.push(commits.run(keep(String(turn))));
      await nextTurn;
    }
    return asked;
  }

  it('commits once for all that is asked for in one turn', async () => {
    const seen = new Set<boolean>();
    const begun = countTransactions();
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        commits.run(() => {
          seen.add(db.isTransaction);
          return keep(String(index))();
        }),
      ),
    );
    expect(begun()).toBe(1);
    expect(seen).toEqual(new Set([true]));
  });

  it('commits once for what comes turn by turn', async () => {
    const begun = countTransactions();
    await Promise.all(await askInTurns(5));
    expect(begun()).toBe(1);
    expect(kept()).toHaveLength(5);
  });

  it('keeps none waiting for long, however many come after it', async () => {
    const begun = countTransactions();
    const asked = askInTurns(100);
    await Promise.all(await asked);
    expect(begun()).toBeGreaterThan(5);
    expect(kept()).toHaveLength(100);
  });

  it('undoes only the change that fails', async () => {
    const responses = await Promise.allSettled([
      commits.run(keep('a')),
      commits.run(() => {
        keep('half')();
        throw new Error('on purpose');
      }),
      commits.run(keep('a')),
      commits.run(keep('b')),
    ]);
    expect(responses.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(kept()).toEqual(['a', 'b']);
  });

  it('keeps a change once, and answers the run that was committed, when a failure beside it has it run again', async () => {
    let runs = 0;
    const [good, bad] = await Promise.allSettled([
      commits.run(() => {
        keep('a')();
        runs += 1;
        return runs;
      }),
      commits.run(keep('a')),
    ]);
    expect(bad.status).toBe('rejected');
    expect(runs).toBeGreaterThan(1);
    expect(good).toEqual({ status: 'fulfilled', value: runs });
    expect(kept()).toEqual(['a']);
  });

  it('fails them all when the commit fails', async () => {
    const asked = ['a', 'b'].map((name) => commits.run(keep(name)));
    db.close();
    const responses = await Promise.allSettled(asked);
    expect(responses.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('takes up what is asked for while it commits', async () => {
    const later: Promise<string>[] = [];
    const first = commits.run(() => {
      later.push(commits.run(keep('b')));
      return keep('a')();
    });
    await first;
    await Promise.all(later);
    expect(kept()).toEqual(['a', 'b']);
  });
});
