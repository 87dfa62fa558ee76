import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { postForm, postPurchase, rawPost, textsOf } from './simulator.client.js';

let simulator: TestSimulator;
beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
});

const BOOSTER = '/v1/billings/booster';
const HISTORY = '/v1/billings/history';
const order = (world: TestWorld, fault: string) =>
  postForm(simulator.url, BOOSTER, { api_key: world.apiKey, pack_id: '1223' }, { 'x-sim-fault': fault });
const history = (world: TestWorld, fault: string, fields: Record<string, string> = { group_id: '100007' }) =>
  postForm(simulator.url, HISTORY, { api_key: world.apiKey, ...fields }, { 'x-sim-fault': fault });
const rawOrder = (world: TestWorld, fault: string) =>
  rawPost(simulator.port, BOOSTER, { api_key: world.apiKey, pack_id: '1223' }, fault);
const sold = (world: TestWorld) => world.world.state().packOrders.length;

describe('instead of a response', () => {
  test.each([
    ['status;code=503', 503, /<html/],
    ['status;code=500;body=xml;message=Oops', 500, /<status>500<\/status>\s*<message>Oops</],
    ['status;code=404;body=empty', 404, /^$/],
    ['xml_status;code=402', 200, /<status>402<\/status>/],
    ['rate_limit;retryAfter=7', 429, /Too many/],
    ['redirect;code=302', 302, /Moved/],
    ['html', 200, /Please log in/],
    ['no_content', 204, /^$/],
    ['not_xml', 200, /^\{/],
    ['empty', 200, /^$/],
  ])('%s', async (fault, status, body) => {
    const response = await order(simulator.freshWorld(), fault);
    expect(response.status).toBe(status);
    expect(response.text).toMatch(body);
    expect(response.text).not.toContain('<pack>');
  });

  test('says where a redirect goes and when to come back', async () => {
    const world = simulator.freshWorld();
    const location = encodeURIComponent('http://127.0.0.1:9/a;b,c');
    expect((await order(world, `redirect;location=${location}`)).headers.get('location')).toBe(
      'http://127.0.0.1:9/a;b,c',
    );
    expect((await order(world, 'rate_limit;retryAfter=7')).headers.get('retry-after')).toBe('7');
    expect((await order(world, 'status;code=503;retryAfter=3')).headers.get('retry-after')).toBe('3');
  });

  test('does the work only where that is asked for', async () => {
    const world = simulator.freshWorld();
    await order(world, 'status;code=502');
    expect(sold(world)).toBe(0);
    await order(world, 'status;code=502;commit=true');
    expect(sold(world)).toBe(1);
    expect(world.world.journal.list().map((entry) => [entry.status, entry.committed])).toEqual([
      [502, false],
      [502, true],
    ]);
  });
});

describe('the connection', () => {
  test('reset: nothing is answered and nothing sold', async () => {
    const world = simulator.freshWorld();
    expect(await rawOrder(world, 'reset')).toEqual({ received: '', end: 'reset' });
    expect(sold(world)).toBe(0);
  });

  test('commit_then_drop: nothing is answered, and one pack is sold', async () => {
    const world = simulator.freshWorld();
    expect((await rawOrder(world, 'commit_then_drop')).received).toBe('');
    expect(sold(world)).toBe(1);
    expect(world.world.journal.list()).toMatchObject([{ status: null, committed: true, faults: ['commit_then_drop'] }]);
  });

  test.each([
    ['length', /Content-Length: 5\d\d\r\n/],
    ['chunked', /Transfer-Encoding: chunked\r\n/],
    ['close', /Connection: close\r\n/],
  ])('cut, mode %s: the body ends in the middle', async (mode, head) => {
    const world = simulator.freshWorld();
    const { received } = await rawOrder(world, `cut;mode=${mode};at=0.4`);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\nX-Simulator: 1\r\n/);
    expect(received).toMatch(head);
    expect(received).toContain('<billings_response>');
    expect(received).not.toContain('</billings_response>');
    expect(received).not.toMatch(/\r\n0\r\n/);
    expect(sold(world)).toBe(1);
  });

  test('hang and stall: the response never ends', async () => {
    const world = simulator.freshWorld();
    for (const [index, fault] of ['hang', 'hang;commit=true', 'stall'].entries()) {
      const giveUp = new AbortController();
      const request = fetch(`${simulator.url}${BOOSTER}`, {
        method: 'POST',
        body: new URLSearchParams({ api_key: world.apiKey, pack_id: '1223' }),
        headers: { 'x-sim-fault': fault },
        signal: giveUp.signal,
      });
      const body = request.then((response) => response.text());
      body.catch(() => undefined);
      if (fault === 'stall') expect((await request).status).toBe(200);
      while (world.world.journal.list().length <= index) await new Promise(setImmediate);
      giveUp.abort();
      await expect(body).rejects.toThrow();
    }
    expect(sold(world)).toBe(2);
  });

  test('drip and delay: slow, and whole', async () => {
    const world = simulator.freshWorld();
    const response = await order(world, 'delay;ms=1, delay;ms=1;after=true, drip;bytes=100;ms=1');
    expect(response.text).toContain('</billings_response>');
  });

  test('oversize: well-formed, and larger than anyone should read', async () => {
    const world = simulator.freshWorld();
    const response = await order(world, 'oversize;bytes=3000000');
    expect(response.text.length).toBeGreaterThan(3_000_000);
    expect(response.text).toMatch(/^<\?xml[^>]*\?><!--x/);
    expect(response.text).toMatch(/-->\s*<billings_response>/);
  });
});

