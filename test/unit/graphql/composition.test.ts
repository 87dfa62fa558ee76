import { composeServices } from '@apollo/composition';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { buildGatewaySchema } from '../../../src/graphql/schema.js';

let sdl: string;

beforeAll(async () => {
  ({ sdl } = await buildGatewaySchema());
});

const ACCOUNTS = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
  type Query { account(id: ID!): Account }
  type Account @key(fields: "id") { id: ID! owner: String group: Group balance: Money }
  type Group @key(fields: "id") { id: ID! account: Account }
  type Money @shareable { amount: Decimal! currency: CurrencyCode }
  scalar Decimal
  scalar CurrencyCode
`;

const STUB = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { branches: [Branch!]! }
  type Branch { code: ID! group: Group! }
  type Group @key(fields: "id", resolvable: false) { id: ID! }
`;

function compose(others: Readonly<Record<string, string>>): ReturnType<typeof composeServices> {
  return composeServices(
    Object.entries({ billing: sdl, ...others }).map(([name, text]) => ({
      name,
      url: `http://127.0.0.1/${name}`,
      typeDefs: parse(text),
    })),
  );
}

describe('the subgraph composes', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['alone', {}],
    ['with a subgraph that adds fields to Group and shares Money', { accounts: ACCOUNTS }],
    ['with a subgraph that only names groups', { branches: STUB }],
    ['with both', { accounts: ACCOUNTS, branches: STUB }],
  ])('%s', (_name, others) => {
    const { errors, supergraphSdl } = compose(others);
    expect(errors ?? []).toEqual([]);
    expect(supergraphSdl).toContain('billing:read');
  });

  it('with a Group that has its fields, all of which ask for their scope', () => {
    const { supergraphSdl = '' } = compose({ accounts: ACCOUNTS });
    const group = /^type Group[^{]*\{([\s\S]*?)^\}/m.exec(supergraphSdl)?.[1] ?? '';
    expect(group).toMatch(/account: Account/);
    expect(group.match(/@requiresScopes/g)).toHaveLength(8);
    expect(group).toMatch(/ id: ID!\n/);
  });
});
