import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CreditsCredential } from '../../src/domain/caller.js';
import { CreditsClient } from '../../src/upstreams/credits/credits.client.js';
import { XtractaClient } from '../../src/upstreams/xtracta/xtracta.client.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { recordedCall } from '../support/upstream-call.js';

const DAY_SECONDS = 86_400;

let simulator: TestSimulator;
let world: TestWorld;
let xtracta: XtractaClient;
let credits: CreditsClient;

beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(() => simulator.close());

beforeEach(() => {
  world = simulator.freshWorld('contract');
  xtracta = new XtractaClient({ baseUrl: simulator.url, readTimeoutMs: 2_000, writeTimeoutMs: 2_000 });
  credits = new CreditsClient({ baseUrl: simulator.url, writeTimeoutMs: 2_000 });
});

const credential = () => ({ id: 'contract', apiKey: world.apiKey, rootGroupId: world.rootGroupId });
const received = (endpoint: string): number => world.world.journal.counts()[endpoint]?.received ?? 0;

function lastYear(groupId: string, recursive = false) {
  const toSeconds = Math.floor(world.world.now() / 1000);
  return { groupId, fromSeconds: toSeconds - 400 * DAY_SECONDS, toSeconds, recursive };
}

describe('the Xtracta client, at its upstream', () => {
  it('reads the history of a group, every value readable', async () => {
    const { call, drifts } = recordedCall();
    const { activities } = await xtracta.getBillingHistory(credential(), lastYear(world.rootGroupId), call);
    expect(activities.length).toBeGreaterThan(0);
    expect(new Set(activities.map(({ groupId }) => groupId))).toEqual(new Set([world.rootGroupId]));
    expect(
      activities.every(({ startMs, expiryMs }) => startMs !== null && expiryMs !== null && startMs < expiryMs),
    ).toBe(true);
    expect(drifts).toEqual([]);
  });

  it('reads the histories of all groups below one, names unchanged', async () => {
    const { activities } = await xtracta.getBillingHistory(
      credential(),
      lastYear(world.rootGroupId, true),
      recordedCall().call,
    );
    const names = new Map(activities.map(({ groupId, groupName }) => [groupId, groupName]));
    expect(names.size).toBeGreaterThan(40);
    expect([...names]).toEqual(
      expect.arrayContaining([
        ['100007', 'Café Zoë & Söhne'],
        ['100008', 'O\'Neil <Builders> "Ltd"'],
        ['100009', '1e5'],
        ['100010', '007'],
        ['100012', 'Party 🎉 Hire'],
      ]),
    );
  });

  it('reads an empty history as none', async () => {
    const window = lastYear(simulator.fixtures.planlessGroupId);
    expect(await xtracta.getBillingHistory(credential(), window, recordedCall().call)).toEqual({
      activities: [],
      clockAheadMs: expect.any(Number),
    });
  });

  it('is told that it may not see a foreign group, and that a key is nobody’s', async () => {
    const { call } = recordedCall();
    const foreign = xtracta.getBillingHistory(credential(), lastYear(simulator.fixtures.foreignGroupId), call);
    await expect(foreign).rejects.toMatchObject({ code: 'FORBIDDEN', upstream: { httpStatus: 403 } });
    const unknownKey = xtracta.getBillingHistory({ ...credential(), apiKey: 'nobody' }, lastYear('1'), call);
    await expect(unknownKey).rejects.toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED', upstream: { httpStatus: 401 } });
  });

  it('reads the plan in use, every value readable', async () => {
    const { call, drifts } = recordedCall();
    const { plan, groupId } = await xtracta.getUsage(credential(), world.rootGroupId, call);
    expect(plan).toMatchObject({ planId: '112', name: 'Business 1000', price: { amount: '500', currency: 'NZD' } });
    expect(plan?.remainingDocuments).toBe(1000 - Number(plan?.usedDocuments));
    expect([groupId, drifts]).toEqual([world.rootGroupId, []]);
  });

  it('is told of a group without a plan, in either way', async () => {
    const { planlessGroupId } = simulator.fixtures;
    const missing = xtracta.getUsage(credential(), planlessGroupId, recordedCall().call);
    await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND' });
    world.world.setToggles({ usageWithoutPlan: 'empty_element' });
    const { call, drifts } = recordedCall();
    expect(await xtracta.getUsage(credential(), planlessGroupId, call)).toEqual({ plan: null, groupId: null });
    expect(drifts).toEqual([]);
  });

  it.each([
    ['flat', 'no'],
    ['flat', 'yes'],
    ['nested', 'no'],
    ['nested', 'yes'],
  ])('reads the catalogue, whatever its shape (%s) and whether it names currencies (%s)', async (shape, currency) => {
    world.world.setToggles({ catalogueShape: shape, catalogueCurrency: currency });
    const { call, drifts } = recordedCall();
    const { plans, packs } = await xtracta.getPlans(credential(), world.rootGroupId, call);
    const named = currency === 'yes';
    expect(plans.map(({ id }) => id)).toEqual(['110', '111', '112', '113', '114', '121', '122', '130']);
    expect(plans[4]?.price).toEqual({ amount: '310.10', currency: named ? 'USD' : null });
    expect(packs.map(({ id, name, wholesalePrice }) => [id, name, wholesalePrice])).toEqual([
      ['1223', 'Booster 100', { amount: '69.30', currency: null }],
      ['1224', 'Booster 500', { amount: '315.35', currency: null }],
      ['1225', '007', { amount: '0.07', currency: null }],
    ]);
    expect(drifts).toEqual([]);
    expect(await xtracta.getPlans(credential(), null, call)).toEqual({ plans, packs });
  });

  it('orders packs', async () => {
    const request = {
      packId: simulator.fixtures.packId,
      groupId: world.rootGroupId,
      quantity: 2,
      heldDocuments: 'PROCESS',
    } as const;
    expect(await xtracta.orderBoosterPack(credential(), request, recordedCall().call)).toMatchObject({
      kind: 'succeeded',
      value: {
        pack: {
          name: 'Booster 100',
          allowedDocuments: 100,
          price: { amount: '99', currency: null },
          quantity: 2,
          groupId: world.rootGroupId,
        },
        summary: { totalUsedDocuments: 0, totalAvailableDocuments: 200 },
      },
      warnings: [],
    });
  });

  it('changes a plan', async () => {
    const request = {
      planId: simulator.fixtures.largerPlanId,
      groupId: world.rootGroupId,
      heldDocuments: 'PROCESS',
    } as const;
    expect(await xtracta.changePlan(credential(), request, recordedCall().call)).toMatchObject({
      kind: 'succeeded',
      value: {
        plan: {
          planId: '113',
          name: 'Enterprise 10000',
          type: 'MONTHLY',
          price: { amount: '2500.50' },
          usedDocuments: 0,
          remainingDocuments: 10_000,
        },
      },
      warnings: [],
    });
  });

  it('opens the billing UI', async () => {
    const outcome = await xtracta.openBillingUi(
      credential(),
      { expireSeconds: 600, heldDocuments: 'PROCESS' },
      recordedCall().call,
    );
    expect(outcome).toMatchObject({ kind: 'succeeded', warnings: [] });
    if (outcome.kind !== 'succeeded') return;
    expect(new URL(outcome.value.url).searchParams.get('t')).toMatch(/^[\w.-]{100,}$/);
    const expiresInMs = Date.parse(outcome.value.expiresAt ?? '') - world.world.now();
    expect(Math.abs(expiresInMs - 600_000)).toBeLessThan(60_000);
  });

  it.each([
    ['a pack that nobody sells', '5', 'rejected'],
    ['a refusal in XML alone', '990400', 'rejected'],
    ['a refusal in HTTP and XML', '990402', 'rejected'],
    ['a status in words', '990008', 'succeeded'],
    ['a charge, then a reset', '990001', 'unknown'],
    ['a reset', '990002', 'unknown'],
    ['a cut response', '990005', 'unknown'],
    ['a response cut at the end of the connection', '990006', 'unknown'],
    ['HTML', '990007', 'unknown'],
    ['a redirect', '990009', 'unknown'],
    ['no payload', '990010', 'unknown'],
    ['an endless response', '990011', 'unknown'],
    ['a charge, then 502', '990012', 'unknown'],
    ['500 in XML', '990500', 'unknown'],
    ['503', '990503', 'unknown'],
  ])('sends an order once, and classes it right: %s', async (_name, packId, kind) => {
    const request = { packId, groupId: world.rootGroupId, quantity: 1, heldDocuments: 'PROCESS' } as const;
    expect((await xtracta.orderBoosterPack(credential(), request, recordedCall().call)).kind).toBe(kind);
    expect(received('booster')).toBe(1);
  });
});

