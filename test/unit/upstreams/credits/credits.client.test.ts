import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CreditsCredential } from '../../../../src/domain/caller.js';
import { CreditsClient } from '../../../../src/upstreams/credits/credits.client.js';
import { UpstreamChannel } from '../../../../src/upstreams/resilience/upstream.channel.js';
import { createHttpTransport } from '../../../../src/upstreams/upstream.http.js';
import {
  answer,
  chunkedAnswer,
  closedAnswer,
  drip,
  hang,
  headOnly,
  inTurn,
  type RawHandler,
  type RawUpstream,
  type RawUpstreamOptions,
  raw,
  redirect,
  reset,
  shortAnswer,
  startRawUpstream,
} from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/credits/${name}`, import.meta.url), 'utf8');
const SAMPLE = fixture('purchase-response.json.txt');
const SECRET = 'canary-secret-0123456789abcdef';
const BEARER: CreditsCredential = { kind: 'bearer', id: 'credential-1', token: SECRET };
const ID = '56709ccd-06ca-4ac2-be10-2c4fb6d7dd75';
const REQUEST = { purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b', purchaseOrder: null, billing: null };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function upstreamOf(handler: RawHandler, options?: RawUpstreamOptions): Promise<RawUpstream> {
  const upstream = await startRawUpstream(handler, options);
  stops.push(() => upstream.close());
  return upstream;
}

function clientOf(baseUrl: string, writeTimeoutMs = 5_000): CreditsClient {
  const channel = new UpstreamChannel({
    service: 'credits',
    transport: createHttpTransport({ connectTimeoutMs: 150 }),
  });
  const client = new CreditsClient({ baseUrl, writeTimeoutMs, channel });
  stops.push(() => client.close());
  return client;
}

const json = (status: number, body: unknown): RawHandler =>
  answer(status, typeof body === 'string' ? body : JSON.stringify(body), JSON_TYPE);

/** The outcome of a purchase that is answered like this. */
async function outcomeOf(handler: RawHandler, writeTimeoutMs?: number, options?: RawUpstreamOptions) {
  const upstream = await upstreamOf(handler, options);
  const { call, drifts } = recordedCall();
  const outcome = await clientOf(upstream.url, writeTimeoutMs).purchaseCredits(BEARER, REQUEST, call);
  return { outcome, upstream, drifts: drifts.map(({ field }) => field) };
}

const purchase = (detail: unknown, error: unknown = null) => ({
  Error: error,
  ResponseData: { Result: 'Done', Detail: detail },
});

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
    expect(JSON.parse(sent?.body ?? '')).toEqual(JSON.parse(fixture('purchase-request.json.txt')));
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

describe('the outcome of a purchase', () => {
  const failed = { ErrorCode: 'E42', ErrorReason: 'Purchase order required' };
  const zero = '00000000-0000-0000-0000-000000000000';
  const html = '<html>login</html>';

  it.each<[string, RawHandler, string]>([
    ['an error alone', json(200, { Error: failed, ResponseData: null }), 'rejected'],
    [
      'an error beside an empty detail',
      json(200, purchase({ ID: zero, GrossTotal: 0, InvoiceNumber: null, Paid: false }, failed)),
      'rejected',
    ],
    [
      'an error beside a detail with an invoice',
      json(200, purchase({ ID: zero, InvoiceNumber: 7 }, failed)),
      'unknown',
    ],
    ['an error beside a detail that is paid', json(200, purchase({ Paid: true }, failed)), 'unknown'],
    ['an error beside an id that is none', json(200, purchase({ ID: 'abc' }, failed)), 'unknown'],
    ['neither error nor detail', json(200, { Error: null, ResponseData: null }), 'unknown'],
    ['an error code of 0 and no detail', json(200, { Error: { ErrorCode: '0' }, ResponseData: null }), 'unknown'],
    ['a zero id', json(200, purchase({ ID: zero })), 'unknown'],
    ['a detail that is a list', json(200, { ResponseData: { Detail: [{ ID }] } }), 'unknown'],
    ['an empty object', json(200, {}), 'unknown'],
    ['a list', json(200, [purchase({ ID })]), 'unknown'],
    ['a message with 200', json(200, { Message: 'Hm' }), 'unknown'],
    [
      'a name given twice',
      json(200, `{"ResponseData":{"Detail":{"ID":"${ID}"}},"Error":null,"Error":{"ErrorCode":"1"}}`),
      'unknown',
    ],
    [
      'a name given twice in two cases',
      json(200, `{"ResponseData":{"Detail":{"ID":"${ID}","id":"${zero}"}}}`),
      'unknown',
    ],
    ['NaN', json(200, `{"ResponseData":{"Detail":{"ID":"${ID}","Tax":NaN}}}`), 'unknown'],
    [
      'JSON that is too deep',
      json(200, `{"ResponseData":{"Detail":{"ID":"${ID}","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}}}`),
      'unknown',
    ],
    [
      'JSON that is not UTF-8',
      answer(200, Buffer.from(`{"ResponseData":{"Result":"é","Detail":{"ID":"${ID}"}}}`, 'latin1')),
      'unknown',
    ],
    ['XML where JSON is due', answer(200, `<ResponseOfPurchase><ResponseData/></ResponseOfPurchase>`), 'unknown'],
    ['a login page', answer(200, html), 'unknown'],
    ['an empty body', json(200, ''), 'unknown'],
    [
      '400 with a model state',
      json(400, { Message: 'The request is invalid.', ModelState: { 'purchase.PurchaseID': ['?'] } }),
      'rejected',
    ],
    ['400 with an error', json(400, { Error: failed, ResponseData: null }), 'rejected'],
    ['400 beside a purchase', json(400, purchase({ ID })), 'unknown'],
    ['400 in HTML', answer(400, html), 'unknown'],
    ['400 with an empty object', json(400, {}), 'unknown'],
    ['401 in JSON', json(401, { Message: 'Authorization has been denied for this request.' }), 'rejected'],
    ['401 in HTML', answer(401, html), 'unknown'],
    ['404 in JSON', json(404, { Message: 'No HTTP resource was found', MessageDetail: '' }), 'rejected'],
    ['415', json(415, { Message: 'Unsupported', ExceptionMessage: 'x' }), 'rejected'],
    ['429 without JSON', answer(429, ''), 'unknown'],
    ['500 in JSON', json(500, { Message: 'An error has occurred.' }), 'unknown'],
    ['500 with an error', json(500, { Error: failed, ResponseData: null }), 'unknown'],
    ['503', answer(503, html), 'unknown'],
    ['204', raw('HTTP/1.1 204 No\r\n\r\n'), 'unknown'],
    ['302', redirect(302, '/'), 'unknown'],
    ['307', redirect(307, '/api/v1/AccountAdminAPI/PurchaseCredits'), 'unknown'],
    ['a reset', reset(), 'unknown'],
    ['silence', hang(), 'unknown'],
    ['a head, then silence', headOnly(200), 'unknown'],
    ['one byte now and again', drip(20), 'unknown'],
    ['less than announced', shortAnswer(200, SAMPLE), 'unknown'],
    ['cut chunks', chunkedAnswer(200, SAMPLE, { cut: true }), 'unknown'],
    ['a body cut at the end of the connection', closedAnswer(200, SAMPLE.slice(0, -3)), 'unknown'],
    ['gzip', answer(200, gzipSync(SAMPLE), { 'content-encoding': 'gzip' }), 'unknown'],
    ['more than 1 MB', answer(200, `{"x":"${'a'.repeat(1_100_000)}"}`), 'unknown'],
    ['a whole answer that ends with the connection', closedAnswer(200, JSON.stringify(purchase({ ID }))), 'succeeded'],
    ['a purchase that is not paid', json(200, purchase({ ID, Paid: false })), 'succeeded'],
    ['a purchase without an invoice', json(200, purchase({ ID, InvoiceNumber: null })), 'succeeded'],
    ...['', '0', 'OK', 'none', 'Success'].map((code): [string, RawHandler, string] => [
      `a purchase with the error code ${JSON.stringify(code)}`,
      json(200, purchase({ ID }, { ErrorCode: code })),
      'succeeded',
    ]),
  ])('is right, after one request, with %s', async (_name, handler, kind) => {
    const { outcome, upstream } = await outcomeOf(handler, 400);
    expect(outcome.kind).toBe(kind);
    expect(upstream.requests()).toHaveLength(1);
    if (outcome.kind === 'succeeded') expect(outcome.warnings).toEqual([]);
  });

  it('is unsent when nobody listens', async () => {
    const upstream = await upstreamOf(hang());
    await upstream.close();
    const outcome = await clientOf(upstream.url).purchaseCredits(BEARER, REQUEST, recordedCall().call);
    expect(outcome).toMatchObject({ kind: 'notSent', failure: { code: 'UPSTREAM_UNAVAILABLE' } });
  });

  it('tells the code and the reason of a refusal, without secrets and personal data', async () => {
    const reason = `PO required for bob@example.com, Bob Ltd, ${SECRET}`;
    const upstream = await upstreamOf(json(200, { Error: { ErrorCode: 42, ErrorReason: reason }, ResponseData: null }));
    const billing = { address: null, company: 'Bob Ltd', email: 'bob@example.com', mobile: null, phone: null };
    const outcome = await clientOf(upstream.url).purchaseCredits(BEARER, { ...REQUEST, billing }, recordedCall().call);
    expect(outcome).toMatchObject({
      kind: 'rejected',
      failure: {
        code: 'UPSTREAM_REJECTED',
        upstream: { status: '42', message: 'PO required for [removed], [removed], [removed]' },
      },
    });
  });

  it('calls a refused credential by its name', async () => {
    const { outcome } = await outcomeOf(json(401, { Message: 'Authorization has been denied for this request.' }));
    expect(outcome).toMatchObject({
      kind: 'rejected',
      failure: { code: 'UPSTREAM_UNAUTHENTICATED', upstream: { httpStatus: 401 } },
    });
  });
});

