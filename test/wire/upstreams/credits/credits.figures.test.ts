import { describe, expect, it } from '@jest/globals';
import { recordedCall } from '../../../support/upstream-call.js';
import {
  BEARER,
  CONTACT,
  clientOf,
  helpPage,
  ID,
  json,
  outcomeOf,
  purchase,
  REQUEST,
  SAMPLE,
  SECRET,
  stopAllAfterEach,
  upstreamOf,
} from './credits.harness.js';

stopAllAfterEach();

describe("the help page's sample of a purchase", () => {
  it('comes out with every value exact, and says what is odd about it', async () => {
    const { outcome, drifts } = await outcomeOf(json(200, SAMPLE));
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      value: {
        id: ID,
        purchaseId: REQUEST.purchaseId,
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
    });
    const warnings = outcome.kind === 'succeeded' ? outcome.warnings.map(({ code }) => code) : [];
    expect(warnings).toEqual(['UPSTREAM_ERROR_BESIDE_RESULT', 'TOTALS_DIFFER', 'VALUE_UNREADABLE']);
    expect(drifts).toEqual(['Currency']);
  });

  it('is asked for with the sample request, field by field', async () => {
    const upstream = await upstreamOf(json(200, SAMPLE));
    const billing = {
      address: 'sample string 1',
      company: 'sample string 2',
      email: 'sample string 3',
      mobile: 'sample string 4',
      phone: 'sample string 5',
    };
    const request = { purchaseId: REQUEST.purchaseId.toUpperCase(), purchaseOrder: 'sample string 2', billing };
    await clientOf(`${upstream.url}/`).purchaseCredits(BEARER, request, recordedCall().call);
    const [sent] = upstream.requests();
    expect(sent).toMatchObject({
      method: 'POST',
      path: '/api/v1/AccountAdminAPI/PurchaseCredits',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${SECRET}`,
        'accept-encoding': 'identity',
      },
    });
    expect(JSON.parse(sent?.body ?? '')).toEqual(JSON.parse(helpPage('purchase-request')));
  });

  it('is asked for without what was not given', async () => {
    const upstream = await upstreamOf(json(200, SAMPLE));
    const nothing = { address: null, company: null, email: null, mobile: null, phone: null };
    const client = clientOf(upstream.url);
    await client.purchaseCredits(BEARER, REQUEST, recordedCall().call);
    await client.purchaseCredits(BEARER, { ...REQUEST, billing: nothing }, recordedCall().call);
    await client.purchaseCredits(
      BEARER,
      { ...REQUEST, billing: { ...nothing, email: 'a@b.example' } },
      recordedCall().call,
    );
    expect(upstream.requests().map(({ body }) => body)).toEqual([
      `{"PurchaseID":"${REQUEST.purchaseId}"}`,
      `{"PurchaseID":"${REQUEST.purchaseId}"}`,
      `{"Billing":{"Email":"a@b.example"},"PurchaseID":"${REQUEST.purchaseId}"}`,
    ]);
  });
});

describe('the figures of a purchase', () => {
  it('keep every digit', async () => {
    const detail = `{"ID":"${ID}","NetTotal":12345678901234567.89,"Tax":9007199254740993,"GrossTotal":3.10,"Quantity":0.30000000000000004,"UnitPrice":1e-7,"InvoiceNumber":9007199254740993}`;
    const { outcome } = await outcomeOf(json(200, `{"Error":null,"ResponseData":{"Detail":${detail}}}`));
    expect(outcome).toMatchObject({
      value: {
        netTotal: '12345678901234567.89',
        tax: '9007199254740993',
        grossTotal: '3.10',
        quantity: '0.30000000000000004',
        unitPrice: '1e-7',
        invoiceNumber: '9007199254740993',
        paid: null,
      },
    });
  });

  it.each<[string, string, string, string, boolean]>([
    ['add up', '0.1', '0.2', '0.3', false],
    ['add up in binary floats', '0.1', '0.2', '0.30000000000000004', false],
    ['are a cent apart', '10.00', '1.50', '11.51', false],
    ['are more than a cent apart', '10.00', '1.50', '11.511', true],
    ['are written oddly', '"+5."', '".5"', '5.5', false],
    ['are far apart', '1e3', '0', '1', true],
  ])('are compared exactly when they %s', async (_name, net, tax, gross, differ) => {
    const detail = `{"ID":"${ID}","NetTotal":${net},"Tax":${tax},"GrossTotal":${gross}}`;
    const { outcome } = await outcomeOf(json(200, `{"ResponseData":{"Detail":${detail}}}`));
    const codes = outcome.kind === 'succeeded' ? outcome.warnings.map(({ code }) => code) : ['not succeeded'];
    expect(codes).toEqual(differ ? ['TOTALS_DIFFER'] : []);
  });

  it.each([
    ['2024-03-28T21:00:58.5603596', '2024-03-28T21:00:58.5603596Z'],
    ['2024-03-28T21:00:58Z', '2024-03-28T21:00:58Z'],
    ['0001-01-01T00:00:00', null],
  ])('carry the date %s', async (sent, expected) => {
    const { outcome } = await outcomeOf(json(200, purchase({ ID, DatePurchased: sent })));
    expect(outcome).toMatchObject({ kind: 'succeeded', value: { datePurchased: expected }, warnings: [] });
  });

  it('may be named in any case, in any order, beside others', async () => {
    const { outcome } = await outcomeOf(
      json(200, { responsedata: { DETAIL: { new: [1], PAID: false, id: ID.toUpperCase() } } }),
    );
    expect(outcome).toMatchObject({ kind: 'succeeded', value: { id: ID, paid: false }, warnings: [] });
  });

  it('are null where they cannot be read, with a warning', async () => {
    const { outcome, drifts } = await outcomeOf(
      json(200, purchase({ ID, NetTotal: 'NaN', Quantity: [1], Paid: 'perhaps' })),
    );
    expect(outcome).toMatchObject({
      value: { netTotal: null, quantity: null, paid: null },
      warnings: [{ code: 'VALUE_UNREADABLE' }],
    });
    expect(drifts).toEqual(['NetTotal', 'Quantity', 'Paid']);
  });
});

describe('the texts of a purchase', () => {
  const request = { ...REQUEST, purchaseOrder: 'PO-JANE-4711', billing: CONTACT };

  async function textsOf(detail: object, data: object) {
    const upstream = await upstreamOf(json(200, { Error: null, ResponseData: { ...data, Detail: { ID, ...detail } } }));
    const { call, drifts } = recordedCall();
    const outcome = await clientOf(upstream.url).purchaseCredits(BEARER, request, call);
    if (outcome.kind !== 'succeeded') throw new Error(outcome.kind);
    expect(upstream.requests()).toHaveLength(1);
    return { ...outcome, drifts: drifts.map(({ field }) => field) };
  }

  it('are exact where they are ordinary', async () => {
    const detail = { InvoiceNumber: ' INV 2026/0211-5551234-000000000000001 ', PurchaseType: 'Online Auckland' };
    const data = { Result: 'Credits purchased successfully', Identification: { UserId: CONTACT.email } };
    const { value, warnings, drifts } = await textsOf(detail, data);
    expect(value).toMatchObject({
      invoiceNumber: detail.InvoiceNumber,
      purchaseType: detail.PurchaseType,
      result: data.Result,
      userId: CONTACT.email,
    });
    expect([warnings, drifts]).toEqual([[], []]);
  });

  it('tell the result as every message of an upstream: without secrets and personal data, at most 300 characters', async () => {
    const Result =
      `Bought by JANE@dental.example with Bearer ${SECRET}; PO-JANE-4711 sent to Auckland  Dental Ltd, ` +
      '1 Hidden Lane, Auckland, tel 021 555 1234 ext 77, see https://portal.test/x?t=abc';
    const { value, warnings, drifts } = await textsOf({}, { Result });
    expect(value.result).toBe(
      'Bought by [removed] with [removed]; [removed] sent to [removed], [removed], tel [removed], see [removed]',
    );
    expect((await textsOf({}, { Result: 'Done. '.repeat(100) })).value.result).toHaveLength(300);
    expect([warnings, drifts]).toEqual([[], []]);
  });

  it.each([
    ['InvoiceNumber', `7 ${SECRET}`],
    ['InvoiceNumber', '7'.repeat(301)],
    ['InvoiceNumber', 'po-jane-4711'],
    ['PurchaseType', `for ${CONTACT.company}`],
    ['PurchaseType', 'by bob@other.example'],
    ['UserId', `Bearer ${SECRET}`],
  ])('are unreadable, never cut, where a code has a secret or personal data: %s %s', async (field, text) => {
    const data = field === 'UserId' ? { Identification: { UserId: text } } : {};
    const { value, warnings, drifts } = await textsOf(field === 'UserId' ? {} : { [field]: text }, data);
    expect(value).toMatchObject({ id: ID, invoiceNumber: null, purchaseType: null, userId: null });
    expect([warnings.map(({ code }) => code), drifts]).toEqual([['VALUE_UNREADABLE'], [field]]);
  });
});
