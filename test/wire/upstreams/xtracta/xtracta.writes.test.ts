import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import { httpResponse, type RawUpstream, startRawUpstream } from '../../../support/raw-upstream.js';
import { type RecordedCall, recordedCall } from '../../../support/upstream-call.js';

const sample = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/xtracta/${name}.xml`, import.meta.url));
const CREDENTIAL = { id: 'credential-1', apiKey: '123', rootGroupId: null };

let upstream: RawUpstream;
let client: XtractaClient;
let recorded: RecordedCall;

beforeEach(async () => {
  upstream = await startRawUpstream(httpResponse(500, ''));
  client = new XtractaClient({ baseUrl: `${upstream.url}/`, readTimeoutMs: 5_000, writeTimeoutMs: 5_000 });
  recorded = recordedCall();
});

afterEach(async () => {
  client.close();
  await upstream.close();
});

const drifts = (): string[] => recorded.drifts.map(({ field }) => field);

describe("the manual's sample of a pack order", () => {
  const request = { packId: '1223', groupId: null, quantity: 1, heldDocuments: 'PROCESS' } as const;

  it('comes out with every value exact, and says that the quantity differs', async () => {
    upstream.handle(httpResponse(200, sample('booster')));
    expect(await client.orderBoosterPack(CREDENTIAL, request, recorded.call)).toEqual({
      kind: 'succeeded',
      value: {
        pack: {
          id: '1',
          name: 'Booster 100',
          allowedDocuments: 100,
          price: { amount: '99', currency: null },
          quantity: 2,
          groupId: '494',
        },
        summary: { totalUsedDocuments: 0, totalAvailableDocuments: 200 },
      },
      warnings: [{ code: 'QUANTITY_DIFFERS', message: '1 packs were asked for; the upstream reports 2.' }],
    });
    expect(recorded.drifts).toEqual([]);
  });

  it('is ordered with `quantity` and `purge` always, and `group_id` when there is one', async () => {
    upstream.handle(httpResponse(200, sample('booster')));
    await client.orderBoosterPack(CREDENTIAL, request, recorded.call);
    await client.orderBoosterPack(CREDENTIAL, { ...request, groupId: '0494', heldDocuments: 'DELETE' }, recorded.call);
    expect(upstream.requests()).toMatchObject([
      { method: 'POST', path: '/v1/billings/booster', body: 'api_key=123&pack_id=1223&quantity=1&purge=process' },
      { body: 'api_key=123&pack_id=1223&quantity=1&purge=delete&group_id=0494' },
    ]);
  });

  it.each<[string, string, string[]]>([
    [
      'nothing is odd',
      '<status>200</status><pack><id>1</id><quantity>2</quantity><group_id>00494</group_id><price>1</price></pack>',
      [],
    ],
    ['the status is missing', '<pack><id>1</id><quantity>2</quantity></pack>', ['STATUS_MISSING']],
    [
      'the group differs',
      '<status>200</status><pack><id>1</id><quantity>2</quantity><group_id>495</group_id></pack>',
      ['GROUP_DIFFERS'],
    ],
    ['the group is missing', '<status>200</status><pack><id>1</id><quantity>2</quantity></pack>', []],
    [
      'the price cannot be read',
      '<status>200</status><pack><id>1</id><quantity>2</quantity><price>9,9</price></pack>',
      ['VALUE_UNREADABLE'],
    ],
    [
      'the quantity cannot be read',
      '<status>200</status><pack><id>1</id><quantity>two</quantity></pack>',
      ['VALUE_UNREADABLE'],
    ],
    [
      'the price has another case, which is not the same as no price',
      '<status>200</status><pack><id>1</id><quantity>2</quantity><Price>1</Price></pack>',
      ['VALUE_UNREADABLE'],
    ],
    [
      'the summary cannot be read',
      '<status>200</status><pack><id>1</id><quantity>2</quantity></pack><pack_summary><total_used_documents>x</total_used_documents></pack_summary>',
      ['VALUE_UNREADABLE'],
    ],
  ])('warns rightly when %s', async (_name, inner, warnings) => {
    upstream.handle(httpResponse(200, `<billings_response>${inner}</billings_response>`));
    const outcome = await client.orderBoosterPack(
      CREDENTIAL,
      { ...request, groupId: '494', quantity: 2 },
      recorded.call,
    );
    expect(outcome.kind).toBe('succeeded');
    if (outcome.kind === 'succeeded') expect(outcome.warnings.map(({ code }) => code)).toEqual(warnings);
  });

  it('takes the name of the catalogue, and a currency should one appear', async () => {
    const pack =
      '<pack><id>1</id><pack_name>Big</pack_name><price>9.50</price><price_currency>NZD</price_currency></pack>';
    upstream.handle(httpResponse(200, `<billings_response><status>200</status>${pack}</billings_response>`));
    expect(await client.orderBoosterPack(CREDENTIAL, request, recorded.call)).toMatchObject({
      value: { pack: { name: 'Big', price: { amount: '9.50', currency: 'NZD' } }, summary: null },
    });
    expect(drifts()).toEqual(['pack_summary', 'allowed_documents', 'quantity']);
  });
});

describe("the manual's sample of a plan change", () => {
  const request = { planId: '111', groupId: '123', heldDocuments: 'PROCESS' } as const;

  it('comes out with every value exact', async () => {
    upstream.handle(httpResponse(200, sample('plan-update')));
    expect(await client.changePlan(CREDENTIAL, request, recorded.call)).toEqual({
      kind: 'succeeded',
      value: {
        plan: {
          planId: '1111',
          name: 'Test Plan',
          type: 'MONTHLY',
          typeRaw: 'Monthly',
          price: { amount: '500', currency: null },
          allowedDocuments: 1000,
          usedDocuments: 0,
          remainingDocuments: 1000,
          startDate: '2018-03-27T01:11:18Z',
          expiryDate: '2018-04-27T02:11:17Z',
        },
      },
      warnings: [],
    });
    expect(recorded.drifts).toEqual([]);
    expect(upstream.requests()).toMatchObject([
      { method: 'POST', path: '/v1/billings/update', body: 'api_key=123&group_id=123&plan_id=111&purge=process' },
    ]);
  });

  it('is read the same when the fields stand flat, as in the manual’s table', async () => {
    const flat = sample('plan-update')
      .toString()
      .replace(/<\/?plan>/g, '');
    upstream.handle(httpResponse(200, flat));
    expect(await client.changePlan(CREDENTIAL, request, recorded.call)).toMatchObject({
      kind: 'succeeded',
      value: { plan: { planId: '1111', name: 'Test Plan', price: { amount: '500' } } },
    });
  });

  it('never reports fewer than no documents left', async () => {
    upstream.handle(httpResponse(200, sample('plan-update').toString().replace('>0</used', '>1001</used')));
    expect(await client.changePlan(CREDENTIAL, request, recorded.call)).toMatchObject({
      value: { plan: { remainingDocuments: 0 } },
    });
  });
});

describe("the manual's sample of a billing UI", () => {
  const request = { expireSeconds: 600, heldDocuments: 'PROCESS' } as const;
  const open = () => client.openBillingUi(CREDENTIAL, request, recorded.call);
  const session = (url: string, expire = '1522895794'): string =>
    `<billings_response><status>200</status><url>${url}</url><expire>${expire}</expire></billings_response>`;

  it('comes out with its token untouched and its expiry as a date', async () => {
    upstream.handle(httpResponse(200, sample('billing-ui')));
    expect(await open()).toEqual({
      kind: 'succeeded',
      value: {
        url: 'https://api-app.xtracta.com/v1/billings/index.html?t=dc51PzHjXgHBF.ZjapmmxZep_Gn9kkHs5tVSyRa0GE41Hs_9AN0GW9szsxplrnV_LbLqd0HStob7_rUj9.JMAsPnn0ZiQFXZ6_qpjxEoj9Yn0Dgk7CorJlEmJyQC6oBDNjW5CfqvwdI-',
        expiresAt: '2018-04-05T02:36:34Z',
      },
      warnings: [],
    });
    expect(upstream.requests()).toMatchObject([
      { method: 'POST', path: '/v1/billings/billing_ui', body: 'api_key=123&purge=process&expire=600' },
    ]);
  });

  it.each([
    ['https://white-label.example/ui?a=1&amp;t=x', 'https://white-label.example/ui?a=1&t=x'],
    ['http://127.0.0.1:4010/ui?t=x', 'http://127.0.0.1:4010/ui?t=x'],
    ['\n  https://a.example/?t=x\n', 'https://a.example/?t=x'],
  ])('accepts %j', async (url, expected) => {
    upstream.handle(httpResponse(200, session(url)));
    expect(await open()).toMatchObject({ kind: 'succeeded', value: { url: expected } });
  });

  it.each([
    '',
    'javascript:alert(1)',
    'ftp://a.example/',
    'https://user:pw@a.example/',
    'https://',
    '/v1/billings',
    'https://a.example/ x',
    'data:text/html,x',
  ])('does not send a browser to %j', async (url) => {
    upstream.handle(httpResponse(200, session(url)));
    const outcome = await open();
    expect(outcome.kind).toBe('unknown');
    if (url !== '') expect(JSON.stringify(outcome)).not.toContain(url);
  });

  it('has no expiry where the number is no moment, and warns of it', async () => {
    upstream.handle(httpResponse(200, session('https://a.example/', '9090')));
    expect(await open()).toMatchObject({ value: { expiresAt: null }, warnings: [{ code: 'VALUE_UNREADABLE' }] });
    expect(drifts()).toEqual(['expire']);
  });
});
