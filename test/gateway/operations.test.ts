import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Big } from 'big.js';
import type * as Results from '../__generated__/operations.js';
import { type OperationRunner, startOperationRunner } from './operation-runner.js';

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

// In the order of the files: later operations read the writes of earlier ones.
describe('the operations of operations/, against the simulated upstreams', () => {
  let operations: OperationRunner;

  beforeAll(async () => {
    operations = await startOperationRunner();
  });

  afterAll(() => operations.close());

  it('GroupPlan shows the plan in force and what is left of it', async () => {
    expect(await operations.dataOf('GroupPlan')).toEqual({
      group: {
        id: '100000',
        name: 'Demo Holdings',
        plan: {
          name: 'Business 1000',
          type: 'MONTHLY',
          typeRaw: 'Monthly',
          price: { amount: '500', currency: 'NZD' },
          allowedDocuments: 1000,
          usedDocuments: expect.any(Number),
          remainingDocuments: expect.any(Number),
          startDate: expect.stringMatching(DATE_TIME),
          expiryDate: expect.stringMatching(DATE_TIME),
        },
      },
    });
  });

  it('GroupPlanAt shows the plan of a moment beside the one of now', async () => {
    const { group } = await operations.dataOf<Results.GroupPlanAtQuery>('GroupPlanAt');
    expect(group?.now).toMatchObject({ name: 'Business Annual 12000', type: 'ANNUAL' });
    // The end of a period belongs to it; after all periods there is no plan.
    const inside = await operations.dataOf<Results.GroupPlanAtQuery>('GroupPlanAt', { at: group?.now?.expiryDate });
    expect(inside.group?.atMoment).toEqual(group?.now);
    const later = await operations.dataOf<Results.GroupPlanAtQuery>('GroupPlanAt', { at: '2099-01-01T00:00:00Z' });
    expect(later.group?.atMoment).toBeNull();
  });

  it('ManyGroups answers in the order asked; a group without a plan has none', async () => {
    expect(await operations.dataOf('ManyGroups')).toMatchObject({
      groups: [
        { id: '100000', name: 'Demo Holdings', plan: { name: 'Business 1000' } },
        { id: '100001', name: 'Northern Region', plan: { name: 'Starter 100' } },
        { id: '100007', name: 'Café Zoë & Söhne', plan: { name: 'Demo Default Plan - Free - 50 Docs' } },
        { id: '100013', name: null, plan: null },
        { id: '100047', name: 'Branch 47', plan: { name: 'Demo Default Plan - Free - 50 Docs' } },
      ],
    });
  });

  it('ManyGroups leaves the others when one id is none', async () => {
    const { data, errors } = await operations.run('ManyGroups', { groupIds: ['100000', 'Demo Holdings'] });
    expect(data).toMatchObject({ groups: [{ id: '100000' }, null] });
    expect(errors).toMatchObject([{ path: ['groups', 1], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('HistoryFirstPage and HistoryNextPage walk through a history with one upstream call', async () => {
    operations.forgetRequests();
    const first = (await operations.dataOf<Results.HistoryFirstPageQuery>('HistoryFirstPage')).group?.billingHistory;
    expect(first?.pageInfo.hasNextPage).toBe(true);
    expect(first?.nodes).toHaveLength(5);
    expect(first?.nodes[0]).toMatchObject({
      id: expect.stringMatching(/^0\d{3}$/),
      kind: 'RENEW',
      kindRaw: 'renew',
      planName: 'Starter 100',
      price: { amount: '49.90', currency: 'NZD' },
      creditAmount: '0',
      allowedDocuments: 100,
    });
    const seen = first?.nodes.map(({ id }) => id) ?? [];
    let after = first?.pageInfo.endCursor;
    while (after !== null && after !== undefined) {
      const page = (await operations.dataOf<Results.HistoryNextPageQuery>('HistoryNextPage', { after })).group
        ?.billingHistory;
      expect(page?.pageInfo.hasPreviousPage).toBe(true);
      seen.push(...(page?.edges.map(({ node }) => node.id) ?? []));
      after = page?.pageInfo.hasNextPage === true ? page.pageInfo.endCursor : null;
    }
    expect(seen).toHaveLength(first?.totalCount ?? -1);
    expect(new Set(seen).size).toBe(seen.length);
    expect(operations.received('history')).toBe(1);
  });

  it('RecursiveHistory sums exactly over the whole selection, whatever the page shows', async () => {
    const page = (await operations.dataOf<Results.RecursiveHistoryQuery>('RecursiveHistory')).group?.billingHistory;
    const whole = (await operations.dataOf<Results.RecursiveHistoryQuery>('RecursiveHistory', { first: 5000 })).group
      ?.billingHistory;
    expect(page?.nodes).toHaveLength(10);
    expect(page?.summary).toEqual(whole?.summary);
    const nodes = whole?.nodes ?? [];
    const total = nodes.reduce((sum, { price }) => sum.plus(price?.amount ?? '0'), new Big(0));
    expect(whole?.summary).toMatchObject({
      count: nodes.length,
      spend: [{ amount: total.toFixed(2), currency: 'NZD' }],
      unreadablePrices: 0,
      unreadableCounts: 0,
    });
    expect(new Set(nodes.map(({ kind }) => kind))).toEqual(new Set(['RENEW']));
    const starts = nodes.map(({ startDate }) => startDate);
    expect(starts).toEqual([...starts].sort());
    // 100001 itself and the ten groups below it.
    expect(new Set(nodes.map(({ group }) => group?.id)).size).toBe(11);
  });

  it('Subgroups lists the groups below with their plans', async () => {
    const subgroups = (await operations.dataOf<Results.SubgroupsQuery>('Subgroups')).group?.subgroups ?? [];
    // Of the 55 groups below the root, one never had a plan, and the plan of another lapsed a year ago. No row of the
    // last year names these two.
    expect(subgroups).toHaveLength(53);
    expect(subgroups.map(({ id }) => id)).toEqual(subgroups.map(({ id }) => id).sort());
    expect(subgroups.find(({ id }) => id === '100008')).toMatchObject({
      name: 'O\'Neil <Builders> "Ltd"',
      plan: { name: 'Enterprise 10000', type: 'MONTHLY' },
    });
  });

  it('OrderBoosterPack orders once, and answers the same key from the ledger', async () => {
    operations.forgetRequests();
    const expected = {
      pack: {
        name: 'Booster 100',
        allowedDocuments: 100,
        price: { amount: '99', currency: null },
        quantity: 2,
        group: { id: '100005' },
      },
      // 25 documents were on hold and are processed now.
      summary: { totalUsedDocuments: 25, totalAvailableDocuments: 175 },
      operation: { idempotencyKey: 'example-order-0001', status: 'SUCCEEDED', replayed: false },
      warnings: [],
      userErrors: [],
    };
    expect(await operations.dataOf('OrderBoosterPack')).toMatchObject({ orderBoosterPack: expected });
    expect(await operations.dataOf('OrderBoosterPack')).toMatchObject({
      orderBoosterPack: { ...expected, operation: { ...expected.operation, replayed: true } },
    });
    expect(operations.received('booster')).toBe(1);
  });

  it('RepeatOrder orders the same once more, and without `repeats` it is told as a possible duplicate', async () => {
    operations.forgetRequests();
    const alone = { idempotencyKey: 'example-order-0002', packId: '1223', groupId: '100005', quantity: 2 };
    expect(await operations.dataOf('RepeatOrder', { input: alone })).toMatchObject({
      orderBoosterPack: {
        pack: null,
        operation: { idempotencyKey: 'example-order-0001', status: 'SUCCEEDED', packId: '1223', quantity: 2 },
        userErrors: [{ code: 'POSSIBLE_DUPLICATE' }],
      },
    });
    expect(operations.received('booster')).toBe(0);
    expect(await operations.dataOf('RepeatOrder')).toMatchObject({
      orderBoosterPack: {
        pack: { name: 'Booster 100', quantity: 2 },
        operation: { idempotencyKey: 'example-order-0002', status: 'SUCCEEDED', replayed: false },
        userErrors: [],
      },
    });
    expect(operations.received('booster')).toBe(1);
  });

  it('OrderBoosterPack tells a refusal as data', async () => {
    const input = { idempotencyKey: 'example-order-refused', packId: '990402', groupId: '100006' };
    expect(await operations.dataOf('OrderBoosterPack', { input })).toMatchObject({
      orderBoosterPack: {
        pack: null,
        operation: { status: 'REJECTED' },
        userErrors: [{ code: 'UPSTREAM_REJECTED', upstreamStatus: '402', retryable: false }],
      },
    });
  });

  it('ChangePlan answers the group with its new plan', async () => {
    expect(await operations.dataOf('ChangePlan')).toMatchObject({
      changePlan: {
        plan: { planId: '112', name: 'Business 1000', type: 'MONTHLY', price: { amount: '500', currency: null } },
        catalogue: { id: '112', allowedDocuments: 1000, pricePerDocument: '0.5' },
        group: { id: '100001', plan: { name: 'Business 1000', type: 'MONTHLY', remainingDocuments: 1000 } },
        operation: { status: 'SUCCEEDED', replayed: false, documentsMayHaveBeenDeleted: false },
        userErrors: [],
      },
    });
  });

  it('PurchaseCredits shows every figure as it was sent', async () => {
    expect(await operations.dataOf('PurchaseCredits')).toMatchObject({
      purchaseCredits: {
        purchase: {
          purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
          datePurchased: expect.stringMatching(DATE_TIME),
          currency: 'GBP',
          netTotal: '35.0',
          tax: '7.0',
          grossTotal: '42.0',
          unitPrice: '0.035',
          quantity: '1000.0',
          paid: true,
          invoiceNumber: '70001',
        },
        operation: { status: 'SUCCEEDED' },
        warnings: [],
        userErrors: [],
      },
    });
  });

  it('OpenBillingUi answers a URL that opens, and when it stops to', async () => {
    const { openBillingUi } = await operations.dataOf<Results.OpenBillingUiMutation>('OpenBillingUi');
    expect(openBillingUi).toEqual({
      url: expect.stringContaining(operations.simulatorUrl),
      expiresAt: expect.stringMatching(DATE_TIME),
      userErrors: [],
    });
    expect((await fetch(openBillingUi.url ?? '')).status).toBe(200);
  });

  it('BillingOperation tells what became of a key, and null for a key that was never used', async () => {
    expect(await operations.dataOf('BillingOperation')).toMatchObject({
      billingOperation: { kind: 'ORDER_BOOSTER_PACK', status: 'SUCCEEDED', group: { id: '100005' } },
    });
    expect(await operations.dataOf('BillingOperation', { idempotencyKey: 'never-used-0001' })).toEqual({
      billingOperation: null,
    });
  });

  it('UnknownOperations is empty while nothing is unknown, and lists a lost order', async () => {
    expect(await operations.dataOf('UnknownOperations')).toMatchObject({
      billingOperations: { totalCount: 0, nodes: [] },
    });
    // Carried out, and the connection dropped before the response.
    const lost = { idempotencyKey: 'example-order-lost', packId: '990001', groupId: '100008' };
    expect(await operations.dataOf('OrderBoosterPack', { input: lost })).toMatchObject({
      orderBoosterPack: {
        pack: null,
        operation: { status: 'OUTCOME_UNKNOWN' },
        userErrors: [{ code: 'OUTCOME_UNKNOWN', retryable: false }],
      },
    });
    expect(await operations.dataOf('UnknownOperations')).toMatchObject({
      billingOperations: {
        totalCount: 1,
        nodes: [
          {
            idempotencyKey: 'example-order-lost',
            kind: 'ORDER_BOOSTER_PACK',
            group: { id: '100008' },
            evidence: [{ kind: 'BOOSTER', planName: 'Booster 100' }],
          },
        ],
      },
    });
  });

  it('ReconcileOperation changes nothing about a write whose outcome is known', async () => {
    expect(await operations.dataOf('ReconcileOperation')).toMatchObject({
      reconcileBillingOperation: { operation: { status: 'SUCCEEDED' }, userErrors: [] },
    });
  });

  it('ReconcileOperation finds a lost order in the history, and sends nothing again', async () => {
    operations.forgetRequests();
    expect(await operations.dataOf('ReconcileOperation', { idempotencyKey: 'example-order-lost' })).toMatchObject({
      reconcileBillingOperation: {
        operation: { idempotencyKey: 'example-order-lost', status: 'SUCCEEDED', evidence: [] },
        userErrors: [],
      },
    });
    expect([operations.received('history'), operations.received('booster')]).toEqual([1, 0]);
  });

  it('ResolveOperation refuses where nothing is unknown', async () => {
    expect(await operations.dataOf('ResolveOperation')).toMatchObject({
      resolveBillingOperation: { operation: { status: 'SUCCEEDED' }, userErrors: [{ code: 'NOT_FOUND' }] },
    });
  });

  it('ResolveOperation records an operator’s decision about a write that history cannot prove', async () => {
    // No byte of a response came back, and the credits API has no history for a check.
    const lost = { idempotencyKey: 'example-credits-lost', purchaseId: '00000000-0000-4000-8000-000000990002' };
    expect(await operations.dataOf('PurchaseCredits', { input: lost })).toMatchObject({
      purchaseCredits: { purchase: null, userErrors: [{ code: 'OUTCOME_UNKNOWN' }] },
    });
    const input = { idempotencyKey: lost.idempotencyKey, outcome: 'REJECTED', note: 'Not on the account’s page.' };
    expect(await operations.dataOf('ResolveOperation', { input })).toMatchObject({
      resolveBillingOperation: { operation: { status: 'REJECTED' }, userErrors: [] },
    });
    expect(await operations.dataOf('BillingOperation', { idempotencyKey: lost.idempotencyKey })).toMatchObject({
      billingOperation: { status: 'REJECTED' },
    });
  });

  it('PlanChangePreview shows both plans and what is not known, and sends no write', async () => {
    operations.forgetRequests();
    const { group } = await operations.dataOf<Results.PlanChangePreviewQuery>('PlanChangePreview');
    expect(group?.planChangePreview).toMatchObject({
      // An earlier operation has changed to this plan.
      direction: 'RENEWAL',
      from: { name: 'Business 1000', price: { amount: '500', currency: 'NZD' } },
      to: { id: '112', price: { amount: '500', currency: null } },
      difference: null,
      notKnown: ['PRORATION', 'TAX', 'HELD_DOCUMENTS', 'CREDIT', 'CURRENCY'],
    });
    expect(['plans', 'history', 'update'].map((endpoint) => operations.received(endpoint))).toEqual([1, 1, 0]);
  });

  it('AvailablePlans shows every plan with the price of a document, and compares no prices of unnamed currencies', async () => {
    const { group } = await operations.dataOf<Results.AvailablePlansQuery>('AvailablePlans');
    expect(group?.plan).toMatchObject({ name: 'Business 1000', price: { amount: '500', currency: 'NZD' } });
    expect(group?.availablePlans?.map(({ id }) => id)).toEqual([
      '110',
      '111',
      '112',
      '113',
      '114',
      '121',
      '122',
      '130',
    ]);
    expect(group?.availablePlans).toContainEqual({
      id: '130',
      name: '1e5',
      type: 'MONTHLY',
      typeRaw: 'Monthly',
      allowedDocuments: 7,
      price: { amount: '0.10', currency: null },
      pricePerDocument: '0.014286',
      differenceToCurrent: null,
    });
  });

  it('AvailablePacks shows every pack, with the prices of resellers where the caller may see them', async () => {
    expect(await operations.dataOf('AvailablePacks')).toMatchObject({
      group: {
        availablePacks: [
          {
            id: '1223',
            name: 'Booster 100',
            allowedDocuments: 100,
            price: { amount: '99', currency: null },
            pricePerDocument: '0.99',
            wholesalePrice: { amount: '69.30', currency: null },
          },
          { id: '1224', pricePerDocument: '0.901' },
          { id: '1225', name: '007', pricePerDocument: '0.1' },
        ],
      },
    });
  });

  it('are all tried here, each with variables of its own', () => {
    expect(operations.untried()).toEqual([]);
    expect(operations.namesWithVariables()).toEqual(operations.names());
  });
});
