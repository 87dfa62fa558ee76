import { describe, expect, it } from '@jest/globals';
import { UnreadableValue } from '../../../../src/domain/money.js';
import { chunkedResponse, httpResponse } from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';
import { BOOSTER, CREDENTIAL, clientOf, readCode, stopAllAfterEach, upstreamOf } from './xtracta.harness.js';

stopAllAfterEach();

/**
 * What XML 1.0 has no text for: forbidden characters, raw or by reference, entities that nobody defined, and ampersands
 * alone.
 */
const UNREADABLE = [
  ...['&#11;', '&#0;', '&#xFFFF;', '&nope;', '\u000b', '\u0000', '<![CDATA[\u0001]]>'],
  ...['Tom & Jerry', 'AT&T', ' && ', '&;', '&#;', '&#xZZ;', '&'],
];

const xml = (inner: string): string => `<?xml version="1.0"?><billings_response>${inner}</billings_response>`;
const row = (id: number, name: string): string =>
  `<activity><id>${id}</id><plan>Plan</plan><plan_type>monthly</plan_type><price>${id}.50</price><credit_amount>0</credit_amount>` +
  '<price_currency>NZD</price_currency><allowed_documents>10</allowed_documents><used_documents>1</used_documents>' +
  '<plan_activity>renew</plan_activity><start_date>2026-01-01T00:00:00+00:00</start_date>' +
  `<expiry_date>2026-02-01T00:00:00+00:00</expiry_date><group_name>${name}</group_name><group_id>7</group_id></activity>`;
const historyOf = (...rows: string[]): string =>
  xml(`<status>200</status><message>ok</message><plans>${rows.join('')}</plans>`);
const WINDOW = { groupId: '7', fromSeconds: 0, toSeconds: 2_000_000_000, recursive: false };
const ORDER = { packId: '1223', groupId: '494', quantity: 2, heldDocuments: 'PROCESS' } as const;
const CHANGE = { planId: '111', groupId: '494', heldDocuments: 'PROCESS' } as const;
const PLAN =
  '<status>200</status><message>ok</message><plan><id>111</id><plan_name>P@</plan_name><plan_type>Monthly</plan_type>' +
  '<allowed_documents>5</allowed_documents><used_documents>0</used_documents><price>1.00</price>' +
  '<start_date>2026-01-01T00:00:00+00:00</start_date><expiry_date>2026-02-01T00:00:00+00:00</expiry_date></plan>';
const LATIN = { 'content-type': 'text/xml; charset=ISO-8859-1' };

async function historyFrom(body: string | Buffer, headers?: Record<string, string>) {
  const upstream = await upstreamOf(httpResponse(200, body, headers));
  const recorded = recordedCall();
  const history = await clientOf(upstream.url).getBillingHistory(CREDENTIAL, WINDOW, recorded.call);
  return { history, drifts: recorded.drifts.map(({ field }) => field) };
}

async function orderFrom(body: string | Buffer, headers?: Record<string, string>) {
  const upstream = await upstreamOf(httpResponse(200, body, headers));
  const recorded = recordedCall();
  const outcome = await clientOf(upstream.url).orderBoosterPack(CREDENTIAL, ORDER, recorded.call);
  expect(upstream.requests()).toHaveLength(1);
  return { outcome, drifts: recorded.drifts };
}

describe('a value that XML cannot write', () => {
  it.each(UNREADABLE)('costs itself in a history, and no row: %j', async (odd) => {
    const { history, drifts } = await historyFrom(
      historyOf(row(1, 'Sound'), row(2, `A${odd}B`), row(3, 'Smith &amp; Sons')),
    );
    expect(history.activities.map(({ id, groupName }) => [id, groupName])).toEqual([
      ['1', 'Sound'],
      ['2', expect.any(UnreadableValue)],
      ['3', 'Smith & Sons'],
    ]);
    expect(history.activities.map(({ price }) => price)).toMatchObject([
      { amount: '1.50' },
      { amount: '2.50' },
      { amount: '3.50' },
    ]);
    expect(drifts).toEqual(['group_name']);
  });

  it.each(['plan', 'price', 'start_date', 'used_documents', 'plan_activity', 'plan_type'])(
    'costs a history its %s alone',
    async (element) => {
      const damaged = row(2, 'G').replace(new RegExp(`<${element}>`), `<${element}>&#11;`);
      const { history, drifts } = await historyFrom(historyOf(row(1, 'G'), damaged, row(3, 'G')));
      expect(history.activities.map(({ id }) => id)).toEqual(['1', '2', '3']);
      expect(drifts).toEqual([element]);
    },
  );

  it.each(UNREADABLE)('is a warning in the response to an order: %j', async (odd) => {
    const { outcome } = await orderFrom(BOOSTER.replace(/<plan_name>/, `<plan_name>A${odd}`));
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      value: { pack: { name: null } },
      warnings: [{ code: 'VALUE_UNREADABLE' }],
    });
  });

  it.each(UNREADABLE)('is a warning in the response to a plan change: %j', async (odd) => {
    const upstream = await upstreamOf(httpResponse(200, xml(PLAN.replace('@', odd))));
    const outcome = await clientOf(upstream.url).changePlan(CREDENTIAL, CHANGE, recordedCall().call);
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      value: { plan: { planId: '111', name: null } },
      warnings: [{ code: 'VALUE_UNREADABLE' }],
    });
  });

  it('leaves an order unknown where it stands in what proves the success', async () => {
    for (const element of ['status', 'id']) {
      const { outcome } = await orderFrom(BOOSTER.replace(`<${element}>`, `<${element}>&#11;`));
      expect(outcome.kind).toBe('unknown');
    }
  });

  it('is none of the message of a success', async () => {
    const { outcome } = await orderFrom(BOOSTER.replace(/<message>/, '<message>&#11;'));
    expect(outcome).toMatchObject({ kind: 'succeeded', warnings: [] });
  });

  it('costs usage and catalogue nothing else', async () => {
    const upstream = await upstreamOf(httpResponse(200, xml(PLAN.replace('@', '&#11;'))));
    const client = clientOf(upstream.url);
    const usage = await client.getUsage(CREDENTIAL, '7', recordedCall().call);
    expect(usage.plan).toMatchObject({ planId: '111', allowedDocuments: 5, price: { amount: '1.00' } });
    const { plans } = await client.getPlans(CREDENTIAL, '7', recordedCall().call);
    expect(plans).toMatchObject([{ id: '111', price: { amount: '1.00' } }]);
  });

  it('is read alike in whatever chunks it comes', async () => {
    const upstream = await upstreamOf(chunkedResponse(200, historyOf(row(1, 'A&#11;B'), row(2, 'C'))));
    expect(await readCode(clientOf(upstream.url))).toBe('OK 2');
    const ampersands = await upstreamOf(
      chunkedResponse(200, historyOf(row(1, 'Tom & Jerry'), row(2, '&#x;'), row(3, 'C'))),
    );
    expect(await readCode(clientOf(ampersands.url))).toBe('OK 3');
  });
});

