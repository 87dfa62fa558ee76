// `npm run demo`: the built simulator and gateway, without credentials and without a network.
import { fileURLToPath } from 'node:url';
import { runLocalStack } from './local-stack.mjs';

const built = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));

/** A curl line for a POSIX shell. The query holds no single quote, so the quoting holds. */
function curl(gatewayUrl, query, variables) {
  const body = JSON.stringify(variables === undefined ? { query } : { query, variables });
  return `curl -s ${gatewayUrl}/graphql -H 'content-type: application/json' -d '${body}'`;
}

await runLocalStack({
  simulatorArgs: ['--enable-source-maps', built('simulator/main.js')],
  gatewayArgs: ['--enable-source-maps', built('main.js')],
  onReady({ gatewayUrl, simulatorUrl, fixtures, settings }) {
    const plan =
      '{ group(id: "GROUP") { plan { name type price { amount currency } usedDocuments remainingDocuments expiryDate } } }';
    const history =
      '{ group(id: "GROUP") { billingHistory(includeSubgroups: true, first: 3) { totalCount summary { usedDocuments spend { amount currency } } ' +
      'nodes { id kind planName price { amount currency } startDate groupName } } } }';
    const order =
      'mutation Order($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { pack { id name quantity } ' +
      'summary { totalAvailableDocuments } operation { idempotencyKey status replayed } userErrors { code message } } }';
    const input = {
      idempotencyKey: 'demo-order-0001',
      packId: fixtures.packId,
      groupId: fixtures.heldGroupId,
      quantity: 1,
    };
    const ofRoot = (query) => query.replace('GROUP', fixtures.rootGroupId);
    console.log(`
The gateway and a simulated upstream are running. Nothing is charged anywhere.

  GraphQL, and Apollo Sandbox in a browser  ${gatewayUrl}/graphql
  GraphiQL, which needs no internet         ${gatewayUrl}/graphiql
  Start page                                ${gatewayUrl}/
  The simulator, its clock and its faults   ${simulatorUrl}/

  root group            ${fixtures.rootGroupId}   (sub-groups 100001 to 100055; ${fixtures.nestedGroupId} is nested three deep)
  on hold               ${fixtures.heldGroupId}   (plan used up, 25 documents on hold)
  plans                 ${fixtures.smallerPlanId}, ${fixtures.monthlyPlanId}, ${fixtures.largerPlanId} (monthly), ${fixtures.annualPlanId} (annual)
  packs                 ${fixtures.packId}, ${fixtures.largerPackId}
  credits purchase      ${fixtures.purchaseId}   (${fixtures.rejectedPurchaseId} is rejected)

The plan in force:

${curl(gatewayUrl, ofRoot(plan))}

The history of all groups, newest first:

${curl(gatewayUrl, ofRoot(history))}

An order. Paste it twice: the second response repeats the first one ("replayed": true), and nothing is bought again:

${curl(gatewayUrl, order, { input })}

With another idempotencyKey it is refused as POSSIBLE_DUPLICATE. To order a second one on purpose, add "repeats": "${input.idempotencyKey}".
With "expected": { "amount": "98" } it is refused as PRECONDITION_FAILED, because the pack costs 99; the simulator's page changes prices.
Start with SPENDING_LIMITS='{"maxQuantity":5}' npm run demo, and an order of 6 is refused as SPENDING_LIMIT_REACHED.
${gatewayUrl}/debug shows all of them: nothing was sent.

Commands for operators (docs/operations.md), in another shell in this folder, on this demo until its gateway is reset:

export ${Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}
node dist/main.js ledger list
node dist/main.js doctor

Ctrl-C stops both.
`);
  },
});
