import { beforeAll, describe, expect, it } from '@jest/globals';
import { UnreadableValue } from '../../../src/domain/money.js';
import { ApolloHarness, type GraphqlResult, type Question } from './apollo.harness.js';
import { historyPage, inMemoryPorts, ROW } from './in-memory.context.js';

let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

function ask(query: string, rest: Omit<Question, 'query'> = {}): Promise<GraphqlResult> {
  return gateway.ask({ query, ...rest });
}

const unreadable = (element: string): UnreadableValue => new UnreadableValue('xtracta', 'getBillingHistory', element);

describe('billingHistory', () => {
  it('asks with nulls and the defaults of the schema where nothing was said', async () => {
    const ports = inMemoryPorts();
    await ask('{ group(id: "1") { billingHistory { totalCount } } }', { ports });
    expect(ports.calls).toEqual([
      {
        port: 'historyPage',
        input: {
          groupId: '1',
          fromMs: null,
          toMs: null,
          includeSubgroups: false,
          activity: null,
          orderBy: 'START_DATE_DESC',
          first: null,
          after: null,
          last: null,
          before: null,
        },
      },
    ]);
  });

  it('passes every argument on', async () => {
    const ports = inMemoryPorts();
    await ask(
      `query ($from: DateTime, $kinds: [BillingActivityKind!]) { group(id: "1") { billingHistory(
        from: $from, to: "2024-01-02T00:00:00Z", includeSubgroups: true, activity: $kinds,
        orderBy: START_DATE_ASC, first: 5, after: "a", last: 6, before: "b"
      ) { totalCount } } }`,
      { ports, variables: { from: '2024-01-01T00:00:00Z', kinds: ['RENEW', 'OTHER'] } },
    );
    expect(ports.calls[0]?.input).toEqual({
      groupId: '1',
      fromMs: Date.UTC(2024, 0, 1),
      toMs: Date.UTC(2024, 0, 2),
      includeSubgroups: true,
      activity: ['RENEW', 'OTHER'],
      orderBy: 'START_DATE_ASC',
      first: 5,
      after: 'a',
      last: 6,
      before: 'b',
    });
  });

  it('answers rows as edges and as nodes, the summary, and the group of a row with the name that the row tells', async () => {
    const ports = inMemoryPorts();
    const fields = `id kind kindRaw planName planType planTypeRaw price { amount currency } creditAmount
      allowedDocuments usedDocuments startDate expiryDate groupName`;
    const response = await ask(
      `{ group(id: "1") { billingHistory {
        edges { cursor node { id } } nodes { ${fields} group { id name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
        summary { count usedDocuments spend { amount currency } unreadablePrices unreadableCounts }
      } } }`,
      { ports },
    );
    const { startMs: _start, expiryMs: _expiry, groupId, ...row } = ROW;
    expect(response.data).toEqual({
      group: {
        billingHistory: {
          edges: [{ cursor: 'c0', node: { id: '0123' } }],
          nodes: [{ ...row, group: { id: groupId, name: 'Café' } }],
          pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
          totalCount: 1,
          summary: {
            count: 1,
            usedDocuments: 0,
            spend: [{ amount: '99', currency: null }],
            unreadablePrices: 0,
            unreadableCounts: 0,
          },
        },
      },
    });
    expect(ports.calls.map(({ port }) => port)).toEqual(['historyPage']);
  });

  it('has no group in a row that names none', async () => {
    const page = historyPage([{ ...ROW, groupId: null, group: null }]);
    const ports = inMemoryPorts({ reads: { historyPage: async () => page } });
    const response = await ask('{ group(id: "1") { billingHistory { nodes { group { id name } groupName } } } }', {
      ports,
    });
    expect(response.data).toEqual({ group: { billingHistory: { nodes: [{ group: null, groupName: 'Café' }] } } });
  });

  it('answers a value that cannot be read as null with an error at its path, and the row and the page stand', async () => {
    const page = historyPage([
      {
        ...ROW,
        price: unreadable('price'),
        creditAmount: unreadable('credit_amount'),
        startDate: unreadable('start_date'),
      },
      {
        ...ROW,
        id: '2',
        price: { amount: '1', currency: unreadable('price_currency') },
        usedDocuments: unreadable('used_documents'),
      },
    ]);
    const ports = inMemoryPorts({ reads: { historyPage: async () => page } });
    const response = await ask(
      '{ group(id: "1") { billingHistory { totalCount nodes { id price { amount currency } creditAmount usedDocuments startDate } } } }',
      { ports },
    );
    expect(response.data).toEqual({
      group: {
        billingHistory: {
          totalCount: 2,
          nodes: [
            { id: '0123', price: null, creditAmount: null, usedDocuments: 0, startDate: null },
            {
              id: '2',
              price: { amount: '1', currency: null },
              creditAmount: '+5',
              usedDocuments: null,
              startDate: ROW.startDate,
            },
          ],
        },
      },
    });
    expect(response.errors.map(({ path }) => path?.slice(3).join('.')).sort()).toEqual([
      '0.creditAmount',
      '0.price',
      '0.startDate',
      '1.price.currency',
      '1.usedDocuments',
    ]);
    expect(new Set(response.codes)).toEqual(new Set(['UPSTREAM_INVALID_RESPONSE']));
  });

  it('answers 5,000 rows with an unreadable value each, every error at its row', async () => {
    const page = historyPage(
      Array.from({ length: 5_000 }, (_, index) => ({ ...ROW, id: String(index), price: unreadable('price') })),
    );
    const ports = inMemoryPorts({ reads: { historyPage: async () => page } });
    const response = await ask('{ group(id: "1") { billingHistory { nodes { id price { amount } } } } }', { ports });
    expect(response.errors).toHaveLength(5_000);
  });
});