describe('the bytes', () => {
  test.each<[fault: string, expected: RegExp]>([
    ['doctype', /\?>\n<!DOCTYPE r SYSTEM/],
    ['doctype;entity=true', /<!ENTITY x "expanded">/],
    ['php_warning', /^<br \/>/],
    ['blank_line', /^\n<\?xml/],
    ['trailing;text=garbage', /<\/billings_response>\ngarbage$/],
    ['two_roots', /<second>root<\/second>$/],
    ['references', /Caf&#233; Zo&#235; &amp; S&#246;hne/],
  ])('%s', async (fault, expected) => {
    const response = await history(simulator.freshWorld(), fault);
    expect(response.status).toBe(200);
    expect(response.text).toMatch(expected);
  });

  test('encodings that aren’t UTF-8, and a byte order mark', async () => {
    const { apiKey } = simulator.freshWorld();
    const bytesOf = async (fault: string) => {
      const body = new URLSearchParams({ api_key: apiKey, group_id: '100007' });
      const response = await fetch(`${simulator.url}${HISTORY}`, {
        method: 'POST',
        body,
        headers: { 'x-sim-fault': fault },
      });
      return Buffer.from(await response.arrayBuffer());
    };
    expect((await bytesOf('bom')).subarray(0, 5).toString('hex')).toBe('efbbbf3c3f');
    expect((await bytesOf('utf16')).subarray(0, 4).toString('hex')).toBe('fffe3c00');
    expect((await bytesOf('invalid_utf8')).includes(0xff)).toBe(true);
  });

  test('gzip, with padding inside', async () => {
    const world = simulator.freshWorld();
    const { received } = await rawOrder(world, 'gzip;bytes=100000, http_status;code=200, cut;at=1;mode=close');
    expect(received).toContain('Content-Encoding: gzip');
    const response = await fetch(`${simulator.url}${BOOSTER}`, {
      method: 'POST',
      body: new URLSearchParams({ api_key: world.apiKey, pack_id: '1223' }),
      headers: { 'x-sim-fault': 'gzip;bytes=100000' },
    });
    expect((await response.text()).length).toBeGreaterThan(100_000);
  });

  test('another status, content type or a large header over the right body', async () => {
    const world = simulator.freshWorld();
    const failed = await order(world, 'http_status;code=500');
    expect([failed.status, textsOf(failed.text, 'status')]).toEqual([500, ['200']]);
    expect((await order(world, 'content_type;value=text/plain')).headers.get('content-type')).toBe('text/plain');
    expect((await order(world, 'content_type;value=')).headers.get('content-type')).toBeNull();
    const { received } = await rawOrder(world, 'big_header;bytes=20000, cut;at=1;mode=close');
    expect(received).toMatch(/X-Padding: x{20000}\r\n/);
  });
});

describe('the content', () => {
  test.each<[fault: string, element: string, expected: string[]]>([
    ['status_element;value=true', 'status', ['true']],
    ['status_element;value=false', 'status', ['false']],
    ['status_element;value=missing', 'status', []],
    ['status_element;value=duplicated', 'status', ['200', '200']],
    ['missing_payload', 'price', []],
    ['element;name=price;value=1%2C000.00', 'price', ['1,000.00']],
    ['omit;name=group_id', 'group_id', []],
    ['extra', 'node', ['n7']],
  ])('%s', async (fault, element, expected) => {
    const response = await order(simulator.freshWorld(), fault);
    expect(textsOf(response.text, element)).toEqual(expected);
  });

  test('another root, unknown words, rows without a group, a toggle for one request', async () => {
    const world = simulator.freshWorld();
    expect((await history(world, 'wrong_root;name=xml')).text).toMatch(/<xml>[\s\S]*<\/xml>/);
    const words = await history(world, 'unknown_words');
    expect(new Set(textsOf(words.text, 'plan_activity'))).toEqual(new Set(['teleported']));
    expect(textsOf((await history(world, 'omit;name=group_id')).text, 'group_id')).toEqual([]);
    const dates = await history(world, 'toggle;name=dateFormat;value=gmt');
    expect(textsOf(dates.text, 'start_date')[0]).toMatch(/\(GMT\)$/);
    expect(textsOf((await history(world, '')).text, 'start_date')[0]).toMatch(/\+00:00$/);
  });

  test('of a credits response', async () => {
    const PurchaseID = simulator.fixtures.purchaseId;
    const { creditsToken } = simulator.freshWorld();
    const buy = async (fault: string) =>
      (await postPurchase(simulator.url, creditsToken, { PurchaseID }, { 'x-sim-fault': fault })).text;
    expect(await buy('error_beside;code=0')).toMatch(/"ErrorCode":"0".*"Detail":\{/);
    expect(await buy('detail_null')).toMatch(/^\{"Error":null,.*"Detail":null/);
    expect(await buy('json_value;name=Quantity;raw=12345678901234567.89')).toContain('"Quantity":12345678901234567.89');
    expect(await buy('json_value;name=Result;raw="Paid"')).toContain('"Result":"Paid","Detail":{');
    expect(await buy('camel_case')).toContain('"responseData":{"identification"');
    expect(await buy('missing_payload')).toBe('{"Error":null,"ResponseData":null}');
    expect(await buy('model_state')).toContain('"ModelState"');
    expect(await buy('server_error;trace=true')).toContain('StackTrace');
    expect(await buy('not_xml')).toMatch(/^<\?xml/);
  });
});
