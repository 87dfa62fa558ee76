import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { parseTenantsFile } from '../../../src/config/tenants-file.js';
import { renderTenantsSchema } from '../../../tools/tenants.document.js';

// The schema as it is made now. That the committed file is the same says `npm run check:config-docs`.
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, strictRequired: false }).compile(
  JSON.parse(renderTenantsSchema()),
);

const folder = mkdtempSync(join(tmpdir(), 'tenants-schema-'));
writeFileSync(join(folder, 'key'), 'key-of-acme-0001\n');
afterAll(() => rmSync(folder, { recursive: true }));

/** Both verdicts on a file: an editor reads YAML with its types, the gateway reads every scalar as text. */
async function verdicts(text: string): Promise<{ editor: boolean; gateway: boolean }> {
  const { problems } = await parseTenantsFile(join(folder, 'tenants.yaml'), text);
  return { editor: validate(parse(text, { schema: 'core' })), gateway: problems.length === 0 };
}

const tenant = (...lines: readonly string[]) => `tenants:\n  acme:\n${lines.map((line) => `    ${line}\n`).join('')}`;
const withKey = (...lines: readonly string[]) => tenant('xtractaApiKey: key-of-acme-0001', ...lines);

const CLIENT = ['creditsTokenUrl: https://login.example.com/token', 'creditsClientId: acme'];

const ACCEPTED: Readonly<Record<string, string>> = {
  nobody: 'tenants: {}',
  'a key': withKey(),
  'a key that reads as a number': tenant('xtractaApiKey: 1234567890'),
  'a key that reads as a flag': tenant('xtractaApiKey: true'),
  'a key of the longest kind': tenant(`xtractaApiKey: ${'k'.repeat(8192)}`),
  'a key from a file': tenant('xtractaApiKeyFile: key'),
  'a root group as a number': withKey('rootGroupId: 1001'),
  'a root group as text': withKey('rootGroupId: "1001"'),
  'a root group with zeros in front': withKey('rootGroupId: 007'),
  'the largest group id': withKey('rootGroupId: 999999999999999999'),
  groups: withKey('allowedGroups: [1001, "1002", 0003]'),
  'no groups': withKey('allowedGroups: []'),
  'all groups': withKey('allowedGroups: all'),
  'a token': withKey('creditsToken: abc'),
  'a token from a file': withKey('creditsTokenFile: key'),
  'client credentials': withKey(...CLIENT, 'creditsClientSecret: s'),
  'client credentials from a file': withKey(...CLIENT, 'creditsClientSecretFile: key'),
  'a client that reads as a number': withKey(CLIENT[0] ?? '', 'creditsClientId: 42', 'creditsClientSecret: 43'),
  'a token endpoint on this machine': withKey(
    'creditsTokenUrl: http://127.0.0.1:4010/Token',
    'creditsClientId: a',
    'creditsClientSecret: s',
  ),
  'a token endpoint on the IPv6 loopback': withKey(
    'creditsTokenUrl: "http://[::1]:4010/Token"',
    'creditsClientId: a',
    'creditsClientSecret: s',
  ),
  'no limits': withKey('limits: none'),
  'empty limits': withKey('limits: {}'),
  limits: withKey(
    'limits: { writesPerDay: 20, spendPerDay: { NZD: 1000 }, maxQuantity: 5, requirePrice: true, frozen: false }',
  ),
  'limits as text': withKey(
    'limits: { writesPerDay: "20", spendPerDay: { NZD: "99.50", USD: none }, maxQuantity: "100", requirePrice: "false" }',
  ),
  'limits by the word none': withKey('limits: { writesPerDay: none, spendPerDay: none, maxQuantity: none }'),
  'limits of nothing': withKey('limits: { writesPerDay: 0, spendPerDay: { NZD: 0 }, maxQuantity: 0 }'),
  'the largest limits': withKey('limits: { writesPerDay: 1000000, maxQuantity: 0100 }'),
  'two tenants': `${withKey()}  "tenant of two words":\n    xtractaApiKey: another\n`,
  JSON: '{"tenants": {"acme": {"xtractaApiKey": "key", "rootGroupId": 1001, "allowedGroups": ["1001"]}}}',
};

