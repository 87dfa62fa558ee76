import { describe, expect, it } from '@jest/globals';
import { UnreadableValue } from '../../../../src/domain/money.js';
import { httpResponse } from '../../../support/raw-upstream.js';
import { CREDENTIAL, clientAt, smallReadsStand } from './small-reads.harness.js';

const { upstream, client, recorded, respondWith, drifts } = smallReadsStand();
const catalogue = (groupId: string | null = '456') => client().getPlans(CREDENTIAL, groupId, recorded().call);

const PLAN = (id: string, rest = '<price>49.90</price>'): string =>
  `<plan><id>${id}</id><plan_name>Plan ${id}</plan_name><plan_type>Monthly</plan_type>` +
  `<allowed_documents>100</allowed_documents><group_id>1</group_id>${rest}</plan>`;
const PACK = (id: string, rest = '<price>99</price><wholesale_price>69.30</wholesale_price>'): string =>
  `<pack><id>${id}</id><pack_name>Pack ${id}</pack_name>` +
  `<allowed_documents>100</allowed_documents><group_id>1</group_id>${rest}</pack>`;

describe('a catalogue', () => {
  const ids = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);

  it("holds every element of the manual's table, exact, and names no currency that the upstream does not", async () => {
    respondWith(PLAN('7', '<price>1e5</price><wholesale_price>0.10</wholesale_price>') + PACK('0009'));
    expect(await catalogue()).toEqual({
      plans: [
        {
          id: '7',
          name: 'Plan 7',
          type: 'MONTHLY',
          typeRaw: 'Monthly',
          allowedDocuments: 100,
          price: { amount: '1e5', currency: null },
          wholesalePrice: { amount: '0.10', currency: null },
        },
      ],
      packs: [
        {
          id: '0009',
          name: 'Pack 0009',
          allowedDocuments: 100,
          price: { amount: '99', currency: null },
          wholesalePrice: { amount: '69.30', currency: null },
        },
      ],
    });
    expect(drifts()).toEqual([]);
    const [request] = upstream().requests();
    expect(request).toMatchObject({ method: 'POST', path: '/v1/billings/plans', body: 'api_key=123&group_id=456' });
  });

  it('is read whether its items stand below the root or in lists of their own, one or many, in any order', async () => {
    const expected = ['2', '0010', '11', 'custom'];
    const plans = ['custom', '11', '2', '0010'].map((id) => PLAN(id)).join('');
    const packs = ['11', 'custom', '0010', '2'].map((id) => PACK(id)).join('');
    for (const payload of [
      `${plans}${packs}`,
      `<plans>${plans}</plans><packs>${packs}</packs>`,
      `${packs}<plans>${plans}</plans>`,
    ]) {
      respondWith(payload);
      const read = await catalogue();
      expect([ids(read.plans), ids(read.packs)]).toEqual([expected, expected]);
    }
    respondWith(`<plans>${PLAN('1')}</plans><packs/>`);
    expect(await catalogue()).toMatchObject({ plans: [{ id: '1' }], packs: [] });
    expect(drifts()).toEqual([]);
  });

  it('takes a currency that comes with a price, for that price alone', async () => {
    respondWith(PLAN('1', '<price>5</price><price_currency>usd</price_currency><wholesale_price>3</wholesale_price>'));
    expect((await catalogue()).plans[0]).toMatchObject({
      price: { amount: '5', currency: 'USD' },
      wholesalePrice: { amount: '3', currency: null },
    });
  });

  it('shows no wholesale price where the upstream shows none', async () => {
    respondWith(PLAN('1'));
    expect((await catalogue()).plans[0]?.wholesalePrice).toBeNull();
    expect(drifts()).toEqual([]);
  });

  it('leaves out what has no id, which nobody could order, and counts it', async () => {
    respondWith(PLAN(' ') + PLAN('1').replace('<id>1</id>', '') + PLAN('2') + PACK(''));
    const read = await catalogue();
    expect([ids(read.plans), ids(read.packs)]).toEqual([['2'], []]);
    expect(drifts()).toEqual(['getPlans id', 'getPlans id', 'getPlans id']);
  });

  it.each(['price', 'wholesale_price', 'allowed_documents'])(
    'keeps an item whose %s cannot be read',
    async (element) => {
      const item = PACK('1').replace(new RegExp(`(<${element}>)[^<]*`), '$1n/a');
      respondWith(item);
      const [pack] = (await catalogue()).packs;
      const unreadable = Object.values(pack ?? {}).filter((value) => value instanceof UnreadableValue);
      expect(unreadable.map((value) => value.element)).toEqual([element]);
      expect(pack?.name).toBe('Pack 1');
    },
  );

  it('is empty where there is nothing to choose from, and that is counted unless it is said', async () => {
    respondWith('<plans/><packs></packs>');
    expect(await catalogue()).toEqual({ plans: [], packs: [] });
    expect(drifts()).toEqual([]);
    respondWith('');
    expect(await catalogue()).toEqual({ plans: [], packs: [] });
    expect(drifts()).toEqual(['getPlans plan']);
  });

  it.each<[string, readonly string[]]>([
    [`${PLAN('1')}<plan>Gold</plan>`, ['getPlans plan']],
    [`${PLAN('1')}<pack>&#11;</pack>`, ['getPlans pack']],
    [`<plans>text${PLAN('1')}</plans>`, ['getPlans plan']],
    [`<plans>${PLAN('1')}<total>1</total></plans>`, ['getPlans (unknown)']],
  ])('counts what is no item beside those that are: %s', async (payload, expected) => {
    respondWith(payload);
    expect(ids((await catalogue()).plans)).toEqual(['1']);
    expect(drifts()).toEqual(expected);
  });

  it.each([
    '<plan>Gold</plan>',
    PLAN('1').replaceAll('plan>', 'Plan>'),
    PLAN('1') + PACK('2').replaceAll('pack>', 'x:pack>'),
    `<Plans>${PLAN('1')}</Plans>`,
    `<plans>${PLAN('1')}${PLAN('2').replaceAll('plan>', 'PLAN>')}</plans>`,
    `<plans><item><id>1</id></item></plans>`,
    `<plans><plans>${PLAN('1')}</plans></plans>`,
  ])('is refused where items would be left out: %s', async (payload) => {
    respondWith(payload);
    await expect(catalogue()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', retryable: false });
    expect(upstream().requests()).toHaveLength(1);
  });

  it("is asked for the api key's own group by leaving the group out", async () => {
    respondWith(PLAN('1'));
    await catalogue(null);
    expect(upstream().requests()[0]?.body).toBe('api_key=123');
  });

  it('is looked for where the setting says', async () => {
    respondWith(PLAN('1'));
    const elsewhere = clientAt(upstream().url, { cataloguePath: '/v2/catalogue' });
    await elsewhere.getPlans(CREDENTIAL, '1', recorded().call);
    elsewhere.close();
    expect(upstream().requests()[0]?.path).toBe('/v2/catalogue');
  });

  it.each([
    ['nothing at all', ''],
    ['a page', '<!DOCTYPE html><html><body>Not Found</body></html>'],
    ['JSON', '{"message":"no route"}'],
    ['XML of somebody else', '<error>no route</error>'],
  ])(
    'is not configured where its path leads to %s; the setting is named, and nothing is sent again',
    async (_name, body) => {
      upstream().handle(httpResponse(404, body));
      await expect(catalogue()).rejects.toMatchObject({
        code: 'NOT_CONFIGURED',
        retryable: false,
        message: expect.stringContaining('XTRACTA_CATALOGUE_PATH'),
        upstream: { operation: 'getPlans', httpStatus: 404 },
      });
      expect(upstream().requests()).toHaveLength(1);
    },
  );

  it.each([
    [404, 'NOT_FOUND'],
    [403, 'FORBIDDEN'],
    [400, 'UPSTREAM_REJECTED'],
  ])("is refused by the upstream's own %s as %s", async (status, code) => {
    respondWith('', status);
    await expect(catalogue()).rejects.toMatchObject({ code, upstream: { status: String(status) } });
  });

  it('larger than any catalogue is refused', async () => {
    respondWith(PLAN('1', `<price>1</price><x>${'x'.repeat(3 * 1024 * 1024)}</x>`));
    await expect(catalogue()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });
});
