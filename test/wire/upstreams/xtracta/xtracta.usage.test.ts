import { describe, expect, it } from '@jest/globals';
import { UnreadableValue } from '../../../../src/domain/money.js';
import { httpResponse } from '../../../support/raw-upstream.js';
import { CREDENTIAL, smallReadsStand } from './small-reads.harness.js';

const { upstream, client, recorded, respondWith, drifts } = smallReadsStand();
const usage = (groupId = '456') => client().getUsage(CREDENTIAL, groupId, recorded().call);

/**
 * The plan of the manual's page Get Usage, as far as its public copy shows the sample, with the elements that its table
 * names.
 */
const USAGE = `
  <plan>
    <id>1</id>
    <plan_name>Plan A</plan_name>
    <price>15</price>
    <price_currency>NZD</price_currency>
    <allowed_documents>250</allowed_documents>
    <used_documents>0</used_documents>
    <available_documents>250</available_documents>
    <start_date>2015-02-27 12:10:04 (GMT)</start_date>
    <expiry_date>2015-03-27 12:10:03 (GMT)</expiry_date>
    <group_id>456</group_id>
  </plan>`;

const without = (element: string): string => USAGE.replace(new RegExp(`<${element}>.*</${element}>`), '');
const withText = (element: string, text: string): string =>
  USAGE.replace(new RegExp(`(<${element}>).*(</${element}>)`), `$1${text}$2`);

describe('usage', () => {
  it("comes out exact of the manual's sample, with nothing unforeseen", async () => {
    respondWith(USAGE);
    expect(await usage()).toEqual({
      plan: {
        planId: '1',
        name: 'Plan A',
        type: 'OTHER',
        typeRaw: null,
        price: { amount: '15', currency: 'NZD' },
        allowedDocuments: 250,
        usedDocuments: 0,
        remainingDocuments: 250,
        startDate: '2015-02-27T12:10:04Z',
        expiryDate: '2015-03-27T12:10:03Z',
      },
      groupId: '456',
    });
    expect(drifts()).toEqual([]);
    const [request] = upstream().requests();
    expect(request).toMatchObject({ method: 'POST', path: '/v1/billings/usage', body: 'api_key=123&group_id=456' });
  });

  it.each([
    ['allowed minus used where the upstream leaves it out', without('available_documents'), 250],
    ["the upstream's own count, whatever allowed and used say", withText('available_documents', '7'), 7],
    ['never below nothing', withText('available_documents', '-12'), 0],
    ['nothing known', without('available_documents').replace(/<used_documents>.*\n/, ''), null],
  ])('tells what is left: %s', async (_name, payload, remaining) => {
    respondWith(payload);
    expect((await usage()).plan?.remainingDocuments).toBe(remaining);
  });

  it.each([
    'price',
    'price_currency',
    'allowed_documents',
    'used_documents',
    'available_documents',
    'start_date',
    'expiry_date',
    'group_id',
  ])('keeps the rest when %s cannot be read, and says which', async (element) => {
    respondWith(withText(element, 'n/a'));
    const { plan, groupId } = await usage();
    const values = [plan?.price, plan?.allowedDocuments, plan?.usedDocuments, plan?.remainingDocuments];
    const { price } = plan ?? {};
    const currency = price !== null && price !== undefined && !(price instanceof Error) ? price.currency : null;
    const unreadable = [...values, currency, plan?.startDate, plan?.expiryDate, groupId].filter(
      (value) => value instanceof UnreadableValue,
    );
    expect(unreadable.map((value) => value.element)).toEqual([element]);
    expect(plan?.name).toBe('Plan A');
    expect(drifts()).toEqual([`getUsage ${element}`]);
  });

  it.each([
    ['an empty plan', '<plan/>', []],
    ['a plan of blanks', '<plan> </plan>', []],
    ['no plan at all', '', ['getUsage plan']],
  ])('is no plan when the response has %s', async (_name, payload, expected) => {
    respondWith(payload);
    expect(await usage()).toEqual({ plan: null, groupId: null });
    expect(drifts()).toEqual(expected);
  });

  it.each([
    ['two plans', USAGE + USAGE],
    ['a plan and an empty one', `${USAGE}<plan/>`],
    ['a text', '<plan>Plan A</plan>'],
    ['a text that cannot be read', '<plan>&#11;</plan>'],
    ['a plan in another case', USAGE.replaceAll('plan>', 'Plan>')],
    ['another plan with a prefix', USAGE + USAGE.replaceAll('plan>', 'x:plan>')],
    ['a list of plans', `<plans>${USAGE}</plans>`],
  ])('is refused, and never taken for no plan, when the response has %s', async (_name, payload) => {
    respondWith(payload);
    await expect(usage()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', retryable: false });
    expect(drifts()).toContain('getUsage plan');
    expect(upstream().requests()).toHaveLength(1);
  });

  it("takes a plan's type when it comes, and counts what nobody foresaw", async () => {
    respondWith(USAGE.replace('<price>', '<plan_type>Annual</plan_type><colour>red</colour><price>'));
    expect((await usage()).plan).toMatchObject({ type: 'ANNUAL', typeRaw: 'Annual' });
    expect(drifts()).toEqual(['getUsage (unknown)']);
  });

  it('names the group that the response is about, in its canonical form', async () => {
    respondWith(withText('group_id', '00789'));
    expect((await usage()).groupId).toBe('789');
    respondWith(without('group_id'));
    expect((await usage()).groupId).toBeNull();
  });

  it('is retried as a read', async () => {
    upstream().handle((exchange) => {
      const failing = httpResponse(503, 'busy');
      if (exchange.number === 1) failing(exchange);
      else httpResponse(200, `<billings_response><status>200</status>${USAGE}</billings_response>`)(exchange);
    });
    expect((await usage()).plan?.planId).toBe('1');
    expect(upstream().requests()).toHaveLength(2);
  });

  it('is not found by the upstream’s own word, and unreadable where nothing of the upstream answers', async () => {
    respondWith('', 404);
    await expect(usage()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    upstream().handle(httpResponse(404, '<html>nothing here</html>'));
    await expect(usage()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });
});
