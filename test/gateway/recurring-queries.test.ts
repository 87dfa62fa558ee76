import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OperationRunner, startOperationRunner } from './operation-runner.js';

const TIMES = 5;

// What is kept of a document that comes again must change nothing of its answer.
describe('the queries of operations/, asked again and again', () => {
  let operations: OperationRunner;

  beforeAll(async () => {
    operations = await startOperationRunner();
    // Sold, and the answer lost: a write with evidence to show.
    const input = { idempotencyKey: 'example-order-0001', packId: '990001', groupId: '100008' };
    await operations.run('OrderBoosterPack', { input });
  });

  afterAll(() => operations.close());

  it('answer the same each time', async () => {
    const queries = operations.queries();
    expect(queries).toEqual(expect.arrayContaining(['RecursiveHistory', 'UnknownOperations']));
    for (const name of queries) {
      const answers = [];
      for (let time = 0; time < TIMES; time += 1) answers.push(await operations.run(name));
      for (const { errors } of answers) expect({ name, errors }).toEqual({ name, errors: [] });
      const texts = answers.map(({ data }) => JSON.stringify(data, withoutCursors));
      expect({ name, answers: new Set(texts) }).toEqual({ name, answers: new Set(texts.slice(0, 1)) });
    }
    const { data } = await operations.run('UnknownOperations');
    expect(data).toMatchObject({ billingOperations: { nodes: [{ evidence: [{ kind: 'BOOSTER' }] }] } });
  }, 60_000);
});

/** A cursor names the answer that it came from, which is another one each time. */
function withoutCursors(name: string, value: unknown): unknown {
  return /cursor$/i.test(name) ? null : value;
}
