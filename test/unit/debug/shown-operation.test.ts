import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type GraphQLSchema, parse } from 'graphql';
import { maskKey, shownOperation } from '../../../src/debug/shown-operation.js';
import { buildGatewaySchema } from '../../../src/graphql/schema.js';

let schema: GraphQLSchema;
beforeAll(async () => {
  ({ schema } = await buildGatewaySchema());
});

function shown(query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const { text, variables: json } = shownOperation(schema, parse(query), variables);
  return { text: text ?? '', variables: json === null ? null : JSON.parse(json) };
}

const PURCHASE = 'mutation M($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { purchase { id } } }';

describe('what is shown of an operation', () => {
  it.each([
    ['a group', '{ group(id: "100001") { id } }'],
    ['a number', '{ group(id: "1") { billingHistory(first: 5) { totalCount } } }'],
    ['a date', '{ group(id: "1") { plan(at: "2026-01-31T23:59:59.5+13:00") { name } } }'],
    [
      'a word of the schema',
      '{ group(id: "1") { billingHistory(activity: [RENEW], orderBy: START_DATE_ASC) { totalCount } } }',
    ],
    [
      'a default',
      'query Q($first: Int = 20, $deep: Boolean! = true) { group(id: "1") { billingHistory(first: $first, includeSubgroups: $deep) { totalCount } } }',
    ],
  ])('keeps %s', (_name, query) => {
    expect(shown(query).text.replaceAll(/\s+/g, ' ')).toBe(query);
  });

  it.each([
    ['an id that is no number', '{ group(id: "hunter2hunter2") { id } }', 'hunter2'],
    ['a cursor', '{ group(id: "1") { billingHistory(after: "c2VjcmV0") { totalCount } } }', 'c2VjcmV0'],
    ['a key', '{ billingOperation(idempotencyKey: "20260131120000123") { status } }', '20260131120000123'],
    ['a number as key', '{ billingOperation(idempotencyKey: 20260131120000123) { status } }', '20260131120000123'],
    ['a text under an unknown argument', '{ group(id: "1", apiKey: "s3cret-s3cret") { id } }', 's3cret'],
    [
      'a number where a text belongs',
      'mutation { purchaseCredits(input: { billing: { phone: 6421555123 } }) { purchase { id } } }',
      '6421555123',
    ],
    [
      'a bare word where a text belongs',
      'mutation { purchaseCredits(input: { billing: { company: Acme } }) { purchase { id } } }',
      'Acme',
    ],
    ['a word that no enum has', '{ group(id: "1") { billingHistory(orderBy: Hunter2) { totalCount } } }', 'Hunter2'],
    [
      'a block text',
      'mutation { purchaseCredits(input: { purchaseOrder: """jane@example.com""" }) { purchase { id } } }',
      'jane',
    ],
    [
      'a default text',
      'query Q($a: String = "jane@example.com") { group(id: "1") { billingHistory(after: $a) { totalCount } } }',
      'jane',
    ],
    ['a comment', '{ group(id: "1") { id } } # jane@example.com', 'jane'],
  ])('masks %s', (_name, query, secret) => {
    expect(shown(query).text).not.toContain(secret);
  });

  it('keeps ids and figures of variables and masks what is personal', () => {
    const input = {
      idempotencyKey: 'purchase-2026-01-31-0001',
      purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
      purchaseOrder: 'PO 77 for Jane',
      billing: {
        email: 'jane@example.com',
        company: 'Acme',
        address: '1 Queen St',
        phone: '+64 21 555 123',
        mobile: 6421555123,
      },
    };
    expect(shown(PURCHASE, { input }).variables).toEqual({
      input: {
        idempotencyKey: 'purc…0001',
        purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
        purchaseOrder: '‹masked›',
        billing: { email: '‹masked›', company: '‹masked›', address: '‹masked›', phone: '‹masked›', mobile: '‹masked›' },
      },
    });
  });

  it('knows a key by where its variable is used, whatever its name and form', () => {
    const query =
      'query Q($group: ID!, $which: ID!) { group(id: $group) { id } billingOperation(idempotencyKey: $which) { status } }';
    expect(shown(query, { group: '100001', which: '20260131120000123' }).variables).toEqual({
      group: '100001',
      which: '2026…0123',
    });
  });

  it('leaves out what the operation does not declare, names included', () => {
    expect(
      shown('query Q($id: ID!) { group(id: $id) { id } }', { id: '7', hunter2: 'hunter2', deep: { hunter2: 1 } })
        .variables,
    ).toEqual({ id: '7' });
    expect(shown(PURCHASE, { input: { hunter2: 'x', billing: { hunter2: 'x' } } }).variables).toEqual({
      input: { billing: {} },
    });
  });

  it('shows which entities a router asked for', () => {
    const query = 'query Q($r: [_Any!]!) { _entities(representations: $r) { ... on Group { name } } }';
    const r = [
      { __typename: 'Group', id: '100001', hint: 'jane@example.com' },
      { __typename: 'jane@example.com', id: '1' },
    ];
    expect(shown(query, { r }).variables).toEqual({ r: [{ __typename: 'Group', id: '100001' }, {}] });
  });

  it('keeps nothing of what is too long', () => {
    const long = `{ ${Array.from({ length: 2000 }, (_, index) => `group${index}: group(id: "1") { id }`).join(' ')} }`;
    expect(shownOperation(schema, parse(long), {}).text).toBeNull();
    const ids = Array.from({ length: 100_000 }, (_, index) => String(index + 1));
    const { variables } = shownOperation(schema, parse('query Q($ids: [ID!]!) { groups(ids: $ids) { id } }'), { ids });
    expect(variables?.length).toBeLessThan(20_000);
  });

  it('never shows a text of a contact, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const { variables } = shown(PURCHASE, {
          input: { purchaseOrder: text, billing: { email: text, company: text } },
        });
        expect(variables).toEqual({
          input: { purchaseOrder: '‹masked›', billing: { email: '‹masked›', company: '‹masked›' } },
        });
      }),
    );
  });

  it('never shows more than half of a key', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._:-]{1,255}$/), (key) => {
        expect(maskKey(key).replace('…', '').length).toBeLessThanOrEqual(key.length / 2);
      }),
    );
  });
});
