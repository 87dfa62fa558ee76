import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { httpResponse, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';

// From the bytes of histories to the client's response. A batch gives the same result as single reads, and one
// unreadable text affects only its own value.

const ROOT = '1000';

/** The upstream's tree: the plan of each group, and whether the root's recursive history includes it. */
interface Tree {
  readonly plans: ReadonlyMap<string, string>;
  readonly moved: ReadonlySet<string>;
  /** The text of `group_id` in a group's row, where it is not the group's number. */
  readonly groupIds?: ReadonlyMap<string, string>;
  /** A second row of each group, with this start date. */
  readonly secondStart?: string;
}

const WHOLE: Tree = {
  plans: new Map([
    [ROOT, 'Root plan'],
    ['1', 'Plan of 1'],
    ['2', 'Plan of 2'],
    ['3', 'Plan of 3'],
  ]),
  moved: new Set(),
};

let tree: Tree = WHOLE;
let upstream: RawUpstream;
let gateway: TestGateway;

const DAY_MS = 86_400_000;
/** All rows start at one moment, so that their ids decide their order. */
const BEGUN_MS = Date.now();

function row(groupId: string, plan: string): string {
  const [start, expiry] = [-10, 20].map((days) => new Date(BEGUN_MS + days * DAY_MS).toISOString());
  return `<activity><id>${groupId}</id><plan>${plan}</plan><plan_type>Monthly</plan_type><price>9.90</price><credit_amount>0</credit_amount><price_currency>NZD</price_currency><allowed_documents>50</allowed_documents><used_documents>8</used_documents><plan_activity>renew</plan_activity><start_date>${start}</start_date><expiry_date>${expiry}</expiry_date><group_name>Group ${groupId}</group_name><group_id>${tree.groupIds?.get(groupId) ?? groupId}</group_id></activity>`;
}

function response(status: number, rows: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?><billings_response><status>${status}</status><message>text</message><plans>${rows.join('')}</plans></billings_response>`;
}

beforeAll(async () => {
  upstream = await startRawUpstream((exchange) => {
    const form = new URLSearchParams(exchange.request.body);
    const groupId = form.get('group_id') ?? '';
    const plan = tree.plans.get(groupId);
    if (plan === undefined) {
      httpResponse(
        404,
        '<billings_response><status>404</status><message>No such group</message></billings_response>',
      )(exchange);
      return;
    }
    const shown =
      form.get('recursive') === '1'
        ? [...tree.plans].filter(([id]) => !tree.moved.has(id))
        : [[groupId, plan] as const];
    const rows = shown.map(([id, name]) => row(id, name));
    const { secondStart } = tree;
    const second = rows.map((text) => text.replace(/(?<=<start_date>)[^<]*/, secondStart ?? ''));
    httpResponse(200, response(200, secondStart === undefined ? rows : [...rows, ...second]))(exchange);
  });
  gateway = await startGateway({ xtractaUrl: upstream.url, env: { XTRACTA_ROOT_GROUP_ID: ROOT } });
});

beforeEach(() => {
  tree = WHOLE;
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await removeGatewayFolders();
});

const FIELDS = 'id name plan { name price { amount } } billingHistory(first: 5) { totalCount nodes { id planName } }';

interface Told {
  readonly group: unknown;
  readonly errors: readonly (readonly [code: unknown, at: string])[];
}

/** The result for each group, independent of the query's form: its part of the data, and the errors below it. */
async function ask(query: string, list: string | null, variables: object = {}): Promise<readonly Told[]> {
  const { data, errors } = await gateway.execute(query, { ...variables });
  const depth = list === null ? 1 : 2;
  const groups = list === null ? [data?.['group']] : data?.[list];
  if (!Array.isArray(groups)) throw new Error(`no list ${String(list)}: ${JSON.stringify(errors)}`);
  return groups.map((group: unknown, index) => ({
    group,
    errors: errors
      .filter(({ path = [] }) => list === null || path[1] === index)
      .map(({ path = [], extensions }) => [extensions?.['code'], path.slice(depth).join('.')] as const),
  }));
}

const IDS = ['1', '2', '3'];
const entities = '_entities(representations: $of) { ... on Group';

const BATCHES = [
  ['groups(ids:)', () => ask(`query ($ids: [ID!]!) { groups(ids: $ids) { ${FIELDS} } }`, 'groups', { ids: IDS })],
  [
    '_entities',
    () =>
      ask(`query ($of: [_Any!]!) { ${entities} { ${FIELDS} } } }`, '_entities', {
        of: IDS.map((id) => ({ __typename: 'Group', id })),
      }),
  ],
] as const;

async function oneByOne(): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (const id of IDS) told.push(...(await ask(`{ group(id: "${id}") { ${FIELDS} } }`, null)));
  return told;
}

async function callsOf<T>(run: () => Promise<T>): Promise<readonly [T, number]> {
  const before = upstream.requests().length;
  return [await run(), upstream.requests().length - before];
}

describe('groups below a known root, asked together', () => {
  describe.each(BATCHES)('by %s', (_name, together) => {
    it('cost one call, and tell what each tells alone', async () => {
      const [told, calls] = await callsOf(together);
      expect(calls).toBe(1);
      expect(told).toEqual(await oneByOne());
      expect(told[1]).toMatchObject({ group: { name: 'Group 2', plan: { name: 'Plan of 2' } }, errors: [] });
    });

    it('tell of a deleted one what it tells alone, again and again, for no more calls', async () => {
      await together();
      tree = { ...WHOLE, plans: new Map([...WHOLE.plans].filter(([id]) => id !== '2')) };
      const alone = await oneByOne();
      expect(alone[1]).toMatchObject({ group: { id: '2', name: null, plan: null, billingHistory: null } });
      expect(alone[1]?.errors).toEqual(
        expect.arrayContaining([
          ['NOT_FOUND', 'plan'],
          ['NOT_FOUND', 'billingHistory'],
          ['NOT_FOUND', 'name'],
        ]),
      );
      for (let time = 0; time < 3; time += 1) {
        const [told, calls] = await callsOf(together);
        expect(told).toEqual(alone);
        expect(calls).toBeLessThanOrEqual(3);
      }
    });

    it('tell of one that was moved out of the tree, and back, what it tells alone', async () => {
      await together();
      tree = { ...WHOLE, moved: new Set(['2']) };
      for (const now of [tree, WHOLE]) {
        tree = now;
        const [told, calls] = await callsOf(together);
        expect(told).toEqual(await oneByOne());
        expect(told[1]).toMatchObject({ group: { plan: { name: 'Plan of 2' }, billingHistory: { totalCount: 1 } } });
        expect(calls).toBeLessThanOrEqual(3);
      }
    });
  });
});

describe('a group that cannot be read', () => {
  const ROWS = 'nodes { id planName group { id } } totalCount';
  const SUMMARY = 'summary { count usedDocuments unreadableCounts spend { amount } unreadablePrices }';
  const nobodys = {
    nodes: [{ id: '2', planName: 'Plan of 2', group: null }],
    totalCount: 1,
    summary: { count: 1, usedDocuments: 0, unreadableCounts: 1, spend: [], unreadablePrices: 1 },
  };

  it.each(['abc', '-2', '2</group_id><group_id>77'])(
    'is no reason to give its row to the requested group: %s',
    async (text) => {
      tree = { ...WHOLE, groupIds: new Map([['2', text]]) };
      const { data, errors } = await gateway.execute(
        `{ group(id: "2") { name plan { name } billingHistory(first: 5) { ${ROWS} ${SUMMARY} } }
           root: group(id: "${ROOT}") { billingHistory(includeSubgroups: true) { ${ROWS} ${SUMMARY} } subgroups { id } } }`,
      );
      expect(data).toMatchObject({
        group: { name: null, plan: null, billingHistory: nobodys },
        root: {
          billingHistory: {
            totalCount: 4,
            summary: { usedDocuments: 24, unreadableCounts: 1, spend: [{ amount: '29.70' }], unreadablePrices: 1 },
          },
          subgroups: [{ id: '1' }, { id: '3' }],
        },
      });
      const told = errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']]);
      expect(told.sort()).toEqual([
        ['group.billingHistory.nodes.0.group', 'UPSTREAM_INVALID_RESPONSE'],
        ['group.plan', 'UPSTREAM_INVALID_RESPONSE'],
        [expect.stringMatching(/^root\.billingHistory\.nodes\.\d\.group$/), 'UPSTREAM_INVALID_RESPONSE'],
      ]);
    },
  );

  it('is another thing than no group, which is the requested one', async () => {
    tree = { ...WHOLE, groupIds: new Map([['2', ' ']]) };
    const { data, errors } = await gateway.execute(
      `{ group(id: "2") { plan { name } billingHistory(first: 5) { nodes { group { id } } } } }`,
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      group: { plan: { name: 'Plan of 2' }, billingHistory: { nodes: [{ group: { id: '2' } }] } },
    });
  });
});

describe('a text that cannot be read', () => {
  it('is null with an error at each of its places; the row, the page and the group stand', async () => {
    // XML 1.0 forbids the character, also as a reference.
    tree = { ...WHOLE, plans: new Map([...WHOLE.plans, ['2', 'Plan&#11;of 2']]) };
    const { data, errors } = await gateway.execute(
      `{ group(id: "${ROOT}") { billingHistory(includeSubgroups: true, orderBy: START_DATE_ASC) {
        totalCount nodes { id planName price { amount } } edges { node { planName } } } }
        two: group(id: "2") { name plan { name price { amount } } } }`,
    );
    const page = {
      totalCount: 4,
      nodes: [
        { id: '1', planName: 'Plan of 1', price: { amount: '9.90' } },
        { id: '2', planName: null, price: { amount: '9.90' } },
        { id: '3', planName: 'Plan of 3', price: { amount: '9.90' } },
        { id: ROOT, planName: 'Root plan', price: { amount: '9.90' } },
      ],
      edges: [
        { node: { planName: 'Plan of 1' } },
        { node: { planName: null } },
        { node: { planName: 'Plan of 3' } },
        { node: { planName: 'Root plan' } },
      ],
    };
    expect(data).toEqual({
      group: { billingHistory: page },
      two: { name: 'Group 2', plan: { name: null, price: { amount: '9.90' } } },
    });
    const told = errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']]);
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        ['group.billingHistory.nodes.1.planName', 'UPSTREAM_INVALID_RESPONSE'],
        ['group.billingHistory.edges.1.node.planName', 'UPSTREAM_INVALID_RESPONSE'],
        ['two.plan.name', 'UPSTREAM_INVALID_RESPONSE'],
      ]),
    );
  });
});

describe('a plan that an unreadable date decides', () => {
  it.each(['28/11/2026 10:00', 'soon'])('is an error at its path, and no other plan in its place: %s', async (text) => {
    tree = { ...WHOLE, secondStart: text };
    const { data, errors } = await gateway.execute(
      '{ one: group(id: "1") { plan { name } } groups(ids: ["2", "3"]) { plan { name } } }',
    );
    expect(data).toEqual({ one: { plan: null }, groups: [{ plan: null }, { plan: null }] });
    expect(errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']]).sort()).toEqual([
      ['groups.0.plan', 'UPSTREAM_INVALID_RESPONSE'],
      ['groups.1.plan', 'UPSTREAM_INVALID_RESPONSE'],
      ['one.plan', 'UPSTREAM_INVALID_RESPONSE'],
    ]);
  });

  it('is the other one where the date is left out', async () => {
    tree = { ...WHOLE, secondStart: '0000-00-00 00:00:00' };
    const { data, errors } = await gateway.execute('{ group(id: "1") { plan { name } } }');
    expect([data, errors]).toEqual([{ group: { plan: { name: 'Plan of 1' } } }, []]);
  });
});
