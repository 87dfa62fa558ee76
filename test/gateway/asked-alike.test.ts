import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { httpResponse, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';

// A field has one response, whatever else its document asks, and however often it is asked.

const ROOT = '1000';
const DAY_SECONDS = 86_400;

interface Row {
  readonly groupId: string;
  readonly groupName: string;
  readonly daysAgo: number;
}

let rows: readonly Row[] = [];
let upstream: RawUpstream;
const opened: TestGateway[] = [];

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const startOf = ({ daysAgo }: Row): number => nowSeconds() - daysAgo * DAY_SECONDS;
const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
const daysAgo = (days: number): string => isoOf(nowSeconds() - days * DAY_SECONDS);

function xmlOf(row: Row): string {
  const start = startOf(row);
  return `<activity><id>${row.daysAgo}</id><plan>Plan</plan><plan_type>Annual</plan_type><price>9.90</price><credit_amount>0</credit_amount><price_currency>NZD</price_currency><allowed_documents>50</allowed_documents><used_documents>8</used_documents><plan_activity>renew</plan_activity><start_date>${isoOf(start)}</start_date><expiry_date>${isoOf(start + 365 * DAY_SECONDS)}</expiry_date><group_name>${row.groupName}</group_name><group_id>${row.groupId}</group_id></activity>`;
}

function billingsResponse(status: number, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><billings_response><status>${status}</status><message>text</message>${content}</billings_response>`;
}

beforeAll(async () => {
  upstream = await startRawUpstream((exchange) => {
    const form = new URLSearchParams(exchange.request.body);
    const [from, to] = [Number(form.get('billing_from')), Number(form.get('billing_to'))];
    const shown = rows.filter(
      (row) =>
        startOf(row) >= from &&
        startOf(row) <= to &&
        (form.get('recursive') === '1' || row.groupId === form.get('group_id')),
    );
    // A window without rows is answered as an unknown group is.
    const [status, content] = shown.length === 0 ? [404, ''] : [200, `<plans>${shown.map(xmlOf).join('')}</plans>`];
    httpResponse(status, billingsResponse(status, content))(exchange);
  });
});
afterEach(async () => {
  for (const gateway of opened.splice(0)) await gateway.close();
});
afterAll(async () => {
  await upstream.close();
  await removeGatewayFolders();
});

async function open(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startGateway({ xtractaUrl: upstream.url, env: { XTRACTA_API_KEY: 'key', ...env } });
  opened.push(gateway);
  return gateway;
}

/** The response to each alias of a group, with the codes of errors at their paths. */
async function ask(gateway: TestGateway, fields: string, id = '1') {
  const before = upstream.requests().length;
  const { data, errors } = await gateway.execute(`{ group(id: "${id}") { ${fields} } }`);
  return {
    group: data?.['group'],
    errors: errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']]),
    calls: upstream.requests().length - before,
  };
}

describe('a renamed group', () => {
  const PAST = `past: billingHistory(from: "${daysAgo(900)}", to: "${daysAgo(500)}") { nodes { groupName group { name } } }`;
  const LAST_YEAR = 'year: billingHistory { nodes { groupName group { name } } }';

  it('has the name of its newest row, and from a row the name in that row, together and alone', async () => {
    rows = [
      { groupId: '1', groupName: 'First', daysAgo: 800 },
      { groupId: '1', groupName: 'Second', daysAgo: 600 },
      { groupId: '1', groupName: 'Third', daysAgo: 100 },
      { groupId: '1', groupName: 'Now', daysAgo: 10 },
    ];
    const gateway = await open();
    const list = (...names: string[]) => ({ nodes: names.map((name) => ({ groupName: name, group: { name } })) });
    const alone = { name: 'Now', past: list('Second', 'First'), year: list('Now', 'Third') };
    expect(await ask(gateway, 'name')).toEqual({ group: { name: 'Now' }, errors: [], calls: 1 });
    expect(await ask(gateway, PAST)).toEqual({ group: { past: alone.past }, errors: [], calls: 1 });
    expect(await ask(gateway, LAST_YEAR)).toEqual({ group: { year: alone.year }, errors: [], calls: 1 });
    expect(await ask(gateway, `name ${PAST} ${LAST_YEAR} plan { name }`)).toMatchObject({ group: alone, calls: 2 });
    expect(await ask(gateway, `name ${LAST_YEAR} plan { name }`)).toMatchObject({ group: { name: 'Now' }, calls: 1 });
    expect(await ask(gateway, 'subgroups { name } name', ROOT)).toMatchObject({
      group: { subgroups: [{ name: 'Now' }] },
    });
  });
});

describe('a window without rows', () => {
  it('is NOT_FOUND beside a wider one where it is alone', async () => {
    rows = [{ groupId: '1', groupName: 'One', daysAgo: 100 }];
    const gateway = await open();
    const empty = `empty: billingHistory(from: "${daysAgo(50)}", to: "${daysAgo(40)}") { totalCount }`;
    const refused = { group: { empty: null }, errors: [['group.empty', 'NOT_FOUND']] };
    expect(await ask(gateway, empty)).toMatchObject(refused);
    expect(await ask(gateway, `plan { name } ${empty}`)).toMatchObject({
      group: { plan: { name: 'Plan' }, empty: null },
      errors: refused.errors,
      calls: 2,
    });
  });
});

describe('more groups than an operation has calls', () => {
  const QUERY = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Group { plan { name } } } }';

  it.each([
    ['no root', {}, 0],
    ['a root with some of them', { XTRACTA_ROOT_GROUP_ID: ROOT }, 60 + 99],
  ])('are answered the same each time, under %s', async (_name, env, readable) => {
    const groupIds = Array.from({ length: 175 }, (_, index) => String(index + 1));
    const inTree = groupIds.filter((_id, index) => index % 3 === 0 || index < 2).slice(0, 60);
    rows = groupIds.map((groupId) => ({ groupId, groupName: `Group ${groupId}`, daysAgo: 20 }));
    const all = rows;
    upstream.handle((exchange) => {
      const form = new URLSearchParams(exchange.request.body);
      const isTree = form.get('recursive') === '1';
      const shown = all.filter(({ groupId }) => (isTree ? inTree.includes(groupId) : groupId === form.get('group_id')));
      httpResponse(200, billingsResponse(200, `<plans>${shown.map(xmlOf).join('')}</plans>`))(exchange);
    });
    const gateway = await open(env);
    const once = async () => {
      const r = groupIds.map((id) => ({ __typename: 'Group', id }));
      const { data, errors } = await gateway.execute<{ readonly _entities: readonly { readonly plan: unknown }[] }>(
        QUERY,
        { r },
      );
      const refused = errors.map(({ path, extensions }) => [path, extensions?.['code']]);
      return { refused, gaps: data?._entities.flatMap(({ plan }, index) => (plan === null ? [index] : [])) };
    };
    const first = await once();
    expect(first.gaps).toHaveLength(175 - readable);
    expect(first.refused).toEqual(first.gaps?.map((index) => [['_entities', index, 'plan'], 'OPERATION_TOO_COMPLEX']));
    expect(await once()).toEqual(first);
    expect(await once()).toEqual(first);
  });
});
