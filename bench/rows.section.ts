import type { Amounts } from '#bench/bench.amounts';
import type { BenchResults, RowsSample } from '#bench/bench.results';
import { ROW_COUNTS, type RowCount, rowsGroupId } from '#bench/billing.ids';
import { ACTIVITY, historyWindow } from '#bench/billing.workload';
import { Connection, graphqlPost } from '#bench/http.connection';
import { cpuMs } from '#bench/process.meter';
import { type Bench, type System, startSystem, type Upstream } from '#bench/systems';

/** The most rows on one page by the schema. */
const MAX_PAGE = 5_000;
/** The gateway keeps this many rows for paging. More lists than fit would push each other out. */
const KEPT_ROWS = 100_000;

/**
 * CPU of the gateway by the size of a history. The query is the same at every size and uses the schema's largest page.
 * The upstream has no pages, so 20,000 rows are one upstream response and four requests, each with the cursor of the
 * previous one. So every row is read, ordered and written once, as at the smaller sizes.
 */
export async function measureRows(
  bench: Bench,
  upstream: Upstream,
  amounts: Amounts,
  results: BenchResults,
): Promise<void> {
  const gateway = await startSystem('gateway', bench, upstream);
  try {
    for (const rows of ROW_COUNTS) await sampleRows(gateway, bench, rows, amounts.rows.warmUp);
    for (let round = 0; round < results.rounds; round += 1) {
      for (const rows of round % 2 === 0 ? ROW_COUNTS : ROW_COUNTS.toReversed()) {
        const sample = await sampleRows(gateway, bench, rows, amounts.rows.sample);
        results.rows.push(sample);
        console.error(`round ${round + 1}: ${rows} row(s) ${sample.cpuMs.toFixed(2)} ms CPU`);
      }
    }
  } finally {
    await gateway.server.stop();
  }
}

async function sampleRows(gateway: System, bench: Bench, rows: RowCount, totalRows: number): Promise<RowsSample> {
  const { server, cheapPage, bearerTokens } = gateway;
  const total = Math.ceil(totalRows / Math.max(rows, 100));
  const connections = await Promise.all(
    bearerTokens
      .slice(0, Math.min(Math.floor(KEPT_ROWS / rows), total))
      .map((token) => Connection.open(server.origin, cheapPage, token)),
  );
  let begun = 0;
  const before = cpuMs(server.pid);
  await Promise.all(
    connections.map(async (connection) => {
      while (begun < total) {
        begun += 1;
        await walk(connection, rowsGroupId(rows, gateway.nextSequence()), rows, bench);
      }
    }),
  );
  const used = cpuMs(server.pid) - before;
  await Promise.all(connections.map((connection) => connection.close()));
  return { rows, pages: Math.ceil(rows / MAX_PAGE), cpuMs: used / total };
}

// The cursor for the next page precedes the rows, in the part of a response that is kept.
const QUERY = `query Rows($id: ID!, $from: DateTime, $to: DateTime, $first: Int, $after: String) {
  group(id: $id) { billingHistory(from: $from, to: $to, includeSubgroups: true, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { ${ACTIVITY} } } } }`;

async function walk(connection: Connection, id: string, rows: RowCount, bench: Bench): Promise<void> {
  const variables = { id, ...historyWindow(bench.run.anchorMs), first: Math.min(rows, MAX_PAGE) };
  // The first request leaves the variable out. Null would be a different case for the gateway.
  for (let after = {}; ; ) {
    const { start } = await connection.ask(graphqlPost(QUERY, { ...variables, ...after }), {
      name: `${rows} rows`,
      marker: `"totalCount":${rows},`,
      minBytes: variables.first * 200,
    });
    const cursor = /"hasNextPage":true,"endCursor":"([^"]+)"/.exec(start)?.[1];
    if (cursor === undefined) return;
    after = { after: cursor };
  }
}