describe('the authorisation of a purchase', () => {
  const denied = json(401, { Message: 'Authorization has been denied for this request.' });
  const token = (value: string, expires: unknown = 28_799): RawHandler =>
    json(200, { access_token: value, token_type: 'bearer', expires_in: expires });
  const bought = json(200, purchase({ ID }));

  async function oauth(tokenHandler: RawHandler, handler: RawHandler) {
    const tokens = await upstreamOf(tokenHandler);
    const upstream = await upstreamOf(handler);
    const credential: CreditsCredential = {
      kind: 'clientCredentials',
      id: 'credential-2',
      tokenUrl: `${tokens.url}/Token`,
      clientId: 'client&1',
      clientSecret: SECRET,
    };
    const client = clientOf(upstream.url);
    const recorded = recordedCall();
    const buy = () => client.purchaseCredits(credential, REQUEST, recorded.call);
    const used = () =>
      upstream.requests().map(({ headers }) => Object.entries(headers).find(([name]) => name === 'authorization')?.[1]);
    return { tokens, upstream, buy, used, recorded };
  }

  it('passes the caller’s own header through', async () => {
    const upstream = await upstreamOf(bought);
    const credential: CreditsCredential = { kind: 'header', id: 'c', authorization: 'Basic YTpi' };
    await clientOf(upstream.url).purchaseCredits(credential, REQUEST, recordedCall().call);
    expect(upstream.requests()[0]?.headers).toMatchObject({ authorization: 'Basic YTpi' });
  });

  it('does not replay a refusal of a token that cannot be renewed', async () => {
    const { outcome, upstream } = await outcomeOf(denied);
    expect(outcome.kind).toBe('rejected');
    expect(upstream.requests()).toHaveLength(1);
  });

  it('fetches a token by form, and keeps it', async () => {
    const { tokens, buy, used, recorded } = await oauth(token('t1'), bought);
    expect((await buy()).kind).toBe('succeeded');
    expect((await buy()).kind).toBe('succeeded');
    expect(tokens.requests()).toMatchObject([
      {
        method: 'POST',
        path: '/Token',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
        body: `grant_type=client_credentials&client_id=client%261&client_secret=${SECRET}`,
      },
    ]);
    expect(used()).toEqual(['Bearer t1', 'Bearer t1']);
    expect(recorded.attempts.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['fetchToken', 'ok'],
      ['purchaseCredits', 'ok'],
      ['purchaseCredits', 'ok'],
    ]);
  });

  it('fetches one token for callers at the same time', async () => {
    const { tokens, upstream, buy } = await oauth(token('t1'), bought);
    const outcomes = await Promise.all(Array.from({ length: 10 }, buy));
    expect(outcomes.every(({ kind }) => kind === 'succeeded')).toBe(true);
    expect(tokens.requests()).toHaveLength(1);
    expect(upstream.requests()).toHaveLength(10);
  });

  it('replays a clear refusal once, with a fresh token', async () => {
    const { tokens, buy, used } = await oauth(inTurn(token('t1'), token('t2')), inTurn(denied, bought));
    expect((await buy()).kind).toBe('succeeded');
    expect(used()).toEqual(['Bearer t1', 'Bearer t2']);
    expect(tokens.requests()).toHaveLength(2);
  });

  it('does not replay twice', async () => {
    const { upstream, buy } = await oauth(token('t1'), denied);
    expect(await buy()).toMatchObject({ kind: 'rejected', failure: { code: 'UPSTREAM_UNAUTHENTICATED' } });
    expect(upstream.requests()).toHaveLength(2);
  });

  it.each<[string, RawHandler]>([
    ['401 that is not clear', answer(401, '<html/>')],
    ['a reset', reset()],
    ['500', answer(500, '')],
    ['403', json(403, { Message: 'Forbidden' })],
  ])('does not replay after %s', async (_name, handler) => {
    const { upstream, buy } = await oauth(token('t1'), handler);
    expect((await buy()).kind).not.toBe('succeeded');
    expect(upstream.requests()).toHaveLength(1);
  });

  it('stays a refusal when no fresh token can be had', async () => {
    const { upstream, buy } = await oauth(inTurn(token('t1'), answer(500, '')), denied);
    expect((await buy()).kind).toBe('rejected');
    expect(upstream.requests()).toHaveLength(1);
  });

  it.each<[string, RawHandler, string]>([
    ['knows no such client', json(400, { error: 'invalid_client' }), 'UPSTREAM_UNAUTHENTICATED'],
    ['says 401', answer(401, ''), 'UPSTREAM_UNAUTHENTICATED'],
    ['fails', answer(500, ''), 'UPSTREAM_UNAVAILABLE'],
    ['resets', reset(), 'UPSTREAM_UNAVAILABLE'],
    ['redirects', redirect(307, '/Token2'), 'UPSTREAM_UNAVAILABLE'],
    ['sends no token', json(200, {}), 'UPSTREAM_UNAVAILABLE'],
    ['sends a token with a line break', token('a\r\nx-evil: 1'), 'UPSTREAM_UNAVAILABLE'],
    ['sends HTML', answer(200, '<html/>'), 'UPSTREAM_UNAVAILABLE'],
  ])('sends no purchase when the token endpoint %s', async (_name, handler, code) => {
    const { upstream, buy } = await oauth(handler, bought);
    const outcome = await buy();
    expect(outcome).toMatchObject({ kind: 'notSent', failure: { code } });
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    expect(upstream.connections()).toBe(0);
  });

  it('asks again for a token after a failure', async () => {
    const { buy } = await oauth(inTurn(answer(500, ''), token('t1')), bought);
    expect((await buy()).kind).toBe('notSent');
    expect((await buy()).kind).toBe('succeeded');
  });
});
