import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TOGGLES } from '../../src/simulator/world-toggles.js';
import { numbersFrom } from '../security/document.generator.js';
import {
  type GraphqlResponse,
  type GraphqlResponseError,
  removeGatewayFolders,
  startGateway,
  type TestGateway,
} from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator } from '../support/start-simulator.js';
import { randomRuns } from '../support/suite.sizes.js';

// Random documents, asked twice of a gateway that merges, batches and keeps. Their fields are compared with the same
// fields alone, asked of a gateway that does none of that. The upstream's toggles are random, too.

/** Of several branches and levels, one without rows, one outside of the tree, and one that does not exist. */
const GROUPS = ['100001', '100002', '100003', '100005', '100007', '100013', '100030', '100055', '200001', '999'];
const DOCUMENTS = 6;
/** Not by expiry: a wider window then lacks rows of a narrower one, and `HISTORY_MERGE_WINDOWS=false` is for that. */
const FILTERS = ['overlap', 'start'] as const;

const ROW = 'id kind planName startDate usedDocuments groupName price { amount currency } group { id name }';

type Path = readonly (string | number)[];

/** One field of one group in a document. */
interface Asked {
  readonly id: string;
  readonly field: string;
  readonly path: Path;
}

class DocumentWriter {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = numbersFrom(seed);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.#next() * list.length)];
    if (one === undefined) throw new Error('The list is empty.');
    return one;
  }

  many<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.pick(Array.from({ length: most }, (_, index) => index + 1)) }, make);
  }

  document(): { readonly query: string; readonly asked: readonly Asked[] } {
    const asked: Asked[] = [];
    const fragments: string[] = [];
    const roots = this.many(4, () => {
      const kind = this.pick(['group', 'groups', '_entities'] as const);
      const ids = kind === 'group' ? [this.pick(GROUPS)] : this.many(5, () => this.pick(GROUPS));
      return { kind, ids, fields: this.many(5, () => this.#field()) };
    }).map(({ kind, ids, fields }, root) => {
      const selections = fields.map((field, index) => {
        const key = `f${index}`;
        ids.forEach((id, place) => {
          asked.push({ id, field, path: kind === 'group' ? [`r${root}`, key] : [`r${root}`, place, key] });
        });
        return this.#written(`${key}: ${field}`, `F${root}_${index}`, fragments);
      });
      const selection = `{ ${selections.sort(() => this.pick([-1, 1])).join(' ')} }`;
      const representations = ids.map((id) => `{ __typename: "Group", id: "${id}" }`).join(' ');
      const texts = {
        group: `group(id: "${ids[0]}") ${selection}`,
        groups: `groups(ids: ${JSON.stringify(ids)}) ${selection}`,
        _entities: `_entities(representations: [${representations}]) { ... on Group ${selection} }`,
      };
      return `r${root}: ${texts[kind]}`;
    });
    const query = `query ($t: Boolean!, $f: Boolean!) { ${roots.join(' ')} a: __typename @skip(if: $t) b: __typename @include(if: $f) }`;
    return { query: [query, ...fragments].join('\n'), asked };
  }

  #written(text: string, fragment: string, fragments: string[]): string {
    switch (this.pick(['plain', 'plain', 'twice', 'inline', 'named', 'beside'] as const)) {
      case 'plain':
        return text;
      case 'twice':
        return `${text} ${text}`;
      case 'inline':
        return `... @include(if: $t) { ${text} }`;
      case 'named':
        fragments.push(`fragment ${fragment} on Group { ${text} }`);
        return `...${fragment} @skip(if: $f)`;
      case 'beside':
        return `${text} left_${fragment}: name @skip(if: $t)`;
    }
  }

  #field(): string {
    return this.pick([
      () => 'name',
      () => 'plan { name type price { amount currency } remainingDocuments startDate expiryDate }',
      () => `plan(at: "${this.#day()}") { name startDate }`,
      () => `billingHistory${this.#page()} { nodes { ${ROW} } totalCount summary { count spend { amount currency } } }`,
      () =>
        `billingHistory${this.#page()} { edges { node { ${ROW} group { plan { name } } } } pageInfo { hasNextPage } }`,
      () => `billingHistory${this.#page()} { summary { count usedDocuments } }`,
      () => 'subgroups { id name }',
      () => 'subgroups { id name plan { name } billingHistory(first: 1) { totalCount nodes { id } } }',
      () => 'availablePlans { id name differenceToCurrent { amount } }',
      () => 'availablePacks { id price { amount } }',
      () => `planChangePreview(planId: "${this.pick(['111', '113', '9'])}") { direction from { name } to { id } }`,
    ])();
  }

  #page(): string {
    const [from = '', to = ''] = [this.#day(), this.#day()].sort();
    const list = [
      this.pick(['', `from: "${from}"`, `to: "${to}"`, `from: "${from}", to: "${to}"`]),
      this.pick(['', 'includeSubgroups: true']),
      this.pick(['', 'first: 3', 'last: 2', 'first: 0']),
      this.pick(['', '', 'activity: [BOOSTER]']),
      this.pick(['', 'orderBy: START_DATE_ASC']),
    ].filter((text) => text !== '');
    return list.length === 0 ? '' : `(${list.join(', ')})`;
  }

  #day(): string {
    const days = this.pick([-800, -500, -366, -200, -100, -60, -31, -20, -10, -1, 30, 400]);
    return new Date(Date.now() + days * 86_400_000).toISOString();
  }
}

