import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { print } from 'graphql';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import {
  CatalogueOfGroupDocument,
  HistoryOfGroupDocument,
  OrderPacksDocument,
  PlanOfGroupDocument,
} from '../../client/src/__generated__/documents.ts';
import { stateOfResponse } from '../../client/src/index.ts';
import { readHistoryPage, readPlan } from '../../client/src/reads.ts';
import { type BillingResponse, responseError } from '../../client/src/transport.ts';
import { billingHandlers, PAGE_STATES, type PageState } from '../src/msw.ts';

const URL = 'http://billing.test/graphql';
const server = setupServer(http.all('*', () => HttpResponse.error()));
before(() => server.listen());
after(() => server.close());

async function ask<Data>(
  state: PageState,
  document: Parameters<typeof print>[0],
  variables: unknown,
): Promise<BillingResponse<Data>> {
  server.use(...billingHandlers(state));
  const response = await fetch(URL, { method: 'POST', body: JSON.stringify({ query: print(document), variables }) });
  const { data = null, errors = [] } = (await response.json()) as {
    data?: Data | null;
    errors?: Parameters<typeof responseError>[0][];
  };
  return { kind: 'response', data, errors: errors.map(responseError) };
}

/** The reading of a plan and the state of an order in each of the fixtures' states. */
const EXPECTED: Readonly<Record<Exclude<PageState, 'loading'>, readonly [plan: string, order: string]>> = {
  ready: ['ready', 'done'],
  none: ['none', 'done'],
  unreadable: ['ready', 'done'],
  unavailable: ['failed', 'later'],
  forbidden: ['failed', 'refused'],
  limited: ['failed', 'later'],
  unknown: ['ready', 'unknown'],
  blocked: ['ready', 'blocked'],
  duplicate: ['ready', 'duplicate'],
  inProgress: ['ready', 'inProgress'],
  replayed: ['ready', 'replayed'],
  rejected: ['ready', 'refused'],
  keyReused: ['ready', 'keyReused'],
};

describe('the handlers for MSW', () => {
  for (const state of PAGE_STATES) {
    if (state === 'loading') continue;
    it(`bring a page into the state ${state}`, async () => {
      const [plan, order] = EXPECTED[state];
      assert.equal(readPlan(await ask(state, PlanOfGroupDocument, { groupId: '100001' })).status, plan);
      const input = { idempotencyKey: 'fixture-0001', packId: '1223', groupId: '100001' };
      const response = await ask<never>(state, OrderPacksDocument, { input });
      assert.equal(stateOfResponse(response, 'orderBoosterPack', input.idempotencyKey, null).kind, order);
    });
  }

  it('never answer in the state loading', async () => {
    server.use(...billingHandlers('loading'));
    const abort = new AbortController();
    const response = fetch(URL, {
      method: 'POST',
      body: JSON.stringify({ query: '{ group(id: "1") { id } }' }),
      signal: abort.signal,
    });
    setImmediate(() => abort.abort());
    await assert.rejects(response, { name: 'AbortError' });
  });

  it('have rows, and one gap in the state unreadable', async () => {
    const reading = readHistoryPage(await ask('unreadable', HistoryOfGroupDocument, { groupId: '100001', first: 10 }));
    assert.equal(reading.status, 'ready');
    const gaps = reading.status === 'ready' ? reading.value.rows.map(({ unreadable }) => unreadable.join()) : [];
    assert.deepEqual(gaps, ['', 'price', '']);
  });

  it('execute any document of the schema', async () => {
    const response = await ask<{ group: { availablePlans: unknown[] } }>('ready', CatalogueOfGroupDocument, {
      groupId: '7',
    });
    assert.equal(response.kind === 'response' && response.data?.group.availablePlans.length, 3);
  });
});
