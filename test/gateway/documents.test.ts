import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';

interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const FIXTURES = new URL('../fixtures/', import.meta.url);
const SAMPLES: Readonly<Record<string, { file: string; contentType: string }>> = {
  '/v1/billings/history': { file: 'xtracta/billing-history.xml', contentType: 'application/xml' },
  '/v1/billings/booster': { file: 'xtracta/booster.xml', contentType: 'application/xml' },
  '/v1/billings/update': { file: 'xtracta/plan-update.xml', contentType: 'application/xml' },
  '/v1/billings/billing_ui': { file: 'xtracta/billing-ui.xml', contentType: 'application/xml' },
  '/api/v1/AccountAdminAPI/PurchaseCredits': {
    file: 'credits/purchase-response.json.txt',
    contentType: 'application/json',
  },
};

/** Serves each endpoint with its document's sample, byte for byte, and keeps the requests. */
describe('the documents’ own samples, through GraphQL', () => {
  const received: Received[] = [];
  let upstream: Server;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({
          method: request.method,
          path: request.url,
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
        const sample = SAMPLES[request.url ?? ''];
        if (sample === undefined) {
          response.writeHead(404).end();
          return;
        }
        void readFile(new URL(sample.file, FIXTURES)).then((body) => {
          response.writeHead(200, { 'content-type': sample.contentType, 'content-length': body.length }).end(body);
        });
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const address = upstream.address();
    const { port } = address as AddressInfo;
    const base = `http://127.0.0.1:${port}`;
    gateway = await startGateway({ xtractaUrl: base, creditsUrl: base, env: { XTRACTA_API_KEY: '123' } });
  });

  beforeEach(() => {
    received.length = 0;
  });

  afterAll(async () => {
    await gateway.close();
    upstream.closeAllConnections();
    upstream.close();
    await removeGatewayFolders();
  });

  function onlyRequest(path: string): Received {
    const matching = received.filter((request) => request.path === path);
    expect(matching).toHaveLength(1);
    const [request] = matching;
    if (request === undefined) throw new Error('no request was received');
    return request;
  }

  it('reads the billing history with every value exact', async () => {
    const response = await gateway.execute(
      `{ group(id: "123456") { billingHistory(from: "2017-01-01T00:00:00Z", to: "2018-01-01T00:00:00Z") {
        totalCount
        summary { count usedDocuments spend { amount currency } }
        nodes { id kind kindRaw planName planType planTypeRaw price { amount currency } creditAmount allowedDocuments
          usedDocuments startDate expiryDate groupName group { id name } }
      } } }`,
    );
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      group: {
        billingHistory: {
          totalCount: 1,
          summary: { count: 1, usedDocuments: 8, spend: [{ amount: '0', currency: 'NZD' }] },
          nodes: [
            {
              id: '0123',
              kind: 'SIGNUP',
              kindRaw: 'signup',
              planName: 'Xtracta Default Plan - Free - 50 Docs',
              planType: 'MONTHLY',
              planTypeRaw: 'Monthly',
              price: { amount: '0', currency: 'NZD' },
              creditAmount: '0',
              allowedDocuments: 50,
              usedDocuments: 8,
              startDate: '2017-08-21T02:16:49Z',
              expiryDate: '2017-09-21T02:16:48Z',
              groupName: 'Bob The Builders',
              group: { id: '123456', name: 'Bob The Builders' },
            },
          ],
        },
      },
    });
    const request = onlyRequest('/v1/billings/history');
    expect(request.method).toBe('POST');
    expect(request.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      api_key: '123',
      group_id: '123456',
      billing_from: '1483228800',
      billing_to: '1514764800',
    });
  });

  it('asks recursively with recursive=1', async () => {
    await gateway.execute('{ group(id: "123456") { billingHistory(includeSubgroups: true) { totalCount } } }');
    expect(new URLSearchParams(onlyRequest('/v1/billings/history').body).get('recursive')).toBe('1');
  });

  it('derives the plan in force at an instant from the history', async () => {
    const response = await gateway.execute(
      '{ group(id: "123456") { plan(at: "2017-09-01T00:00:00Z") { planId name type price { amount currency } allowedDocuments usedDocuments remainingDocuments startDate expiryDate } } }',
    );
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      group: {
        plan: {
          planId: null,
          name: 'Xtracta Default Plan - Free - 50 Docs',
          type: 'MONTHLY',
          price: { amount: '0', currency: 'NZD' },
          allowedDocuments: 50,
          usedDocuments: 8,
          remainingDocuments: 42,
          startDate: '2017-08-21T02:16:49Z',
          expiryDate: '2017-09-21T02:16:48Z',
        },
      },
    });
  });

  it('orders a booster pack', async () => {
    const response = await gateway.execute(
      `mutation { orderBoosterPack(input: { idempotencyKey: "documents-order-1", packId: "1223", quantity: 2 }) {
        pack { id name allowedDocuments price { amount currency } quantity group { id } }
        summary { totalUsedDocuments totalAvailableDocuments }
        operation { status kind replayed documentsMayHaveBeenDeleted }
        warnings { code } userErrors { code }
      } }`,
    );
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      orderBoosterPack: {
        pack: {
          id: '1',
          name: 'Booster 100',
          allowedDocuments: 100,
          price: { amount: '99', currency: null },
          quantity: 2,
          group: { id: '494' },
        },
        summary: { totalUsedDocuments: 0, totalAvailableDocuments: 200 },
        operation: {
          status: 'SUCCEEDED',
          kind: 'ORDER_BOOSTER_PACK',
          replayed: false,
          documentsMayHaveBeenDeleted: false,
        },
        warnings: [],
        userErrors: [],
      },
    });
    const request = onlyRequest('/v1/billings/booster');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      api_key: '123',
      pack_id: '1223',
      quantity: '2',
      purge: 'process',
    });
  });

  it('changes a plan', async () => {
    const response = await gateway.execute(
      `mutation { changePlan(input: { idempotencyKey: "documents-plan-1", planId: "111", groupId: "123" }) {
        plan { planId name type price { amount currency } allowedDocuments usedDocuments remainingDocuments startDate expiryDate }
        group { id } operation { status } warnings { code } userErrors { code }
      } }`,
    );
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      changePlan: {
        plan: {
          planId: '1111',
          name: 'Test Plan',
          type: 'MONTHLY',
          price: { amount: '500', currency: null },
          allowedDocuments: 1000,
          usedDocuments: 0,
          remainingDocuments: 1000,
          startDate: '2018-03-27T01:11:18Z',
          expiryDate: '2018-04-27T02:11:17Z',
        },
        group: { id: '123' },
        operation: { status: 'SUCCEEDED' },
        warnings: [],
        userErrors: [],
      },
    });
    expect(Object.fromEntries(new URLSearchParams(onlyRequest('/v1/billings/update').body))).toEqual({
      api_key: '123',
      group_id: '123',
      plan_id: '111',
      purge: 'process',
    });
  });

  it('opens the billing UI with the token of its URL untouched', async () => {
    const response = await gateway.execute<{
      openBillingUi: { url: string; expiresAt: string; userErrors: unknown[] };
    }>('mutation { openBillingUi { url expiresAt userErrors { code } } }');
    expect(response.errors).toEqual([]);
    expect(response.data?.openBillingUi).toEqual({
      url: 'https://api-app.xtracta.com/v1/billings/index.html?t=dc51PzHjXgHBF.ZjapmmxZep_Gn9kkHs5tVSyRa0GE41Hs_9AN0GW9szsxplrnV_LbLqd0HStob7_rUj9.JMAsPnn0ZiQFXZ6_qpjxEoj9Yn0Dgk7CorJlEmJyQC6oBDNjW5CfqvwdI-',
      expiresAt: '2018-04-05T02:36:34Z',
      userErrors: [],
    });
    expect(response.headers.get('cache-control')).toContain('no-store');
    expect(Object.fromEntries(new URLSearchParams(onlyRequest('/v1/billings/billing_ui').body))).toEqual({
      api_key: '123',
      purge: 'process',
      expire: '600',
    });
    expect(gateway.logs()).not.toContain('dc51PzHjXgHBF');
  });

  it('purchases credits with every figure as text', async () => {
    const response = await gateway.execute(
      `mutation { purchaseCredits(input: { idempotencyKey: "documents-credits-1", purchaseId: "9beb5f68-6493-4cc4-b55e-187541a9d22b",
          purchaseOrder: "sample string 2", billing: { address: "sample string 1", company: "sample string 2", email: "sample string 3", mobile: "sample string 4", phone: "sample string 5" } }) {
        purchase { id purchaseId datePurchased currency netTotal tax grossTotal unitPrice quantity paid purchaseType invoiceNumber result userId }
        operation { status } warnings { code } userErrors { code }
      } }`,
    );
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      purchaseCredits: {
        purchase: {
          id: '56709ccd-06ca-4ac2-be10-2c4fb6d7dd75',
          purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
          datePurchased: '2024-03-28T21:00:58.485847Z',
          currency: null,
          netTotal: '5.1',
          tax: '9.1',
          grossTotal: '3.1',
          unitPrice: '10.1',
          quantity: '8.1',
          paid: true,
          purchaseType: 'sample string 7',
          invoiceNumber: '1',
          result: 'sample string 1',
          userId: 'sample string 1',
        },
        operation: { status: 'SUCCEEDED' },
        // The sample has an error beside its result, an invalid currency, and totals that do not add up.
        warnings: expect.arrayContaining([
          { code: 'UPSTREAM_ERROR_BESIDE_RESULT' },
          { code: 'VALUE_UNREADABLE' },
          { code: 'TOTALS_DIFFER' },
        ]),
        userErrors: [],
      },
    });
    const request = onlyRequest('/api/v1/AccountAdminAPI/PurchaseCredits');
    expect(request.method).toBe('POST');
    expect(request.headers['content-type']).toMatch(/^application\/json/);
    expect(request.headers.authorization).toBe('Bearer test-credits-token');
    expect(JSON.parse(request.body)).toEqual({
      Billing: {
        Address: 'sample string 1',
        Company: 'sample string 2',
        Email: 'sample string 3',
        Mobile: 'sample string 4',
        Phone: 'sample string 5',
      },
      PurchaseID: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
      PurchaseOrder: 'sample string 2',
    });
  });
});
