import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BillingActivity } from '../../../../src/domain/billing-history.js';
import { UnreadableValue } from '../../../../src/domain/money.js';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import { httpResponse, type RawUpstream, startRawUpstream } from '../../../support/raw-upstream.js';
import { type RecordedCall, recordedCall } from '../../../support/upstream-call.js';

const sample = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/xtracta/${name}.xml`, import.meta.url));
const CREDENTIAL = { id: 'credential-1', apiKey: '123', rootGroupId: null };
const WINDOW = { groupId: '456789', fromSeconds: 1_500_000_000, toSeconds: 1_600_000_000, recursive: false };

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

const history = (request = WINDOW) => client.getBillingHistory(CREDENTIAL, request, recorded.call);
const drifts = (): string[] => recorded.drifts.map(({ field }) => field);

/** The rows that the client makes of these `<activity>` elements. */
async function rowsOf(...activities: readonly string[]): Promise<readonly BillingActivity[]> {
  const rows = activities.map((row) => `<activity>${row}</activity>`).join('\n');
  upstream.handle(
    httpResponse(200, `<billings_response><status>200</status><message/><plans>${rows}</plans></billings_response>`),
  );
  return (await history()).activities;
}

async function rowOf(activity: string): Promise<BillingActivity | undefined> {
  return (await rowsOf(activity))[0];
}

describe("the manual's sample of a billing history", () => {
  it('comes out with every value exact', async () => {
    upstream.handle(httpResponse(200, sample('billing-history')));
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
        group: { id: '123456', name: 'Bob The Builders' },
      },
    ]);
    expect(recorded.drifts).toEqual([]);
    expect(recorded.attempts).toMatchObject([
      { service: 'xtracta', operation: 'getBillingHistory', kind: 'read', attempt: 1, httpStatus: 200, outcome: 'ok' },
    ]);
  });

  it('is asked for by POST, form-encoded, in unix seconds, without `recursive`', async () => {
    upstream.handle(httpResponse(200, sample('billing-history')));
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
    upstream.handle(httpResponse(200, sample('billing-history')));
    await history({ ...WINDOW, recursive: true });
    expect(upstream.requests()[0]?.body).toMatch(/&recursive=1$/);
  });

  it('is asked for within the caller’s trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    recorded = recordedCall({ traceparent });
    upstream.handle(httpResponse(200, sample('billing-history')));
    await history();
    expect(upstream.requests()[0]?.headers).toMatchObject({ traceparent });
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
    upstream.handle(httpResponse(200, `<billings_response><status>200</status>${plans}</billings_response>`));
    expect((await history()).activities).toHaveLength(count);
    expect(drifts().includes('plans')).toBe(plans === '' || /text|x<activity>/.test(plans));
  });

  const ROW = '<id>1</id><price>5</price>';
  const READ = `<activity>${ROW}</activity>`;

  it.each<[string, readonly string[]]>([
    [`<plans>${READ}<total>5</total></plans>`, ['(unknown)']],
    [`<plans>${READ}<summary><price>5</price></summary></plans>`, ['(unknown)']],
    [`<plans>${READ}</plans><plans>text</plans>`, ['plans']],
    [`<plans>${READ}&#11;</plans>`, ['plans']],
    [`<plans>${READ}</plans><account><plan>Gold</plan></account>`, []],
  ])('is read, and what stands beside it is counted: %s', async (plans, expected) => {
    upstream.handle(httpResponse(200, `<billings_response><status>200</status>${plans}</billings_response>`));
    expect((await history()).activities).toMatchObject([{ id: '1', price: { amount: '5' } }]);
    expect(drifts().filter((field) => ['(unknown)', 'plans'].includes(field))).toEqual(expected);
  });

  it.each([
    `<plans><Activity>${ROW}</Activity></plans>`,
    `<plans>${READ}<Activity>${ROW}</Activity></plans>`,
    `<plans>${READ}<x:activity xmlns:x="u">${ROW}</x:activity></plans>`,
    `<plans>${READ}</plans><plans><PLAN>${ROW}</PLAN></plans>`,
    `<plans>${READ}<plans>${READ}</plans></plans>`,
    `<plans><plans>${READ}</plans></plans>`,
    `<plans><item>${ROW}</item></plans>`,
    `<plans><item>${ROW}</item><item>${ROW}</item></plans>`,
    `<Plans>${READ}</Plans>`,
    `<plans/><x:plans>${READ}</x:plans>`,
    `<activity>${ROW}</activity>`,
    `<plans>${READ}</plans><activity>${ROW}</activity>`,
  ])('is never left out: the response is refused, and asked for once: %s', async (plans) => {
    upstream.handle(httpResponse(200, `<billings_response><status>200</status>${plans}</billings_response>`));
    await expect(history()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', retryable: false });
    expect(recorded.drifts).toContainEqual({ endpoint: 'getBillingHistory', field: 'plans', refused: 'not-whole' });
    expect(upstream.requests()).toHaveLength(1);
  });

  it('is never lost without an error or drift, under whatever name it comes', async () => {
    const spelling = fc
      .tuple(
        fc.constantFrom('activity', 'plan', 'item'),
        fc.constantFrom('', '', 'x:', 'a.b:'),
        fc.infiniteStream(fc.boolean()),
      )
      .map(
        ([name, prefix, isLarge]) =>
          prefix +
          Array.from(name, (letter) => (isLarge.next().value === true ? letter.toUpperCase() : letter)).join(''),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(spelling, { minLength: 1, maxLength: 3 }), async (names) => {
        const rows = names.map((name) => `<${name}>${ROW}</${name}>`).join('');
        upstream.handle(
          httpResponse(200, `<billings_response><status>200</status><plans>${rows}</plans></billings_response>`),
        );
        recorded = recordedCall();
        const read = await history().then(
          ({ activities }) => activities.length,
          () => null,
        );
        const isTold = read === null || drifts().includes('(unknown)');
        expect([names, read === names.length || isTold]).toEqual([names, true]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['group_id', '<group_id>abc</group_id>'],
    ['group_id', '<group_id>5</group_id><group_id>77</group_id>'],
    ['group_id', '<group_id>-5</group_id>'],
    ['group_id', '<Group_id>77</Group_id>'],
    ['group_id', '<x:group_id>77</x:group_id>'],
    ['plan', '<plan><name>A</name></plan>'],
    ['plan', '<Plan>A</Plan>'],
  ])('has an unreadable value where its %s is there and cannot be read: %s', async (element, text) => {
    const row = await rowOf(`<id>1</id>${text}`);
    const value = element === 'plan' ? row?.planName : row?.group;
    expect(value).toBeInstanceOf(UnreadableValue);
    expect([row?.groupId, drifts().includes(element)]).toEqual([null, true]);
  });

  it('keeps a value beside one of the same name in another case', async () => {
    expect((await rowOf('<id>1</id><price>5</price><PRICE>6</PRICE>'))?.price).toMatchObject({ amount: '5' });
    expect(drifts()).toContain('(unknown)');
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
    expect(rows.map(({ group }) => group)).toEqual([{ id: '494' }, null, null]);
  });

  it('gets the same name of its own in every response when it has no id', async () => {
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

describe('a history response', () => {
  it('is refused with more rows than the limit', async () => {
    const limited = new XtractaClient({
      baseUrl: upstream.url,
      readTimeoutMs: 5_000,
      writeTimeoutMs: 5_000,
      maxRows: 3,
    });
    const rows = '<activity><id>1</id></activity>'.repeat(4);
    upstream.handle(
      httpResponse(200, `<billings_response><status>200</status><plans>${rows}</plans></billings_response>`),
    );
    const read = limited.getBillingHistory(CREDENTIAL, WINDOW, recorded.call);
    await expect(read).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', retryable: false });
    limited.close();
  });

  it('tells what the upstream said of a refusal, made safe', async () => {
    const message = '&lt;b&gt;No such group&lt;/b&gt; for api_key=123 at https://x.test/';
    upstream.handle(
      httpResponse(404, `<billings_response><status>404</status><message>${message}</message></billings_response>`),
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
