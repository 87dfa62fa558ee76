import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery, parse, print, stripIgnoredCharacters } from 'graphql';
import { loadConfig } from '../../src/config/load-config.js';
import { createSafelist } from '../../src/server/safelist.js';
import type { TestGateway } from '../support/start-gateway.js';
import { openStand } from './security.harness.js';

const OPERATIONS = resolve(import.meta.dirname, '../../operations');
const documentOf = (file: string): string => readFileSync(join(OPERATIONS, file), 'utf8');
const GROUP_PLAN = documentOf('01-group-plan.graphql');
const UNLISTED = '{ group(id: "100000") { name } }';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const persisted = (hash: unknown, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash: hash } });

const stand = await openStand('safelist');
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await stand.start({ SAFELIST: OPERATIONS });
});

afterAll(() => stand.close());

async function post(body: unknown): Promise<{ status: number; codes: unknown[]; data: unknown; upstream: number }> {
  stand.forgetCalls();
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return await responseOf(response);
}

async function get(parameters: Readonly<Record<string, string>>) {
  stand.forgetCalls();
  const query = new URLSearchParams(parameters).toString();
  return await responseOf(
    await fetch(`${gateway.url}/graphql?${query}`, { headers: { 'apollo-require-preflight': '1' } }),
  );
}

async function responseOf(response: Response) {
  const body: { data?: unknown; errors?: { extensions: Record<string, unknown> }[] } = JSON.parse(
    await response.text(),
  );
  const upstream = stand.upstreamCalls();
  const codes = (body.errors ?? []).map(({ extensions }) => extensions['code']);
  return { status: response.status, codes, data: body.data, upstream };
}

describe('a listed document', () => {
  const variables = { groupId: '100000' };

  it('runs as its file has it, without blanks and comments, and as graphql-js prints it', async () => {
    for (const query of [GROUP_PLAN, stripIgnoredCharacters(GROUP_PLAN), print(parse(GROUP_PLAN))]) {
      expect(await post({ query, variables })).toMatchObject({ status: 200, codes: [], upstream: 1 });
    }
  });

  it('runs by its hash alone, though nobody registered it', async () => {
    for (const text of [GROUP_PLAN, stripIgnoredCharacters(GROUP_PLAN), print(parse(GROUP_PLAN))]) {
      const response = await post({ extensions: persisted(sha256(text)), variables });
      expect(response).toMatchObject({ status: 200, codes: [], upstream: 1 });
    }
    const byGet = await get({
      extensions: JSON.stringify(persisted(sha256(GROUP_PLAN))),
      variables: JSON.stringify(variables),
    });
    expect(byGet).toMatchObject({ status: 200, codes: [], upstream: 1 });
  });

  it('is each file of the folder', async () => {
    for (const file of readdirSync(OPERATIONS).filter((name) => name.endsWith('.graphql'))) {
      const response = await post({ query: documentOf(file) });
      // Without variables most are refused, but only for the missing variables.
      expect(response.codes).not.toContain('FORBIDDEN');
    }
  });
});

