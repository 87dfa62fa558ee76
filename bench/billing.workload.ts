import { groupId, SECOND_MS, SUBGROUP_IDS } from '#bench/billing.ids';
import { type AskedRequest, graphqlPost, type Question } from '#bench/http.connection';

export const QUERY_NAMES = ['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'M1'] as const;
export type QueryName = (typeof QUERY_NAMES)[number];

/** One query of the benchmark. Requests differ in their ids or instants, so that neither caches nor sharing help. */
export interface Workload extends Question {
  readonly name: QueryName;
  readonly title: string;
}

/** The marks of one run: the moment around which its dates lie, and a word in its idempotency keys. */
export interface Run {
  readonly anchorMs: number;
  readonly id: string;
}

const PLAN = `plan(at: $at) {
  name type typeRaw price { amount currency } allowedDocuments usedDocuments remainingDocuments startDate expiryDate
}`;

/** The fields of an activity in all queries of histories. */
export const ACTIVITY = `id kind planName planType price { amount currency } creditAmount allowedDocuments usedDocuments
  startDate expiryDate groupName group { id }`;

const HISTORY_DAYS = 330;

function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Variables of a query of histories: a window that holds every row of the upstream's. */
export function historyWindow(anchorMs: number): { readonly from: string; readonly to: string } {
  return { from: rfc3339(anchorMs - HISTORY_DAYS * 24 * 3600 * SECOND_MS), to: rfc3339(anchorMs + 60 * SECOND_MS) };
}

/**
 * 50 aliases with ids as variables, so that the document stays the same. The ids are always the same 50; the instant
 * differs.
 */
function manyPlans(run: Run): Workload {
  const declarations = SUBGROUP_IDS.map((_, index) => `$id${index}: ID!`).join(' ');
  const fields = SUBGROUP_IDS.map((_, index) => `g${index}: group(id: $id${index}) { id ${PLAN} }`).join('\n');
  const ids = Object.fromEntries(SUBGROUP_IDS.map((id, index) => [`id${index}`, id]));
  const query = `query Q3($at: DateTime, ${declarations}) { ${fields} }`;
  return {
    name: 'Q3',
    title: '50 groups by alias, each with its plan',
    ask: (sequence) => graphqlPost(query, { ...ids, at: rfc3339(run.anchorMs - (sequence % 500_000) * SECOND_MS) }),
    marker: '"g0":{"id":"5001","plan":{"name":"',
    minBytes: 10_000,
  };
}

const Q1 = `query Q1($id: ID!, $at: DateTime) { group(id: $id) { ${PLAN} } }`;

/** Q1 of a group. */
export function planQuery(id: string): AskedRequest {
  return graphqlPost(Q1, { id });
}

const Q2 = `query Q2($id: ID!, $from: DateTime, $to: DateTime) {
  group(id: $id) { billingHistory(from: $from, to: $to, first: 100) { totalCount nodes { ${ACTIVITY} } } } }`;

const Q4 = `query Q4($id: ID!, $from: DateTime, $to: DateTime) {
  group(id: $id) { billingHistory(from: $from, to: $to, includeSubgroups: true, first: 5000) {
    totalCount nodes { ${ACTIVITY} } } } }`;

/** Q2's page in the form of generated clients: fragments, one of them twice, once under a false condition. */
const Q5 = `query Q5($id: ID!, $from: DateTime, $to: DateTime, $x: Boolean!) {
  group(id: $id) { billingHistory(from: $from, to: $to, first: 100) {
    totalCount nodes { ...Row @include(if: $x) ...Row } } } }
fragment Row on BillingActivity { ${ACTIVITY} }`;

const M1 = `mutation M1($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) {
  pack { id name allowedDocuments price { amount currency } quantity group { id } }
  summary { totalUsedDocuments totalAvailableDocuments }
  userErrors { code } } }`;

export function workloads(run: Run): Readonly<Record<QueryName, Workload>> {
  const range = historyWindow(run.anchorMs);
  return {
    Q1: {
      name: 'Q1',
      title: "one group's current plan, 9 fields",
      ask: (sequence) => planQuery(groupId('plan', sequence)),
      marker: '"plan":{"name":"',
      minBytes: 200,
    },
    Q2: {
      name: 'Q2',
      title: "one group's history, 100 activities, 13 fields",
      ask: (sequence) => graphqlPost(Q2, { id: groupId('history', sequence), ...range }),
      marker: '"totalCount":100,',
      minBytes: 20_000,
    },
    Q3: manyPlans(run),
    Q4: {
      name: 'Q4',
      title: 'recursive history, 5,000 activities, 13 fields',
      ask: (sequence) => graphqlPost(Q4, { id: groupId('large', sequence), ...range }),
      marker: '"totalCount":5000,',
      minBytes: 1_000_000,
    },
    Q5: {
      name: 'Q5',
      title: "Q2's page, its rows by a fragment used twice, once under `@include`",
      ask: (sequence) => graphqlPost(Q5, { id: groupId('history', sequence), ...range, x: sequence % 2 === 0 }),
      marker: '"totalCount":100,',
      minBytes: 20_000,
    },
    M1: {
      name: 'M1',
      title: 'order of a booster pack, SQLite ledger',
      ask: (sequence) =>
        graphqlPost(M1, {
          input: {
            idempotencyKey: `bench-${run.id}-${sequence}`,
            packId: '1223',
            groupId: groupId('pack', sequence),
            quantity: 1,
          },
        }),
      marker: '"userErrors":[]',
      minBytes: 100,
    },
  };
}

/**
 * One of the most expensive admitted operations: 75,000 rows of one upstream response, below the bound of 100,000, in
 * about 14 MB.
 */
export function dearest(run: Run): Question {
  const page = `billingHistory(from: $from, to: $to, includeSubgroups: true, first: 5000) {
    totalCount nodes { id kind planName price { amount currency } startDate expiryDate } }`;
  const pages = Array.from({ length: 15 }, (_, index) => `h${index}: ${page}`).join(' ');
  const query = `query Dearest($id: ID!, $from: DateTime, $to: DateTime) { group(id: $id) { ${pages} } }`;
  return {
    name: 'dearest',
    ask: (sequence) => graphqlPost(query, { id: groupId('large', sequence), ...historyWindow(run.anchorMs) }),
    marker: '"h0":{"totalCount":5000,',
    minBytes: 8_000_000,
    mayBeRefused: true,
  };
}