const REFUSED: Readonly<Record<string, string>> = {
  'an empty file': '',
  'a list': '- acme',
  'no tenants': 'tenant: {}',
  'tenants as a list': 'tenants: [acme]',
  'an unknown key beside tenants': 'tenants: {}\nversion: 1',
  'a tenant of no name': 'tenants:\n  "":\n    xtractaApiKey: key',
  'a tenant id of two lines': 'tenants:\n  "a\\nb":\n    xtractaApiKey: key',
  'a tenant id that is too long': `tenants:\n  ${'a'.repeat(201)}:\n    xtractaApiKey: key`,
  'a tenant without a mapping': 'tenants:\n  acme: key',
  'an unknown key': withKey('allowedGroup: [1001]'),
  'no key': tenant('rootGroupId: 1001'),
  'a key twice': withKey('xtractaApiKeyFile: key'),
  'an empty key': tenant('xtractaApiKey: ""'),
  'a key of blanks': tenant('xtractaApiKey: "two words"'),
  'a null for a key': tenant('xtractaApiKey: null'),
  'nothing for a key': tenant('xtractaApiKey:'),
  'the text null for a key': tenant('xtractaApiKey: "null"'),
  'a tilde for a key': tenant('xtractaApiKey: ~'),
  'a list for a key': tenant('xtractaApiKey: [key]'),
  'a key that is too long': tenant(`xtractaApiKey: ${'k'.repeat(8193)}`),
  'group 0': withKey('rootGroupId: 0'),
  'group 000': withKey('rootGroupId: "000"'),
  'a group below 0': withKey('rootGroupId: -1'),
  'a group that is a word': withKey('rootGroupId: root'),
  'a group of 20 digits': withKey('rootGroupId: 10000000000000000000'),
  'a group of 19 digits as text': withKey('rootGroupId: "1000000000000000000"'),
  'half a group': withKey('rootGroupId: 1.5'),
  'no list of groups': withKey('allowedGroups: 1001'),
  'another word for groups': withKey('allowedGroups: none'),
  'nothing for groups': withKey('allowedGroups:'),
  'a list with a word': withKey('allowedGroups: [1001, all]'),
  'a token twice': withKey('creditsToken: a', 'creditsTokenFile: key'),
  'a token and client credentials': withKey('creditsToken: a', ...CLIENT, 'creditsClientSecret: s'),
  'a token and a part of client credentials': withKey('creditsTokenFile: key', 'creditsClientId: acme'),
  'client credentials without a secret': withKey(...CLIENT),
  'client credentials without an endpoint': withKey('creditsClientId: a', 'creditsClientSecret: s'),
  'a secret alone': withKey('creditsClientSecretFile: key'),
  'a secret twice': withKey(...CLIENT, 'creditsClientSecret: s', 'creditsClientSecretFile: key'),
  'a client id of two lines': withKey(CLIENT[0] ?? '', 'creditsClientId: "a\\nb"', 'creditsClientSecret: s'),
  ...Object.fromEntries(
    [
      'http://login.example.com/token',
      'ftp://login.example.com/token',
      'https://user:word@login.example.com/token',
      'https://login.example.com/token?a=b',
      '"https://login.example.com/token#a"',
      'login.example.com',
      '42',
    ].map((url) => [
      `the token endpoint ${url}`,
      withKey(`creditsTokenUrl: ${url}`, 'creditsClientId: a', 'creditsClientSecret: s'),
    ]),
  ),
  ...Object.fromEntries(
    [
      'all',
      '[20]',
      '{ writePerDay: 20 }',
      '{ writesPerDay: -1 }',
      '{ writesPerDay: 1.5 }',
      '{ writesPerDay: 1000001 }',
      '{ writesPerDay: "1000001" }',
      '{ writesPerDay: many }',
      '{ writesPerDay: }',
      '{ maxQuantity: 101 }',
      '{ maxQuantity: "101" }',
      '{ spendPerDay: 1000 }',
      '{ spendPerDay: { nzd: 1000 } }',
      '{ spendPerDay: { NZD: -1 } }',
      '{ spendPerDay: { NZD: "1,000" } }',
      '{ spendPerDay: { NZD: "1e3" } }',
      '{ spendPerDay: { NZD: 1000000000000000 } }',
      '{ spendPerDay: { NZD: all } }',
      '{ requirePrice: yes }',
      '{ requirePrice: 1 }',
      '{ frozen: none }',
    ].map((limits) => [`the limits ${limits}`, withKey(`limits: ${limits}`)]),
  ),
};

describe('the JSON Schema of the tenants file', () => {
  it.each(Object.entries(ACCEPTED))('accepts %s, as the gateway does', async (_, text) => {
    expect(await verdicts(text)).toStrictEqual({ editor: true, gateway: true });
  });

  it.each(Object.entries(REFUSED))('refuses %s, as the gateway does', async (_, text) => {
    expect(await verdicts(text)).toStrictEqual({ editor: false, gateway: false });
  });

  it('explains every key that a tenant may have', () => {
    const undescribed: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, child] of Object.entries(node)) {
        if (key !== 'properties') walk(child, `${path}.${key}`);
        else {
          for (const [name, property] of Object.entries(child)) {
            const isTold = typeof property === 'object' && property !== null && 'description' in property;
            if (!isTold) undescribed.push(`${path}.${name}`);
            walk(property, `${path}.${name}`);
          }
        }
      }
    };
    walk(JSON.parse(renderTenantsSchema()), '');
    expect(undescribed).toStrictEqual([]);
  });

  it('accepts the example of the documentation and the file of the manifests', async () => {
    const document = await readFile('docs/configuration.md', 'utf8');
    const example = /## The tenants file[\s\S]*?```yaml\n([\s\S]*?)```/.exec(document)?.[1] ?? '';
    const manifest = await readFile('deploy/kustomize/overlays/example/secrets/tenants.yaml', 'utf8');
    for (const text of [example, manifest]) {
      expect({ valid: validate(parse(text)), errors: validate.errors }).toStrictEqual({ valid: true, errors: null });
    }
  });
});
