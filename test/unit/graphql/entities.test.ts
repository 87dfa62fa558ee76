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

describe('entities', () => {
  const query = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { __typename ... on Group { id plan { name } } }
  }`;
  const group = (id: unknown): unknown => ({ __typename: 'Group', id });

  it('are resolved in order, duplicates too, with an error for each that cannot be', async () => {
    const representations = [
      group('1'),
      group('zero'),
      group('001'),
      group(12),
      group(null),
      group({ a: 1 }),
      { __typename: 'Group' },
    ];
    const response = await ask(query, { variables: { representations } });
    const entity = (id: string): unknown => ({ __typename: 'Group', id, plan: { name: 'Plan A' } });
    expect(response.data).toEqual({ _entities: [entity('1'), null, entity('1'), entity('12'), null, null, null] });
    expect(response.errors.map(({ path }) => path)).toEqual([1, 4, 5, 6].map((index) => ['_entities', index]));
    expect(new Set(response.codes)).toEqual(new Set(['BAD_USER_INPUT']));
  });

  it('one failing upstream read leaves the others whole', async () => {
    const plan = async (groupId: string): Promise<typeof PLAN> => {
      if (groupId === '2') throw new BillingError('UPSTREAM_UNAVAILABLE', 'Unreachable.', { retryable: true });
      return PLAN;
    };
    const response = await ask(query, {
      ports: inMemoryPorts({ reads: { plan } }),
      variables: { representations: [group('1'), group('2'), group('3')] },
    });
    expect(response.data).toMatchObject({
      _entities: [{ plan: { name: 'Plan A' } }, { id: '2', plan: null }, { plan: { name: 'Plan A' } }],
    });
    expect(response.errors.map(({ path }) => path)).toEqual([['_entities', 1, 'plan']]);
  });

  it('outside of the list of the caller are refused alone', async () => {
    const response = await ask(query, {
      caller: callerWith(undefined, ['1']),
      variables: { representations: [group('1'), group('2')] },
    });
    expect(response.data).toMatchObject({ _entities: [{ id: '1' }, null] });
    expect(response.codes).toEqual(['FORBIDDEN']);
  });

  it.each([
    ['a number', 5],
    ['a text', 's3cret-type'],
    ['an empty object', {}],
    ['a list', [{ __typename: 'Group', id: '1' }]],
    ['a type that there is not', { __typename: 's3cret-type', id: '1' }],
    ['a type that is no entity', { __typename: 'Money', amount: '1', currency: 's3cret-type' }],
    ['a type whose name is a number', { __typename: 5, id: '1' }],
    ['a name of the language', { __typename: '__proto__', id: '1' }],
  ])('that are none are refused in their place: %s', async (_name, representation) => {
    const representations = [group('1'), representation, group('2')];
    const response = await ask(query, { variables: { representations } });
    expect(response.data).toMatchObject({ _entities: [{ id: '1' }, null, { id: '2' }] });
    expect(response.errors).toMatchObject([
      { path: ['_entities', 1], extensions: { code: 'BAD_USER_INPUT', field: ['representations', '1'] } },
    ]);
    expect(response.text).not.toContain('s3cret');
  });

  it('cannot be null, as the type of the list says', async () => {
    const response = await ask(query, { variables: { representations: [group('1'), null] } });
    expect([response.codes, response.errors[0]?.extensions['field']]).toEqual([
      ['BAD_USER_INPUT'],
      ['representations', '1'],
    ]);
  });
});
