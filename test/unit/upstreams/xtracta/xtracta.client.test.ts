import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BillingActivity } from '../../../../src/domain/billing-activity.js';
import { UnreadableValue } from '../../../../src/domain/readable.js';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import { answer, type RawUpstream, startRawUpstream } from '../../../support/raw-upstream.js';
import { type RecordedCall, recordedCall } from '../../../support/upstream-call.js';

const sample = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/xtracta/${name}.xml`, import.meta.url));
const CREDENTIAL = { id: 'credential-1', apiKey: '123', rootGroupId: null };
const WINDOW = { groupId: '456789', fromSeconds: 1_500_000_000, toSeconds: 1_600_000_000, recursive: false };

let upstream: RawUpstream;
let client: XtractaClient;
let recorded: RecordedCall;

beforeEach(async () => {
  upstream = await startRawUpstream(answer(500, ''));
  client = new XtractaClient({ baseUrl: `${upstream.url}/`, readTimeoutMs: 5_000, writeTimeoutMs: 5_000 });
  recorded = recordedCall();
});

afterEach(async () => {
  client.close();
  await upstream.close();
});

const history = (request = WINDOW) => client.getBillingHistory(CREDENTIAL, request, recorded.call);
const drifts = (): string[] => recorded.drifts.map(({ field }) => field);

/** The rows that the client makes of these `<activity>` elements. */
async function rowsOf(...activities: readonly string[]): Promise<readonly BillingActivity[]> {
  const rows = activities.map((row) => `<activity>${row}</activity>`).join('\n');
  upstream.handle(
    answer(200, `<billings_response><status>200</status><message/><plans>${rows}</plans></billings_response>`),
  );
  return (await history()).activities;
}

async function rowOf(activity: string): Promise<BillingActivity | undefined> {
  return (await rowsOf(activity))[0];
}

describe("the manual's sample of a billing history", () => {
  it('comes out with every value exact', async () => {
    upstream.handle(answer(200, sample('billing-history')));
    expect((await history()).activities).toEqual([
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
        startMs: Date.parse('2017-08-21T02:16:49Z'),
        expiryMs: Date.parse('2017-09-21T02:16:48Z'),
        groupId: '123456',
        groupName: 'Bob The Builders',
      },
    ]);
    expect(recorded.drifts).toEqual([]);
    expect(recorded.attempts).toMatchObject([
      { service: 'xtracta', operation: 'getBillingHistory', kind: 'read', attempt: 1, httpStatus: 200, outcome: 'ok' },
    ]);
  });

  it('is asked for by POST, form-encoded, in unix seconds, without `recursive`', async () => {
    upstream.handle(answer(200, sample('billing-history')));
    await history();
    const [request] = upstream.requests();
    expect(request).toMatchObject({ method: 'POST', path: '/v1/billings/history' });
    expect(request?.body).toBe('api_key=123&group_id=456789&billing_from=1500000000&billing_to=1600000000');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      accept: 'application/xml, text/xml',
      'accept-encoding': 'identity',
    });
  });

  it('is asked for with `recursive=1` when subgroups are wanted', async () => {
    upstream.handle(answer(200, sample('billing-history')));
    await history({ ...WINDOW, recursive: true });
    expect(upstream.requests()[0]?.body).toMatch(/&recursive=1$/);
  });

  it('is asked for within the caller’s trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    recorded = recordedCall({ traceparent });
    upstream.handle(answer(200, sample('billing-history')));
    await history();
    expect(upstream.requests()[0]?.headers).toMatchObject({ traceparent });
  });
});

describe("the manual's sample of a pack order", () => {
  const request = { packId: '1223', groupId: null, quantity: 1, heldDocuments: 'PROCESS' } as const;

  it('comes out with every value exact, and says that the quantity differs', async () => {
    upstream.handle(answer(200, sample('booster')));
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
    upstream.handle(answer(200, sample('booster')));
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
      'the summary cannot be read',
      '<status>200</status><pack><id>1</id><quantity>2</quantity></pack><pack_summary><total_used_documents>x</total_used_documents></pack_summary>',
      ['VALUE_UNREADABLE'],
    ],
  ])('warns rightly when %s', async (_name, inner, warnings) => {
    upstream.handle(answer(200, `<billings_response>${inner}</billings_response>`));
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
    upstream.handle(answer(200, `<billings_response><status>200</status>${pack}</billings_response>`));
    expect(await client.orderBoosterPack(CREDENTIAL, request, recorded.call)).toMatchObject({
      value: { pack: { name: 'Big', price: { amount: '9.50', currency: 'NZD' } }, summary: null },
    });
    expect(drifts()).toEqual(['pack_summary', 'allowed_documents', 'quantity']);
  });
});

describe("the manual's sample of a plan change", () => {
  const request = { planId: '111', groupId: '123', heldDocuments: 'PROCESS' } as const;

  it('comes out with every value exact', async () => {
    upstream.handle(answer(200, sample('plan-update')));
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
    upstream.handle(answer(200, flat));
    expect(await client.changePlan(CREDENTIAL, request, recorded.call)).toMatchObject({
      kind: 'succeeded',
      value: { plan: { planId: '1111', name: 'Test Plan', price: { amount: '500' } } },
    });
  });

  it('never reports fewer than no documents left', async () => {
    upstream.handle(answer(200, sample('plan-update').toString().replace('>0</used', '>1001</used')));
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
    upstream.handle(answer(200, sample('billing-ui')));
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
    upstream.handle(answer(200, session(url)));
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
    upstream.handle(answer(200, session(url)));
    const outcome = await open();
    expect(outcome.kind).toBe('unknown');
    if (url !== '') expect(JSON.stringify(outcome)).not.toContain(url);
  });

  it('has no expiry where the number is no moment, and warns of it', async () => {
    upstream.handle(answer(200, session('https://a.example/', '9090')));
    expect(await open()).toMatchObject({ value: { expiresAt: null }, warnings: [{ code: 'VALUE_UNREADABLE' }] });
    expect(drifts()).toEqual(['expire']);
  });
});

describe('a history row', () => {
  it.each<[string, number]>([
    ['<plans/>', 0],
    ['<plans></plans>', 0],
    ['<plans> </plans>', 0],
    ['<plans>text</plans>', 0],
    ['<plans><activity><id>1</id></activity></plans>', 1],
    ['<plans>x<activity><id>1</id></activity>y<activity><id>2</id></activity></plans>', 2],
    ['<plans><plan><id>1</id></plan></plans>', 1],
    ['<plans><activity/></plans>', 1],
    ['', 0],
  ])('is in a list however many there are: %s', async (plans, count) => {
    upstream.handle(answer(200, `<billings_response><status>200</status>${plans}</billings_response>`));
    expect((await history()).activities).toHaveLength(count);
    expect(drifts().includes('plans')).toBe(plans === '');
  });

  it('survives values that cannot be read, which stand in their place', async () => {
    const row = await rowOf(
      '<id>7</id><price>1,000.00</price><price_currency>NZ$</price_currency><used_documents>many</used_documents><start_date>soon</start_date><expiry_date>0000-00-00 00:00:00</expiry_date><plan_activity>moved</plan_activity><plan_type>Weekly</plan_type><group_id>x</group_id><odd>1</odd><odder>2</odder>',
    );
    expect(row).toMatchObject({
      id: '7',
      kind: 'OTHER',
      kindRaw: 'moved',
      planType: 'OTHER',
      planTypeRaw: 'Weekly',
      expiryDate: null,
      startMs: null,
      groupId: null,
    });
    expect(row?.price).toBeInstanceOf(UnreadableValue);
    expect(row?.usedDocuments).toBeInstanceOf(UnreadableValue);
    expect(row?.startDate).toBeInstanceOf(UnreadableValue);
    expect(drifts()).toEqual(
      expect.arrayContaining([
        '(unknown)',
        'price',
        'price_currency',
        'used_documents',
        'start_date',
        'plan_activity',
        'plan_type',
        'group_id',
        'allowed_documents',
        'group_name',
      ]),
    );
    expect(drifts()).not.toContain('odd');
  });

  it.each<[string, unknown]>([
    ['<credit_amount>12.50</credit_amount>', '12.50'],
    ['<credit_amount>-5</credit_amount>', '-5'],
    ['<credit_amount></credit_amount>', null],
    ['', null],
  ])('reads the credit of %j', async (credit, expected) =>
    expect((await rowOf(`<id>1</id>${credit}`))?.creditAmount).toBe(expected),
  );

  it('has an unreadable price where the element is empty, and none where it is missing', async () => {
    expect((await rowOf('<id>1</id><price/>'))?.price).toBeInstanceOf(UnreadableValue);
    expect((await rowOf('<id>1</id>'))?.price).toBeNull();
  });

  it('keeps its price when the currency cannot be read', async () => {
    const row = await rowOf('<id>1</id><price>9.90</price><price_currency>NZ$</price_currency>');
    expect(row?.price).toMatchObject({ amount: '9.90', currency: expect.any(UnreadableValue) });
  });

  it('strips the zeros of its group id, and has none where it names none', async () => {
    const rows = await rowsOf(
      '<id>1</id><group_id>00494</group_id>',
      '<id>2</id><group_name>Bob</group_name>',
      '<id>3</id><group_id/>',
    );
    expect(rows.map(({ groupId }) => groupId)).toEqual(['494', null, null]);
  });

  it('gets the same name of its own in every answer when it has no id', async () => {
    const [first] = await rowsOf('<plan>A</plan>', '<id>1</id>');
    const [, second, other] = await rowsOf('<id>1</id>', '<plan>A</plan>', '<plan>B</plan>');
    expect(first?.id).toMatch(/^missing:[0-9a-f]{24}$/);
    expect(second?.id).toBe(first?.id);
    expect(other?.id).not.toBe(first?.id);
    expect(drifts()).toContain('id');
  });

  it('takes the name out of a plan that is a record', async () => {
    expect((await rowOf('<id>1</id><plan><plan_name>Nested</plan_name></plan>'))?.planName).toBe('Nested');
  });

  it('comes out with any id, name and figure unchanged', async () => {
    const blankless = fc.constantFrom(
      '007',
      '1e5',
      '0x1A',
      '123456789012345678901234567890',
      'true',
      'NaN',
      '-0',
      'x y',
    );
    const names = fc.oneof(
      blankless,
      fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !/[\p{Cc}\p{Cn}\p{Cs}\uFFFE\uFFFF]/u.test(text)),
    );
    const figures = fc.stringMatching(/^-?\d{1,30}(\.\d{1,10})?$/);
    const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    const row = fc.record({ id: blankless, name: names, figure: figures });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 4 }), async (rows) => {
        const read = await rowsOf(
          ...rows.map(
            ({ id, name, figure }) =>
              `<id>${id}</id><plan>${escaped(name)}</plan><group_name><![CDATA[${name.replaceAll(']]>', '')}]]></group_name><price>${figure}</price>`,
          ),
        );
        expect(read.map(({ id, planName, price }) => ({ id, name: planName, figure: price }))).toEqual(
          rows.map(({ id, name, figure }) => ({ id, name, figure: { amount: figure, currency: null } })),
        );
        expect(read.map(({ groupName }) => groupName)).toEqual(rows.map(({ name }) => name.replaceAll(']]>', '')));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a history answer', () => {
  it('is refused with more rows than the limit', async () => {
    const limited = new XtractaClient({
      baseUrl: upstream.url,
      readTimeoutMs: 5_000,
      writeTimeoutMs: 5_000,
      maxRows: 3,
    });
    const rows = '<activity><id>1</id></activity>'.repeat(4);
    upstream.handle(answer(200, `<billings_response><status>200</status><plans>${rows}</plans></billings_response>`));
    const read = limited.getBillingHistory(CREDENTIAL, WINDOW, recorded.call);
    await expect(read).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', retryable: false });
    limited.close();
  });

  it('tells what the upstream said of a refusal, made safe', async () => {
    const message = '&lt;b&gt;No such group&lt;/b&gt; for api_key=123 at https://x.test/';
    upstream.handle(
      answer(404, `<billings_response><status>404</status><message>${message}</message></billings_response>`),
    );
    await expect(history()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      upstream: {
        service: 'xtracta',
        operation: 'getBillingHistory',
        httpStatus: 404,
        status: '404',
        message: 'No such group for [removed] at [removed]',
      },
    });
  });
});
