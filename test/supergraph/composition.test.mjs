import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'graphql';
import { COMPOSERS, subgraphs } from './support/compose.mjs';

/** Names of a type's fields in a supergraph. */
function fieldsOf(supergraph, typeName) {
  return parse(supergraph)
    .definitions.filter((node) => node.kind === 'ObjectTypeDefinition' && node.name.value === typeName)
    .flatMap((node) => node.fields.map((field) => field.name.value))
    .sort();
}

const GROUP_FIELDS = [
  'asOf',
  'availablePacks',
  'availablePlans',
  'billingHistory',
  'id',
  'name',
  'plan',
  'planChangePreview',
  'subgroups',
];

for (const [name, compose] of Object.entries(COMPOSERS)) {
  describe(`the ${name} composer`, () => {
    const [billing, accounts] = subgraphs();

    it('accepts schema.graphql alone', () => {
      const { errors, supergraph } = compose([billing]);
      assert.deepEqual(errors, []);
      assert.deepEqual(fieldsOf(supergraph, 'Group'), GROUP_FIELDS);
    });

    it('accepts it beside a subgraph that extends Group and shares Money', () => {
      const { errors, supergraph } = compose([billing, accounts]);
      assert.deepEqual(errors, []);
      assert.deepEqual(fieldsOf(supergraph, 'Group'), ['account', ...GROUP_FIELDS]);
      assert.deepEqual(fieldsOf(supergraph, 'Money'), ['amount', 'currency']);
    });

    it('accepts it beside a subgraph that only refers to groups', () => {
      const stub = `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query { invoices: [Invoice!]! }
        type Invoice { id: ID! group: Group }
        type Group @key(fields: "id", resolvable: false) { id: ID! }
      `;
      const { errors } = compose([billing, { name: 'invoices', url: 'http://127.0.0.1:4002/graphql', sdl: stub }]);
      assert.deepEqual(errors, []);
    });

    it('warns of nothing but the enum of @cacheControl, which only directives use', () => {
      const warnings = compose([billing, accounts]).warnings.filter((text) => !text.includes('CacheControlScope'));
      assert.deepEqual(warnings, []);
    });
  });
}
