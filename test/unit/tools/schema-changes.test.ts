import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse, print, visit } from 'graphql';
import { declaredChanges, schemaChanges, undeclared } from '../../../tools/schema.changes.js';

const file = (name: string): string => readFileSync(join(import.meta.dirname, '../../..', name), 'utf8');
/** Without descriptions, so that lines stand next to each other. */
const RELEASED = print(
  visit(parse(file('schema.graphql')), {
    enter: (node) => ('description' in node ? { ...node, description: undefined } : undefined),
  }),
);

/** The schema with a text replaced; fails when the text is not there. */
function edited(from: string, to: string): string {
  expect(RELEASED).toContain(from);
  return RELEASED.replace(from, to);
}

describe('a comparison of two schemas', () => {
  it('finds nothing between equals', () => {
    expect(schemaChanges(RELEASED, RELEASED)).toEqual({ breaking: [], dangerous: [] });
  });

  it.each([
    ['a field that is gone', '  unreadablePrices: Int!\n', '', 'BillingHistorySummary.unreadablePrices was removed.'],
    [
      'a field that became nullable',
      'type Money @shareable {\n  amount: Decimal!',
      'type Money @shareable {\n  amount: Decimal',
      'Money.amount changed type from Decimal! to Decimal.',
    ],
    [
      'an input field that became required',
      '  quantity: Int! = 1',
      '  quantity: Int!',
      'OrderBoosterPackInput.quantity changed default from 1 to none.',
    ],
    [
      'a default that does something else',
      '  heldDocuments: HeldDocumentsAction! = PROCESS',
      '  heldDocuments: HeldDocumentsAction! = DELETE',
      'ChangePlanInput.heldDocuments changed default from "PROCESS" to "DELETE".',
    ],
    ['a group without its key', '@key(fields: "id")', '', 'Group lost @key(fields: "id").'],
    ['money that is not shared', 'type Money @shareable', 'type Money', 'Money lost @shareable.'],
    [
      'a scope that is asked for',
      '[["billing:admin"]]',
      '[["billing:admin", "billing:write"]]',
      'Mutation.resolveBillingOperation needs @requiresScopes(scopes: [["billing:admin", "billing:write"]]) now.',
    ],
    ['an enum value that is gone', '  NOT_SENT\n', '', 'NOT_SENT was removed from enum type BillingOperationStatus.'],
  ])('calls %s breaking', (_what, from, to, sentence) => {
    expect(schemaChanges(RELEASED, edited(from, to)).breaking).toContain(sentence);
  });

  it.each([
    ['a new field', 'type Money @shareable {', 'type Money @shareable {\n  minor: Long'],
    ['a second key', '@key(fields: "id")', '@key(fields: "id") @key(fields: "id name")'],
    ['a scope that is not asked for any more', ' @authenticated @requiresScopes(scopes: [["billing:admin"]])', ''],
    ['another cost', '@cost(weight: 10)', '@cost(weight: 11)'],
  ])('calls %s no break', (_what, from, to) => {
    expect(schemaChanges(RELEASED, edited(from, to)).breaking).toEqual([]);
  });

  it('calls a new enum value dangerous', () => {
    const { breaking, dangerous } = schemaChanges(RELEASED, edited('enum PlanType {', 'enum PlanType {\n  WEEKLY'));
    expect(breaking).toEqual([]);
    expect(dangerous).toEqual(['WEEKLY was added to enum type PlanType.']);
  });
});

describe('the declarations of a changelog', () => {
  const changelog = [
    '# Changes',
    '## Unreleased',
    '### Added',
    '* `Group.colour` is new.',
    '### Breaking',
    '* `Group.old was removed.` Select `name`.',
    '* `Group.untold was removed.`',
    '## 0.1.0',
    '### Breaking',
    '* `Group.older was removed.` Long ago.',
  ].join('\n');

  it('are those under Unreleased and Breaking that tell what to do', () => {
    expect(declaredChanges(changelog)).toEqual(['Group.old was removed.']);
  });

  it('must be as many as the breaking changes: none missing, none of what did not change', () => {
    const declared = declaredChanges(changelog);
    expect(undeclared(['Group.old was removed.'], declared)).toEqual({ missing: [], stale: [] });
    expect(undeclared(['Money was removed.'], declared)).toEqual({
      missing: ['Money was removed.'],
      stale: ['Group.old was removed.'],
    });
  });
});

describe('this schema', () => {
  it('is compared with the release that both changelogs name last', () => {
    const last = (name: string) => /^## (\d+\.\d+\.\d+)/m.exec(file(name))?.[1];
    expect(last('SCHEMA_CHANGELOG.md')).toMatch(/^\d/);
    expect(last('SCHEMA_CHANGELOG.md')).toBe(last('CHANGELOG.md'));
    const { version } = JSON.parse(file('package.json')) as { version: string };
    expect(version).toBe(last('CHANGELOG.md'));
  });

  it('breaks nobody unannounced', () => {
    const { breaking } = schemaChanges(file('docs/released/schema.graphql'), file('schema.graphql'));
    expect(undeclared(breaking, declaredChanges(file('SCHEMA_CHANGELOG.md')))).toEqual({ missing: [], stale: [] });
  });
});
