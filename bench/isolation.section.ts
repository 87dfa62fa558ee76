import type { Amounts } from '#bench/bench.amounts';
import type { BenchResults, Hanging, IsolationSample } from '#bench/bench.results';
import { groupId, PURCHASE_IDS } from '#bench/billing.ids';
import { planQuery, type Run, workloads } from '#bench/billing.workload';
import { HeldCalls } from '#bench/held.calls';
import { graphqlPost, type Question } from '#bench/http.connection';
import { runLoad } from '#bench/load.generator';
import { conditionOfSlot } from '#bench/sample.statistics';
import { type Bench, type System, startTenantsGateway, type Upstream } from '#bench/systems';

/**
 * Calls that hang, each of a tenant of its own: an account takes one purchase at a time. Ten of an upstream's 40
 * connections stay free.
 */
const HANGING = 30;
/** Purchases of one account wait for each other, so each connection has an account of its own. */
const BUYERS = 4;

const SLOTS_OF_BLOCK = 4;

const READER = 'bench';
const OTHERS = Array.from({ length: HANGING }, (_, index) => `other-${index}`);
const BUYING = Array.from({ length: BUYERS }, (_, index) => `buyer-${index}`);

interface Probe {
  readonly question: Question;
  readonly connections: number;
  /** Requests before the measurement, until the garbage collector has promoted the objects of the hanging calls. */
  readonly settling: number;
  readonly requests: number;
  readonly bearerTokens: readonly string[];
}

interface Direction {
  readonly hangs: Hanging;
  readonly held: HeldCalls;
  readonly probes: readonly Probe[];
}

/**
 * Measures the effect of a hanging upstream on requests for the other one. Short slots with hanging calls alternate
 * with slots without any. Before each slot the same calls are made; they end either before or after the measurement. So
 * both kinds of slots follow the same work and differ only in the hanging calls. (For the gateway a late response looks
 * like no response. A late response leaves no unknown outcome, which would block the account, and opens no circuit
 * breaker, which would end the hanging.)
 */
export async function measureIsolation(
  bench: Bench,
  upstream: Upstream,
  amounts: Amounts,
  results: BenchResults,
): Promise<void> {
  const gateway = await startTenantsGateway(bench, upstream, [READER, ...OTHERS, ...BUYING]);
  try {
    const directions = await openDirections(gateway, bench, upstream, amounts);
    // The first slots are not counted, because production runs compiled code.
    for (const direction of directions) await sampleRound(gateway, direction, amounts.isolation.warmUps);
    for (let round = 0; round < results.rounds; round += 1) {
      for (const direction of directions) {
        results.isolation.push(...(await sampleRound(gateway, direction, amounts.isolation.blocks)));
        console.error(`round ${round + 1}: isolation while ${direction.hangs} hangs`);
      }
    }
    for (const { held } of directions) await held.close();
  } finally {
    await gateway.server.stop();
  }
}

async function openDirections(
  gateway: System,
  bench: Bench,
  upstream: Upstream,
  amounts: Amounts,
): Promise<readonly Direction[]> {
  const tokensOf = async (tenants: readonly string[]): Promise<string[]> =>
    (await Promise.all(tenants.map((tenant) => bench.tokens.issue(tenant, 1)))).flat();
  const others = await tokensOf(OTHERS);
  const questions = questionsOf(bench.run);
  const { health: healthRequests, reads, purchases, settling } = amounts.isolation;
  const { bearerTokens } = gateway;
  const health: Probe = { question: HEALTH, connections: 2, settling: 0, requests: healthRequests, bearerTokens };
  const read: Probe = {
    question: questions.read,
    connections: 4,
    settling: settling.reads,
    requests: reads,
    bearerTokens,
  };
  const purchase: Probe = {
    question: questions.purchase,
    connections: BUYERS,
    settling: settling.purchases,
    requests: purchases,
    bearerTokens: await tokensOf(BUYING),
  };
  const hold = (question: Question): Promise<HeldCalls> => HeldCalls.open(gateway, upstream, question, others);
  return [
    { hangs: 'credits', held: await hold(questions.heldPurchase), probes: [read, health] },
    { hangs: 'xtracta', held: await hold(questions.heldRead), probes: [purchase, health] },
  ];
}

/** The requests of one slot, and its condition. */
interface Slot {
  readonly question: Question;
  readonly condition: 'hanging' | 'calm 0' | 'calm 1';
  readonly latenciesMs: readonly number[];
}

async function sampleRound(
  gateway: System,
  { hangs, held, probes }: Direction,
  blocks: number,
): Promise<IsolationSample[]> {
  const slots: Slot[] = [];
  let calmSlots = 0;
  for (let index = 0; index < blocks * SLOTS_OF_BLOCK; index += 1) {
    const isCalm = conditionOfSlot(index) === 0;
    const condition = isCalm ? (`calm ${conditionOfSlot(calmSlots)}` as const) : 'hanging';
    if (isCalm) calmSlots += 1;
    await held.begin();
    if (isCalm) await held.end();
    for (const probe of probes) {
      if (probe.settling > 0) await runLoad(gateway, { ...probe, more: (sent) => sent < probe.settling });
      const { latenciesMs } = await runLoad(gateway, { ...probe, more: (sent) => sent < probe.requests });
      slots.push({ question: probe.question, condition, latenciesMs });
    }
    if (!isCalm) await held.end();
  }
  return probes.map(({ question }) => {
    const of = (condition: Slot['condition']): readonly (readonly number[])[] =>
      slots
        .filter((slot) => slot.question === question && slot.condition === condition)
        .map((slot) => slot.latenciesMs);
    return { hangs, question: question.name, hanging: of('hanging'), calm: [of('calm 0'), of('calm 1')] };
  });
}

const HEALTH: Question = {
  name: '/health',
  ask: () => ({ method: 'GET', path: '/health' }),
  marker: '',
  minBytes: 2,
};

const PURCHASE = `mutation Purchase($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) {
  purchase { id purchaseId datePurchased currency grossTotal netTotal tax paid } userErrors { code } } }`;

function purchaseOf(name: string, purchaseId: string, run: Run): Question {
  return {
    name,
    ask: (sequence) =>
      // An order number of its own, so that no purchase is an equal one again.
      graphqlPost(PURCHASE, {
        input: {
          idempotencyKey: `bench-${run.id}-purchase-${sequence}`,
          purchaseId,
          purchaseOrder: `bench ${run.id} ${sequence}`,
        },
      }),
    marker: '"userErrors":[]',
    minBytes: 100,
  };
}

function questionsOf(run: Run): Readonly<Record<'read' | 'purchase' | 'heldRead' | 'heldPurchase', Question>> {
  const { Q1 } = workloads(run);
  return {
    read: { ...Q1, name: 'read (Q1)' },
    purchase: purchaseOf('purchase of credits', PURCHASE_IDS.answered, run),
    heldRead: { ...Q1, ask: (sequence) => planQuery(groupId('held', sequence)) },
    heldPurchase: purchaseOf('held purchase', PURCHASE_IDS.held, run),
  };
}