describe('a document that is not listed', () => {
  const REFUSED = { status: 403, codes: ['FORBIDDEN'], data: undefined, upstream: 0 };

  it.each([
    ['another query', { query: UNLISTED }],
    ['a listed one with one field more', { query: GROUP_PLAN.replace('name', 'name subgroups { id }') }],
    ['a listed one and another', { query: `${GROUP_PLAN}\nquery Other ${UNLISTED}`, operationName: 'Other' }],
    ['introspection', { query: getIntrospectionQuery() }],
    ['__typename alone', { query: '{ __typename }' }],
    ['the SDL for a router', { query: '{ _service { sdl } }' }],
    [
      'entities for a router',
      {
        query: 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Group { name } } }',
        variables: { r: [{ __typename: 'Group', id: '100000' }] },
      },
    ],
    ['a document that does not parse', { query: '{ group(' }],
    ['a document that the lexer refuses', { query: '"' }],
    ['a blank', { query: ' ' }],
    ['a hash of nothing', { extensions: persisted('0'.repeat(64)) }],
    ['another query under a listed hash', { query: UNLISTED, extensions: persisted(sha256(GROUP_PLAN)) }],
    ['another query with its own hash', { query: UNLISTED, extensions: persisted(sha256(UNLISTED)) }],
    ['a mutation', { query: 'mutation { openBillingUi { url } }' }],
  ])('is refused before anything runs: %s', async (_name, body) => {
    expect(await post(body)).toEqual(REFUSED);
  });

  it('is refused by GET as well, and never registered', async () => {
    expect(await get({ query: UNLISTED })).toEqual(REFUSED);
    const extensions = persisted(sha256(UNLISTED));
    await post({ query: UNLISTED, extensions });
    expect(await post({ extensions })).toEqual(REFUSED);
  });

  it.each([
    ['an empty query', { query: '' }],
    ['an empty query beside a listed hash', { query: '', extensions: persisted(sha256(GROUP_PLAN)) }],
    ['a list for a query', { query: [UNLISTED] }],
    ['a list for a hash', { extensions: persisted([sha256(UNLISTED)]) }],
    ['a name of every object for a hash', { extensions: persisted('constructor') }],
    ['extensions as text', { extensions: JSON.stringify(persisted(sha256(GROUP_PLAN))) }],
    ['another version', { extensions: persisted(sha256(GROUP_PLAN), 2) }],
    ['a batch', [{ query: UNLISTED }]],
    ['nothing', {}],
  ])('does not get in by a request of odd shape: %s', async (_name, body) => {
    const response = await post(body);
    expect(response).toMatchObject({ data: undefined, upstream: 0 });
    expect(response.codes).toHaveLength(1);
    expect(response.status).toBeLessThan(500);
  });

  it('does not tell a stranger whether it is listed', async () => {
    const closed = await stand.start({ AUTH: 'passthrough', SAFELIST: OPERATIONS });
    for (const query of [GROUP_PLAN, UNLISTED]) {
      const response = await closed.execute(query);
      expect([response.status, response.errors[0]?.extensions?.['code']]).toEqual([401, 'UNAUTHENTICATED']);
    }
  });
});

describe('SAFELIST', () => {
  const folder = mkdtempSync(join(tmpdir(), 'safelist-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = (name: string, content: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const load = (safelist: string, more: Readonly<Record<string, string>> = {}) =>
    loadConfig({ AUTH: 'none', XTRACTA_API_KEY: 'key', SAFELIST: safelist, ...more });

  it.each([
    [
      'of Apollo',
      {
        format: 'apollo-persisted-query-manifest',
        version: 1,
        operations: [{ id: sha256(GROUP_PLAN), name: 'GroupPlan', type: 'query', body: GROUP_PLAN }],
      },
    ],
    ['of hashes and documents', { [sha256(GROUP_PLAN)]: GROUP_PLAN }],
  ])('may be a manifest %s', async (_name, manifest) => {
    const result = await load(written('manifest.json', manifest));
    expect(result).toMatchObject({ ok: true, config: { safelist: [GROUP_PLAN] } });
  });

  it.each([
    ['a path to nothing', () => join(folder, 'nothing')],
    ['a folder without documents', () => mkdtempSync(join(folder, 'empty-'))],
    ['a file that is no JSON', () => written('text.json', GROUP_PLAN)],
    ['a manifest of another version', () => written('v2.json', { format: 'x', version: 2, operations: [] })],
    ['a list', () => written('list.json', [GROUP_PLAN])],
    ['an empty manifest', () => written('empty.json', {})],
  ])('that is %s is a problem at the start', async (_name, path) => {
    const result = await load(path());
    expect(result).toMatchObject({ ok: false, problems: [{ setting: 'SAFELIST' }] });
  });

  it('with a text that is no document stops the start', () => {
    expect(() => createSafelist(['{ group('])).toThrow(expect.objectContaining({ code: 'NOT_CONFIGURED' }));
  });

  it('beside ROUTER_SECRET is warned of', async () => {
    const result = await load(OPERATIONS, { ROUTER_SECRET: 'router-secret-0123456789' });
    expect(result).toMatchObject({ ok: true, warnings: [{ setting: 'SAFELIST' }] });
  });
});
