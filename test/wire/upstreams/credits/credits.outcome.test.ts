import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  chunkedResponse,
  closedResponse,
  drip,
  hang,
  headOnly,
  httpResponse,
  type RawHandler,
  raw,
  redirect,
  reset,
  shortResponse,
} from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';
import {
  BEARER,
  CONTACT,
  clientOf,
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
      httpResponse(200, Buffer.from(`{"ResponseData":{"Result":"é","Detail":{"ID":"${ID}"}}}`, 'latin1')),
      'unknown',
    ],
    ['XML where JSON is due', httpResponse(200, `<ResponseOfPurchase><ResponseData/></ResponseOfPurchase>`), 'unknown'],
    ['a login page', httpResponse(200, html), 'unknown'],
    ['an empty body', json(200, ''), 'unknown'],
    [
      '400 with a model state',
      json(400, { Message: 'The request is invalid.', ModelState: { 'purchase.PurchaseID': ['?'] } }),
      'rejected',
    ],
    ['400 with an error', json(400, { Error: failed, ResponseData: null }), 'rejected'],
    ['400 beside a purchase', json(400, purchase({ ID })), 'unknown'],
    ['400 in HTML', httpResponse(400, html), 'unknown'],
    ['400 with an empty object', json(400, {}), 'unknown'],
    ['401 in JSON', json(401, { Message: 'Authorization has been denied for this request.' }), 'rejected'],
    ['401 in HTML', httpResponse(401, html), 'unknown'],
    ['404 in JSON', json(404, { Message: 'No HTTP resource was found', MessageDetail: '' }), 'rejected'],
    ['415', json(415, { Message: 'Unsupported', ExceptionMessage: 'x' }), 'rejected'],
    ['429 without JSON', httpResponse(429, ''), 'unknown'],
    ['500 in JSON', json(500, { Message: 'An error has occurred.' }), 'unknown'],
    ['500 with an error', json(500, { Error: failed, ResponseData: null }), 'unknown'],
    ['503', httpResponse(503, html), 'unknown'],
    ['204', raw('HTTP/1.1 204 No\r\n\r\n'), 'unknown'],
    ['302', redirect(302, '/'), 'unknown'],
    ['307', redirect(307, '/api/v1/AccountAdminAPI/PurchaseCredits'), 'unknown'],
    ['a reset', reset(), 'unknown'],
    ['silence', hang(), 'unknown'],
    ['a head, then silence', headOnly(200), 'unknown'],
    ['one byte now and again', drip(20), 'unknown'],
    ['less than announced', shortResponse(200, SAMPLE), 'unknown'],
    ['cut chunks', chunkedResponse(200, SAMPLE, { cut: true }), 'unknown'],
    ['a body cut at the end of the connection', closedResponse(200, SAMPLE.slice(0, -3)), 'unknown'],
    ['gzip', httpResponse(200, gzipSync(SAMPLE), { 'content-encoding': 'gzip' }), 'unknown'],
    ['more than 1 MB', httpResponse(200, `{"x":"${'a'.repeat(1_100_000)}"}`), 'unknown'],
    [
      'a whole response that ends with the connection',
      closedResponse(200, JSON.stringify(purchase({ ID }))),
      'succeeded',
    ],
    ['a purchase that is not paid', json(200, purchase({ ID, Paid: false })), 'succeeded'],
    ['a purchase without an invoice', json(200, purchase({ ID, InvoiceNumber: null })), 'succeeded'],
    ...['', '0', 'OK', 'none', 'Success'].map((code): [string, RawHandler, string] => [
      `a purchase with the error code ${JSON.stringify(code)}`,
      json(200, purchase({ ID }, { ErrorCode: code })),
      'succeeded',
    ]),
  ])('is right, after one request, with %s', async (name, handler, kind) => {
    const hangs = /silence|one byte/.test(name);
    const { outcome, upstream } = await outcomeOf(handler, hangs ? 300 : undefined);
    expect(outcome.kind).toBe(kind);
    expect(upstream.requests()).toHaveLength(1);
    if (outcome.kind === 'succeeded') expect(outcome.warnings).toEqual([]);
  });

  const spoken = { code: 'P1', reason: 'Insufficient funds' };
  /** Every form in which the documents let a refusal be written. */
  const REFUSALS: readonly (readonly [string, unknown])[] = [
    ['a text', spoken.reason],
    ['a reason without a code', { ErrorReason: spoken.reason }],
    ['a reason beside a blank code', { ErrorCode: '', ErrorReason: spoken.reason }],
    ['a reason beside a null code', { ErrorCode: null, ErrorReason: spoken.reason }],
    ['a code alone', { ErrorCode: spoken.code }],
    ['a code and a reason', { ErrorCode: spoken.code, ErrorReason: spoken.reason }],
    ['a code that is a number', { ErrorCode: 42, ErrorReason: spoken.reason }],
    ['a code beside a reason that is a list', { ErrorCode: spoken.code, ErrorReason: [spoken.reason] }],
  ];
  const NO_ERRORS: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['a blank text', ' '],
    ['a text that says none', 'None'],
    ['a text that says 0', '0'],
    ['an empty object', {}],
    ['blanks', { ErrorCode: ' ', ErrorReason: ' ' }],
    ['a reason that says success', { ErrorReason: 'Success' }],
    ['a code that says none beside a reason', { ErrorCode: '0', ErrorReason: spoken.reason }],
    ['nulls beside a member under another name', { ErrorCode: null, ErrorReason: null, Severity: 'Info' }],
  ];
  const ODD_ERRORS: readonly (readonly [string, unknown])[] = [
    ['a list', [spoken.reason]],
    ['a number', 42],
    ['true', true],
    ['a code that is a list', { ErrorCode: [spoken.code] }],
    ['a code that is an object', { ErrorCode: { Value: spoken.code }, ErrorReason: null }],
    ['a code that cannot be read beside a reason', { ErrorCode: ['0'], ErrorReason: spoken.reason }],
    ['a reason that is a list', { ErrorCode: null, ErrorReason: [spoken.reason] }],
    ['a reason that cannot be read beside a code that says none', { ErrorCode: '0', ErrorReason: {} }],
    ['members under other names', { Code: spoken.code, Message: spoken.reason }],
  ];
  const NO_PURCHASE: readonly (readonly [string, unknown])[] = [
    ['no ResponseData', undefined],
    ['a null ResponseData', null],
    ['an empty ResponseData', {}],
    ['a null Detail', { Result: null, Detail: null }],
    ['a Detail of defaults', { Detail: { ID: zero, GrossTotal: 0, InvoiceNumber: null, Paid: false } }],
  ];

  it.each(
    REFUSALS.flatMap(([error, written]) =>
      NO_PURCHASE.map(([data, ResponseData]) => ({ error, data, written, ResponseData })),
    ),
  )('is a refusal, after one request, with $error in Error and $data', async ({ written, ResponseData }) => {
    for (const status of [200, 400]) {
      const { outcome, upstream } = await outcomeOf(json(status, { Error: written, ResponseData }));
      expect(outcome).toMatchObject({ kind: 'rejected', failure: { code: 'UPSTREAM_REJECTED' } });
      expect(upstream.requests()).toHaveLength(1);
    }
    const { outcome } = await outcomeOf(json(500, { Error: written, ResponseData }));
    expect(outcome.kind).toBe('unknown');
  });

  it.each([...NO_ERRORS, ...ODD_ERRORS])('is unknown with %s in Error and no purchase', async (_name, written) => {
    for (const [, ResponseData] of NO_PURCHASE) {
      const { outcome, upstream } = await outcomeOf(json(200, { Error: written, ResponseData }));
      expect(outcome.kind).toBe('unknown');
      expect(upstream.requests()).toHaveLength(1);
    }
  });

  it.each([...REFUSALS, ...ODD_ERRORS])(
    'is a success with a warning with a purchase beside %s in Error',
    async (_name, written) => {
      const { outcome, upstream } = await outcomeOf(json(200, { ...purchase({ ID }), Error: written }));
      expect(outcome).toMatchObject({ kind: 'succeeded', value: { id: ID } });
      if (outcome.kind === 'succeeded') {
        expect(outcome.warnings.map(({ code }) => code)).toEqual(['UPSTREAM_ERROR_BESIDE_RESULT']);
      }
      expect(upstream.requests()).toHaveLength(1);
    },
  );

  it.each(ODD_ERRORS)('counts %s in Error as drift, once', async (_name, written) => {
    expect((await outcomeOf(json(200, { ...purchase({ ID }), Error: written }))).drifts).toEqual(['Error']);
  });

  it.each([...REFUSALS, ...NO_ERRORS])('counts no drift for %s in Error', async (_name, written) => {
    expect((await outcomeOf(json(200, { ...purchase({ ID }), Error: written }))).drifts).toEqual([]);
  });

  it.each(NO_ERRORS)('is a success without a warning with a purchase beside %s in Error', async (_name, written) => {
    const { outcome } = await outcomeOf(json(200, { ...purchase({ ID }), Error: written }));
    expect(outcome).toMatchObject({ kind: 'succeeded', value: { id: ID }, warnings: [] });
  });

  it('tells a reason that stands alone, without secrets', async () => {
    for (const written of [`Card declined, ${SECRET}`, { ErrorCode: '', ErrorReason: `Card declined, ${SECRET}` }]) {
      const { outcome } = await outcomeOf(json(200, { Error: written, ResponseData: null }));
      expect(outcome).toMatchObject({
        kind: 'rejected',
        failure: { upstream: { message: 'Card declined, [removed]' } },
      });
      if (outcome.kind === 'rejected') expect(outcome.failure.upstream.status).toBeUndefined();
    }
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

  it('tells a refusal without any detail of the request, however the upstream writes it', async () => {
    const reason =
      'PurchaseOrder po-jane-4711 is not valid for AUCKLAND DENTAL LTD, 1 Hidden Lane, Auckland, call 021 555 1234 ext 77';
    const upstream = await upstreamOf(json(200, { Error: { ErrorCode: 'PO-JANE-4711', ErrorReason: reason } }));
    const request = { ...REQUEST, purchaseOrder: 'PO-JANE-4711', billing: CONTACT };
    const outcome = await clientOf(upstream.url).purchaseCredits(BEARER, request, recordedCall().call);
    expect(outcome).toMatchObject({
      failure: {
        upstream: {
          status: '[removed]',
          message: 'PurchaseOrder [removed] is not valid for [removed], [removed], call [removed]',
        },
      },
    });
    expect(upstream.requests()).toHaveLength(1);
  });

  it('calls a refused credential by its name', async () => {
    const { outcome } = await outcomeOf(json(401, { Message: 'Authorization has been denied for this request.' }));
    expect(outcome).toMatchObject({
      kind: 'rejected',
      failure: { code: 'UPSTREAM_UNAUTHENTICATED', upstream: { httpStatus: 401 } },
    });
  });
});