describe('a label that contradicts the bytes', () => {
  const declared = (text: string, encoding: string): string =>
    text.replace(/encoding="[^"]*"/i, `encoding="${encoding}"`);

  it('is drift where the header says ISO-8859-1 and the bytes are UTF-8', async () => {
    const { history, drifts } = await historyFrom(historyOf(row(1, 'Café')), LATIN);
    expect(history.activities).toMatchObject([{ groupName: 'Café' }]);
    expect(drifts).toEqual(['charset']);
    expect((await orderFrom(BOOSTER, LATIN)).outcome.kind).toBe('succeeded');
  });

  it('is drift where the declaration says ISO-8859-1 and the bytes are ASCII', async () => {
    const { outcome, drifts } = await orderFrom(declared(BOOSTER, 'ISO-8859-1'));
    expect(outcome.kind).toBe('succeeded');
    expect(drifts).toContainEqual({ endpoint: 'orderBoosterPack', field: 'encoding' });
  });

  it('is drift where declaration or header say US-ASCII and the bytes go beyond it, and only there', async () => {
    const ascii = { 'content-type': 'text/xml; charset=us-ascii' };
    const says = (name: string): string => historyOf(row(1, name)).replace('?>', ' encoding="US-ASCII"?>');
    expect((await historyFrom(says('Cafe'), ascii)).drifts).toEqual([]);
    const { history, drifts } = await historyFrom(says('Café'), ascii);
    expect(history.activities).toMatchObject([{ groupName: 'Café' }]);
    expect(drifts).toEqual(['encoding', 'charset']);
  });

  it('never replaces a character: bytes that are no UTF-8 are refused', async () => {
    const latin = Buffer.from(declared(BOOSTER, 'ISO-8859-1').replace('<plan_name>', '<plan_name>Café'), 'latin1');
    expect((await orderFrom(latin, LATIN)).outcome.kind).toBe('unknown');
  });

  it('is none where both say UTF-8, in whatever case', async () => {
    for (const type of ['text/xml', 'text/xml; charset=utf-8', 'text/xml;Charset="UTF-8"']) {
      expect((await historyFrom(historyOf(row(1, 'G')), { 'content-type': type })).drifts).toEqual([]);
    }
  });
});

it('counts a date without an offset, and reads it as UTC', async () => {
  const body = historyOf(row(1, 'G').replace('2026-01-01T00:00:00+00:00', '2026-01-01 00:00:00'));
  const { history, drifts } = await historyFrom(body);
  expect(history.activities).toMatchObject([{ startDate: '2026-01-01T00:00:00Z' }]);
  expect(drifts).toEqual(['start_date']);
  expect((await historyFrom(body.replace('2026-01-01 00:00:00', '2026-01-01 00:00:00 (GMT)'))).drifts).toEqual([]);
});

describe('a refused response', () => {
  it.each([
    ['a cut', BOOSTER.slice(0, BOOSTER.indexOf('</price>')), 'price', 'not-well-formed'],
    ['a DOCTYPE', `<!DOCTYPE a>${BOOSTER.replace(/<\?xml[^>]*>\s*/, '')}`, '(document)', 'doctype'],
    ['another root', '<html><body/></html>', '(unknown)', 'root'],
    ['no pack', xml('<status>200</status><message>ok</message>'), 'pack', 'not-whole'],
    ['a status twice', xml('<status>200</status><status>200</status><pack><id>1</id></pack>'), 'status', 'status'],
    ['an element that nobody knows', xml('<secret-4711>a <& b</secret-4711>'), '(unknown)', 'not-well-formed'],
  ])('names the place of %s, and no value', async (_name, body, field, refused) => {
    const { outcome, drifts } = await orderFrom(body);
    expect(outcome.kind).toBe('unknown');
    expect(drifts.filter((drift) => drift.refused !== undefined)).toEqual([
      { endpoint: 'orderBoosterPack', field, refused },
    ]);
  });
});
