import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GraphQLSchema, parse, validate } from 'graphql';
import type { BillingActivity } from '../../src/domain/billing-history.js';
import { BillingError } from '../../src/domain/errors.js';
import { UnreadableValue } from '../../src/domain/money.js';
import { buildGatewaySchema } from '../../src/graphql/schema.js';
import type { HistoryPage } from '../../src/reads/billing-reads.js';
import { HistoryConnection } from '../../src/reads/history-paging.js';
import { FUZZ_PATIENCE_MS, fuzzSettings } from '../support/suite.sizes.js';
import { ApolloHarness } from '../unit/graphql/apollo.harness.js';
import { type InMemoryPorts, inMemoryPorts, PLAN, ROW } from '../unit/graphql/in-memory.context.js';
import { type GeneratedRequest, generateRequest, numbersFrom } from './document.generator.js';

const { runs, seed } = fuzzSettings('queries executed with written rows and by graphql-js alone', 250);

let schema: GraphQLSchema;
let written: ApolloHarness;
let byGraphqlJs: ApolloHarness;

beforeAll(async () => {
  ({ schema } = await buildGatewaySchema());
  written = await ApolloHarness.start();
  byGraphqlJs = await ApolloHarness.start({ plainRows: false });
});

afterAll(() => Promise.all([written.stop(), byGraphqlJs.stop()]));

const unreadable = (element: string): UnreadableValue => new UnreadableValue('xtracta', 'history', element);
const row = (more: object): BillingActivity => Object.assign({ ...ROW }, more);

/** Kinds of rows: complete, with gaps, with unreadable values, and with errors that no decoder should pass. */
const WHOLE = [
  row({
    id: '1',
    price: { amount: '10.00', currency: 'NZD' },
    group: { id: '100001', name: 'Ünïted "quoted" \u2028' },
  }),
  row({ id: '2', price: null, creditAmount: null, group: { id: '100002', name: 'B' }, startDate: null }),
];
const ODD = [
  row({ id: '3', price: unreadable('price'), usedDocuments: unreadable('used_documents') }),
  row({ id: '4', price: { amount: '1', currency: unreadable('price_currency') } }),
  row({ id: '5', group: { id: '100002' } }),
  row({ id: null }),
  row({ kind: 'NEVER_HEARD' }),
  row({ allowedDocuments: 1.5 }),
  row({ planName: Promise.resolve('later') }),
  row({ planName: () => 'called' }),
  row({ planName: 7, groupName: true, id: 8 }),
  row({ price: Promise.reject(new Error('later still')) }),
  row({ planName: undefined, price: {} }),
];
/** As {@link ODD}, for the one object of a plan. */
const PLANS = [
  PLAN,
  { ...PLAN, usedDocuments: unreadable('used_documents') },
  { ...PLAN, price: { amount: '1', currency: unreadable('price_currency') } },
  Object.assign({ ...PLAN }, { name: Promise.resolve('later') }),
  Object.assign({ ...PLAN }, { type: null }),
  null,
];
for (const { price } of ODD) if (price instanceof Promise) price.catch(() => undefined);

function pageOf(rows: readonly BillingActivity[]): HistoryPage {
  return new HistoryConnection(rows, { start: 0, end: rows.length }, (index) => `cursor-${index}`);
}

/** The same world for both, made anew for each request. */
function world(salt: number): InMemoryPorts {
  const oddOne = ODD[Math.abs(salt) % ODD.length];
  return inMemoryPorts({
    reads: {
      historyPage: async ({ groupId, first }) => {
        if (groupId === '100003') throw new BillingError('UPSTREAM_UNAVAILABLE', 'Unreachable.');
        const rows = groupId === '100002' && oddOne !== undefined ? [...WHOLE, oddOne] : WHOLE;
        return pageOf(first === 2 ? [] : rows);
      },
      plan: async (groupId) => {
        if (groupId === '100002') throw new BillingError('UPSTREAM_TIMEOUT', 'Too late.');
        return PLANS[Math.abs(salt) % PLANS.length] ?? null;
      },
      subgroups: async () => [{ id: '100002', name: 'Below' }, { id: '100004' }],
    },
  });
}

/** Three requests with one document: selections that were collected for one must hold for no other. */
function variationsOf(request: GeneratedRequest): readonly GeneratedRequest[] {
  const flipped = Object.entries(request.variables).map(([name, value]) => [
    name,
    typeof value === 'boolean' ? !value : value,
  ]);
  return [request, { ...request, variables: Object.fromEntries(flipped) }, request];
}

async function textsOf(harness: ApolloHarness, request: GeneratedRequest, salt: number): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const variation of variationsOf(request)) {
    const { status, text } = await harness.ask({ ...variation, ports: world(salt) });
    texts.push(`${status} ${text}`);
  }
  return texts;
}

describe('queries at random', () => {
  it(
    'are answered byte for byte as graphql-js answers them, each time',
    async () => {
      const tally = { data: 0, errors: 0, rows: 0, plans: 0 };
      for (let run = 0; run < runs; run += 1) {
        const request = generateRequest(schema, numbersFrom(seed + run));
        expect({ request, problems: validate(schema, parse(request.query)) }).toEqual({ request, problems: [] });
        const allExpected = await textsOf(byGraphqlJs, request, run);
        const texts = await textsOf(written, request, run);
        if (texts.join('\n') !== allExpected.join('\n')) {
          throw new Error(
            `FUZZ_SEED=${seed + run} FUZZ_RUNS=1\n${JSON.stringify(request)}\n${allExpected.join('\n')}\n\n${texts.join('\n')}`,
          );
        }
        const [expected = ''] = allExpected;
        if (expected.includes('"data":{')) tally.data += 1;
        if (expected.includes('"errors":[')) tally.errors += 1;
        if (/"(?:nodes|edges)(?:_\d)?":\[\{/.test(expected)) tally.rows += 1;
        if (/"plan(?:_\d)?":\{/.test(expected)) tally.plans += 1;
      }
      process.stdout.write(`${JSON.stringify(tally)}\n`);
      expect(tally.data).toBeGreaterThan(runs / 2);
      expect(tally.errors).toBeGreaterThan(runs / 20);
      expect(tally.rows).toBeGreaterThan(runs / 20);
      expect(tally.plans).toBeGreaterThan(runs / 20);
    },
    FUZZ_PATIENCE_MS,
  );
});