let simulator: TestSimulator;

beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
});

/** The value at a path with the codes of the errors at it and below. */
function at({ data, errors }: GraphqlResponse, path: Path) {
  let value: unknown = data;
  for (const key of path) value = typeof value === 'object' && value !== null ? Object(value)[key] : null;
  const isBelow = ({ path: place = [] }: GraphqlResponseError): boolean =>
    path.every((key, index) => place[index] === key);
  const codes = errors.filter(isBelow).map((error) => {
    return `${(error.path ?? []).slice(path.length).join('.')} ${String(error.extensions?.['code'])}`;
  });
  return { value, codes: codes.sort() };
}

async function alone(gateway: TestGateway, { id, field }: Asked) {
  return at(await gateway.execute(`{ group(id: "${id}") { field: ${field} } }`), ['group', 'field']);
}

it('fields of random documents are what they are alone, both times', async () => {
  const rounds = randomRuns(10);
  let compared = 0;
  for (let seed = 1; seed <= rounds; seed += 1) {
    const writer = new DocumentWriter(seed);
    const { apiKey, rootGroupId, world } = simulator.freshWorld(`random-documents-${seed}`);
    for (const [name, values] of Object.entries(TOGGLES)) {
      if (writer.pick([true, false, false, false])) world.setToggles({ [name]: writer.pick(values) });
    }
    world.setToggles({ historyFilter: writer.pick(FILTERS), emptyHistory: writer.pick(TOGGLES.emptyHistory) });
    const env = { XTRACTA_API_KEY: apiKey, PLAN_SOURCE: writer.pick(['history', 'usage']), MAX_UPSTREAM_CALLS: '1000' };
    const root = writer.pick([{}, { XTRACTA_ROOT_GROUP_ID: rootGroupId }]);
    const [together, reference] = await Promise.all([
      startGateway({ xtractaUrl: simulator.url, env: { ...env, ...root } }),
      startGateway({ xtractaUrl: simulator.url, env: { ...env, HISTORY_MERGE_WINDOWS: 'false' } }),
    ]);
    for (let number = 0; number < DOCUMENTS; number += 1) {
      const { query, asked } = writer.document();
      const responses = [];
      for (const _time of [1, 2]) responses.push(await together.execute(query, { t: true, f: false }));
      for (const one of asked) {
        const expected = await alone(reference, one);
        for (const response of responses) {
          expect({ seed, query, ...one, ...at(response, one.path) }).toEqual({ seed, query, ...one, ...expected });
          compared += 1;
        }
      }
    }
    await Promise.all([together.close(), reference.close()]);
  }
  expect(compared).toBeGreaterThan(rounds * 100);
}, 600_000);
