import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { startBillingGateway, startSimulator, stopServices } from '../../../test/supergraph/support/services.mjs';
import { ChangePlan, GroupPage, HistoryPage } from '../src/billing.documents.ts';

const embedded = () => null;

describe('urql with its normalised cache', () => {
  let gateway: Awaited<ReturnType<typeof startBillingGateway>>;
  let client: Client;
  let requests = 0;
  const warnings: string[] = [];

  before(async () => {
    const simulator = await startSimulator();
    gateway = await startBillingGateway(simulator, simulator.world('urql'));
    client = new Client({
      url: `${gateway.url}/graphql`,
      preferGetMethod: false,
      fetch: (input, init) => {
        requests += 1;
        return fetch(input, init);
      },
      exchanges: [
        cacheExchange({
          // What has no id, or none beyond its group, is told to be part of its owner: otherwise urql warns about each.
          keys: {
            BillingOperation: ({ idempotencyKey }) => String(idempotencyKey),
            BillingActivity: embedded,
            BillingHistoryConnection: embedded,
            BillingHistoryEdge: embedded,
            BillingHistorySummary: embedded,
            BillingPlan: embedded,
            BoosterPackOrder: embedded,
            Money: embedded,
            PageInfo: embedded,
          },
          resolvers: { Group: { billingHistory: relayPagination() } },
          logger: (severity, message) => {
            if (severity === 'warn' || severity === 'error') warnings.push(message);
          },
        }),
        fetchExchange,
      ],
    });
  });
  after(async () => {
    await gateway.stop();
    await stopServices();
  });

  it('shows the new plan after changePlan without a second request', async () => {
    const variables = { groupId: '100001' };
    // What a page shows: each answer that a watched query gives, until the plan has this name.
    const shows = (name: string) =>
      new Promise<void>((resolve) => {
        const { unsubscribe } = client.query(GroupPage, variables).subscribe(({ data }) => {
          if (data?.group?.plan?.name !== name) return;
          resolve();
          queueMicrotask(() => unsubscribe());
        });
      });
    await shows('Starter 100');
    const changed = shows('Business 1000');
    const before = requests;

    const input = { idempotencyKey: 'urql-change-0001', planId: '112', groupId: '100001' };
    const { data } = await client.mutation(ChangePlan, { input }).toPromise();
    assert.deepEqual(data?.changePlan.userErrors, []);
    await changed;
    assert.equal(requests, before + 1);
  });

  it('joins the pages of a history into one list', async () => {
    const variables = { groupId: '100002', first: 5 };
    const first = await client.query(HistoryPage, variables).toPromise();
    const after = first.data?.group?.billingHistory?.pageInfo.endCursor ?? null;
    const both = await client.query(HistoryPage, { ...variables, after }).toPromise();
    assert.equal(both.data?.group?.billingHistory?.edges.length, 10);
    assert.deepEqual(warnings, []);
  });
});
