import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApolloLink, HttpLink } from '@apollo/client';
import { filter, firstValueFrom, throwError } from 'rxjs';
import { startBillingGateway, startSimulator, stopServices } from '../../../test/supergraph/support/services.mjs';
import { createBillingClient } from '../src/billing.client.ts';
import { GroupPage, HistoryPage, PlanChoice, PlanInForce } from '../src/billing.documents.ts';
import { loadMore, watchHistory } from '../src/billing.history.ts';
import { offerOf } from '../src/billing.offers.ts';
import { wordOf } from '../src/billing.words.ts';
import { billingPage, changePlan, orderPacks, reconcile } from '../src/billing.writes.ts';
import type { KeyStore } from '../src/pending.keys.ts';

const AT_ONCE = { most: 3, wait: () => Promise.resolve() };

/** What `localStorage` is in a browser. */
function memoryStore(): KeyStore & { readonly size: () => number } {
  const entries = new Map<string, string>();
  return {
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
    size: () => entries.size,
  };
}

describe('the web client of the examples', () => {
  let simulator: Awaited<ReturnType<typeof startSimulator>>;
  let gateway: Awaited<ReturnType<typeof startBillingGateway>>;
  let world: ReturnType<typeof simulator.world>;

  before(async () => {
    simulator = await startSimulator();
    world = simulator.world('web-client');
    gateway = await startBillingGateway(simulator, world);
  });
  after(async () => {
    await gateway.stop();
    await stopServices();
  });

  /** A client that counts its requests; `lose` says of each, counted from 1, whether its answer is lost on the way. */
  function countingClient(lose: (request: number) => boolean = () => false) {
    let requests = 0;
    const counted = new ApolloLink((operation, forward) => {
      requests += 1;
      if (!lose(requests)) return forward(operation);
      // Sent, and nobody hears the answer: the worst moment for a connection to break.
      forward(operation).subscribe({});
      return throwError(() => new TypeError('the connection broke'));
    });
    const client = createBillingClient('', ApolloLink.from([counted, new HttpLink({ uri: `${gateway.url}/graphql` })]));
    return { client, requests: () => requests };
  }

  it('shows the new plan after changePlan without a second request', async () => {
    const { client, requests } = countingClient();
    const variables = { groupId: '100001' };
    const page = client.watchQuery({ query: GroupPage, variables });
    const shows = (name: string) => firstValueFrom(page.pipe(filter(({ data }) => data?.group?.plan?.name === name)));
    await shows('Starter 100');
    const before = requests();

    const outcome = await changePlan(client, memoryStore(), {
      name: 'plan',
      input: { planId: '112', groupId: '100001' },
    });
    assert.equal(outcome.kind, 'done');
    // Everything that the page shows is there, from the cache alone.
    const cached = client.readQuery({ query: GroupPage, variables });
    assert.equal(cached?.group?.name, 'Northern Region');
    assert.equal(cached?.group?.plan?.name, 'Business 1000');
    assert.equal(cached?.group?.plan?.remainingDocuments, 1000);
    await shows('Business 1000');
    assert.equal(requests(), before + 1);
  });

  it('shows it as well when the upstream’s clock is ahead, so that the new plan starts after the request', async () => {
    const ahead = simulator.world('web-client-ahead');
    await ahead.advanceClock({ seconds: 30 });
    const server = await startBillingGateway(simulator, ahead);
    const client = createBillingClient(`${server.url}/graphql`);
    await changePlan(client, memoryStore(), { name: 'plan', input: { planId: '112', groupId: '100001' } });
    const cached = client.readFragment({ id: 'Group:100001', fragment: PlanInForce });
    await server.stop();
    assert.equal(cached?.plan?.name, 'Business 1000');
  });

  it('lets somebody choose a plan, see what it costs, and change to it', async () => {
    await world.setToggles({ catalogueCurrency: 'yes' });
    const { client } = countingClient();
    const variables = { groupId: '100002' };
    const choice = client.watchQuery({ query: PlanChoice, variables });
    const offers = async (marked: string) => {
      const { data } = await firstValueFrom(
        choice.pipe(
          filter(({ data }) =>
            (data?.group?.availablePlans ?? []).some(
              (plan) => plan?.differenceToCurrent?.amount === '0.00' && plan.id === marked,
            ),
          ),
        ),
      );
      return (data?.group?.availablePlans ?? []).map((plan) => offerOf(plan as Parameters<typeof offerOf>[0]));
    };
    const subscription = choice.subscribe({});
    const before = client.query({ query: PlanChoice, variables });
    const plans = (await before).data?.group?.availablePlans ?? [];
    const chosen = plans.find(({ name }) => name === 'Enterprise 10000');
    assert.equal(chosen?.pricePerDocument, '0.25005');
    await changePlan(client, memoryStore(), { name: 'chosen', input: { planId: chosen.id, groupId: '100002' } });
    // The differences are to the new plan now: they are asked for anew.
    const shown = await offers(chosen.id);
    assert.ok(shown.includes('Enterprise 10000: 2500.50 NZD a month (+0.00 NZD)'), shown.join('\n'));
    assert.ok(shown.includes('Business 1000 (USD): 310.10 USD a month'), shown.join('\n'));
    subscription.unsubscribe();
    await world.setToggles({ catalogueCurrency: 'no' });
  });

  it('grows a history page by page into one list, from one upstream call', async () => {
    const { client, requests } = countingClient();
    await world.forgetCalls();
    const history = watchHistory(client, '100002', 5);
    const subscription = history.subscribe({});
    await firstValueFrom(history.pipe(filter(({ loading }) => !loading)));
    while (await loadMore(history));
    const connection = client.readQuery({ query: HistoryPage, variables: { groupId: '100002', first: 5 } })?.group
      ?.billingHistory;
    assert.equal(connection?.edges.length, connection?.totalCount);
    assert.equal(new Set(connection?.edges.map(({ cursor }) => cursor)).size, connection?.totalCount);
    assert.ok(requests() >= 3);
    assert.equal((await world.calls('history')).length, 1);
    subscription.unsubscribe();
  });

  it('orders once although every first answer is lost, and forgets the key when it is told', async () => {
    const keys = memoryStore();
    await world.forgetCalls();
    const { client, requests } = countingClient((request) => request < 3);
    const outcome = await orderPacks(
      client,
      keys,
      { name: 'cart-1', input: { packId: '1223', groupId: '100003' } },
      AT_ONCE,
    );
    assert.equal(outcome.kind, 'done');
    assert.equal(outcome.kind === 'done' && outcome.payload.pack?.name, 'Booster 100');
    assert.equal(requests(), 3);
    assert.equal((await world.calls('booster')).length, 1);
    assert.equal(keys.size(), 0);
  });

  it('keeps the key over a reload while no answer came, so that trying again orders nothing twice', async () => {
    const keys = memoryStore();
    await world.forgetCalls();
    const intent = { name: 'cart-2', input: { packId: '1223', groupId: '100004' } };
    const offline = await orderPacks(countingClient(() => true).client, keys, intent, AT_ONCE);
    assert.deepEqual(offline, { kind: 'later', reason: 'NO_ANSWER' });
    assert.equal(keys.size(), 1);
    // The page is opened again: another client, the same store.
    const again = await orderPacks(countingClient().client, keys, intent, AT_ONCE);
    assert.equal(again.kind === 'done' && again.payload.operation?.replayed, true);
    assert.equal((await world.calls('booster')).length, 1);
  });

  it('asks for a watched history anew after an order, and shows its row', async () => {
    const { client } = countingClient();
    const history = watchHistory(client, '100010', 5);
    const newest = (kind: string) =>
      firstValueFrom(history.pipe(filter(({ data }) => data?.group?.billingHistory?.edges?.[0]?.node?.kind === kind)));
    const subscription = history.subscribe({});
    await newest('RENEW');
    await orderPacks(client, memoryStore(), { name: 'cart-3', input: { packId: '1223', groupId: '100010' } });
    await newest('BOOSTER');
    subscription.unsubscribe();
  });

  it('tells a refusal in the upstream’s words, and a corrected order is a new one', async () => {
    const keys = memoryStore();
    const { client } = countingClient();
    const refused = await orderPacks(client, keys, { name: 'cart-4', input: { packId: '990402', groupId: '100006' } });
    assert.equal(refused.kind, 'refused');
    assert.equal(refused.kind === 'refused' && refused.error.upstreamMessage, 'Payment required');
    assert.equal(keys.size(), 0);
  });

  it('does not order again when the outcome is unknown: it looks it up, and then knows', async () => {
    const keys = memoryStore();
    await world.forgetCalls();
    const { client } = countingClient();
    // Carried out, and the upstream's connection dropped before its answer.
    const intent = { name: 'cart-5', input: { packId: '990001', groupId: '100008' } };
    const outcome = await orderPacks(client, keys, intent);
    assert.equal(outcome.kind, 'unknown');
    assert.equal(keys.size(), 1);
    assert.deepEqual(await orderPacks(client, keys, intent), outcome);
    // An order with another key on the same group is held back, and names the one that is unknown.
    const other = await orderPacks(client, memoryStore(), {
      name: 'other',
      input: { packId: '1223', groupId: '100008' },
    });
    assert.deepEqual(other, outcome);
    assert.equal((await world.calls('booster')).length, 1);

    const answer = await reconcile(client, outcome.kind === 'unknown' ? outcome.idempotencyKey : '');
    assert.equal(answer?.operation?.status, 'SUCCEEDED');
    const now = await orderPacks(client, keys, intent);
    assert.equal(now.kind, 'done');
    assert.equal((await world.calls('booster')).length, 1);
  });

  it('shows a word that the upstream has made up since, and keeps the page', async () => {
    await world.addFault({
      endpoint: 'history',
      group: '100011',
      kind: 'element',
      params: { name: 'plan_activity', value: 'paused' },
    });
    const { client } = countingClient();
    const { data } = await client.query({ query: HistoryPage, variables: { groupId: '100011', first: 2 } });
    const words = data?.group?.billingHistory?.edges.map(({ node }) => [node.kind, wordOf(node)]);
    assert.deepEqual(words, [
      ['OTHER', 'paused'],
      ['OTHER', 'paused'],
    ]);
    await world.clearFaults();
  });

  it('opens the billing page without keeping its URL', async () => {
    const { client } = countingClient();
    const url = await billingPage(client);
    assert.match(url ?? '', /^http:\/\/127\.0\.0\.1/);
    assert.equal(JSON.stringify(client.extract()).includes(url ?? ''), false);
  });
});