describe('the credits client, at its upstream', () => {
  const bearer = (): CreditsCredential => ({ kind: 'bearer', id: 'contract', token: world.creditsToken });
  const request = (purchaseId: string) => ({ purchaseId, purchaseOrder: 'PO-1', billing: null });

  it('buys credits', async () => {
    const { call, drifts } = recordedCall();
    const outcome = await credits.purchaseCredits(bearer(), request(simulator.fixtures.purchaseId), call);
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      value: { purchaseId: simulator.fixtures.purchaseId },
      warnings: [],
    });
    if (outcome.kind === 'succeeded') expect(Object.values(outcome.value)).not.toContain(null);
    expect(drifts).toEqual([]);
  });

  it('buys credits with a token that it fetches', async () => {
    const { creditsClientSecret: clientSecret, creditsClientId } = simulator.fixtures;
    const oauth = {
      kind: 'clientCredentials',
      id: 'oauth',
      tokenUrl: `${simulator.url}/Token`,
      clientId: creditsClientId,
      clientSecret,
    } as const;
    const buy = (credential: CreditsCredential) =>
      credits.purchaseCredits(credential, request(simulator.fixtures.purchaseId), recordedCall().call);
    expect((await buy(oauth)).kind).toBe('succeeded');
    const wrong = await buy({ ...oauth, id: 'wrong', clientSecret: 'wrong' });
    expect(wrong).toMatchObject({ kind: 'notSent', failure: { code: 'UPSTREAM_UNAUTHENTICATED' } });
  });

  it('is told that a token is nobody’s', async () => {
    const outcome = await credits.purchaseCredits(
      { ...bearer(), kind: 'bearer', token: 'nobody' },
      request(simulator.fixtures.purchaseId),
      recordedCall().call,
    );
    expect(outcome).toMatchObject({
      kind: 'rejected',
      failure: { code: 'UPSTREAM_UNAUTHENTICATED', upstream: { httpStatus: 401 } },
    });
  });

  it.each([
    ['a refusal', '990402', 'rejected', 0],
    ['an error beside a purchase', '990008', 'succeeded', 1],
    ['a charge, then a reset', '990001', 'unknown', 0],
    ['a reset', '990002', 'unknown', 0],
    ['a cut response', '990005', 'unknown', 0],
    ['HTML', '990007', 'unknown', 0],
    ['a redirect', '990009', 'unknown', 0],
    ['no detail', '990010', 'unknown', 0],
    ['a server error', '990500', 'unknown', 0],
    ['503', '990503', 'unknown', 0],
  ])('sends a purchase once, and classes it right: %s', async (_name, magic, kind, warnings) => {
    const outcome = await credits.purchaseCredits(
      bearer(),
      request(`00000000-0000-4000-8000-000000${magic}`),
      recordedCall().call,
    );
    expect(outcome.kind).toBe(kind);
    if (outcome.kind === 'succeeded') expect(outcome.warnings).toHaveLength(warnings);
    expect(Object.values(world.world.journal.counts()).reduce((sum, { received: count }) => sum + count, 0)).toBe(1);
  });
});
