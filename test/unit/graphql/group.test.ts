import { beforeAll, describe, expect, it } from '@jest/globals';
import { BillingError } from '../../../src/domain/errors.js';
import { ApolloHarness, type GraphqlResult, type Question } from './apollo.harness.js';
import { callerWith, inMemoryPorts, PLAN } from './in-memory.context.js';

let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

function ask(query: string, rest: Omit<Question, 'query'> = {}): Promise<GraphqlResult> {
  return gateway.ask({ query, ...rest });
}

describe('group', () => {
  it('costs no upstream call by itself and answers the id without leading zeros', async () => {
    const ports = inMemoryPorts();
    const response = await ask('{ group(id: "00123") { id } number: group(id: 7) { id } }', { ports });
    expect(response.data).toEqual({ group: { id: '123' }, number: { id: '7' } });
    expect(ports.calls).toEqual([]);
  });

  it.each(['0', '000', '', ' 1', '-1', '+1', '1.0', '1e3', '1234567890123456789', '１', '1&purge=delete', 'abc'])(
    'refuses the id %j and names the argument, not the value',
    async (id) => {
      const response = await ask('query ($id: ID!) { group(id: $id) { id plan { name } } }', { variables: { id } });
      expect(response.data).toEqual({ group: null });
      expect(response.errors).toEqual([
        expect.objectContaining({
          path: ['group'],
          extensions: { code: 'BAD_USER_INPUT', retryable: false, field: ['id'], requestId: 'request-1' },
        }),
      ]);
      if (id.length > 3) expect(response.text).not.toContain(id);
    },
  );

  it('refuses a group outside of the list of the caller before anything is read', async () => {
    const ports = inMemoryPorts();
    const caller = callerWith(undefined, ['11']);
    const response = await ask('{ in: group(id: "011") { id } out: group(id: "12") { id plan { name } } }', {
      caller,
      ports,
    });
    expect(response.data).toEqual({ in: { id: '11' }, out: null });
    expect(response.codes).toEqual(['FORBIDDEN']);
    expect(ports.calls).toEqual([]);
  });

  it('answers several groups in order, an error at the place of each that cannot be', async () => {
    const caller = callerWith(undefined, ['1', '3']);
    const response = await ask('{ groups(ids: ["3", "x", "1", "2", "3"]) { id } }', { caller });
    expect(response.data).toEqual({ groups: [{ id: '3' }, null, { id: '1' }, null, { id: '3' }] });
    expect(response.errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['groups', 1], 'BAD_USER_INPUT'],
      [['groups', 3], 'FORBIDDEN'],
    ]);
    expect(response.errors[0]?.extensions['field']).toEqual(['ids', '1']);
  });

  it('takes 100 ids and not 101', async () => {
    const query = 'query ($ids: [ID!]!) { groups(ids: $ids) { id } }';
    const ids = Array.from({ length: 101 }, (_, index) => String(index + 1));
    expect((await ask(query, { variables: { ids: ids.slice(1) } })).codes).toEqual([]);
    expect((await ask(query, { variables: { ids } })).codes).toEqual(['BAD_USER_INPUT']);
  });

  it('looks its name up only where no response has told it', async () => {
    const ports = inMemoryPorts();
    const response = await ask('{ group(id: "1") { name subgroups { id name } } }', { ports });
    expect(response.data).toEqual({ group: { name: 'Root', subgroups: [{ id: '11', name: 'Below' }] } });
    expect(ports.calls.map(({ port }) => port).sort()).toEqual(['groupName', 'subgroups']);
  });

  it('asks for the plan of now, or of the moment that is named', async () => {
    const ports = inMemoryPorts();
    const query =
      '{ group(id: "1") { plan { name } then: plan(at: "2024-01-01T00:00:00+13:00") { name } null: plan(at: null) { name } } }';
    await ask(query, { ports });
    expect(ports.calls.map(({ input }) => input)).toEqual([
      { groupId: '1', atMs: null },
      { groupId: '1', atMs: Date.UTC(2023, 11, 31, 11) },
      { groupId: '1', atMs: null },
    ]);
  });

  it('has no plan without an error where there is none', async () => {
    const ports = inMemoryPorts({ reads: { plan: async () => null } });
    expect(await ask('{ group(id: "1") { plan { name } } }', { ports })).toMatchObject({
      data: { group: { plan: null } },
      errors: [],
    });
  });

  it('passes figures, dates and texts on unaltered', async () => {
    const response = await ask(`{ group(id: "1") { plan {
      planId name type typeRaw price { amount currency } allowedDocuments usedDocuments remainingDocuments startDate expiryDate
    } } }`);
    expect(response.data).toEqual({ group: { plan: PLAN } });
  });

  it('keeps the rest of the response whole when one field fails', async () => {
    const plan = async (): Promise<never> => {
      throw new BillingError('UPSTREAM_TIMEOUT', 'The upstream took too long.', {
        retryable: true,
        upstream: {
          service: 'xtracta',
          operation: 'getBillingHistory',
          httpStatus: 504,
          status: '504',
          message: 'slow',
        },
      });
    };
    const response = await ask('{ group(id: "1") { id plan { name } subgroups { id } } }', {
      ports: inMemoryPorts({ reads: { plan } }),
    });
    expect(response.data).toEqual({ group: { id: '1', plan: null, subgroups: [{ id: '11' }] } });
    expect(response.errors[0]).toMatchObject({
      path: ['group', 'plan'],
      extensions: {
        code: 'UPSTREAM_TIMEOUT',
        retryable: true,
        upstream: {
          service: 'xtracta',
          operation: 'getBillingHistory',
          httpStatus: 504,
          status: '504',
          message: 'slow',
        },
      },
    });
  });
});
