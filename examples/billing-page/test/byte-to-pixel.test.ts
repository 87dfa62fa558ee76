import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { startBilling } from '@billing-gateway/testing';
import fc from 'fast-check';
import { type PageHarness, startPage } from './page.harness.ts';

/** Number of random rows from the upstream's bytes to the page. */
const ROWS = Number(process.env['PIXEL_RUNS'] ?? 100);
const ROWS_OF_A_PAGE = 100;
const DAY_MS = 86_400_000;

interface UpstreamRow {
  readonly id: string;
  readonly plan: string;
  readonly price: string;
  readonly credit: string;
  readonly currency: string;
  readonly allowed: string;
  readonly used: string;
  readonly start: string;
}

const digits = (from: number, to: number) => fc.stringMatching(new RegExp(`^\\d{${from},${to}}$`));
const decimal = fc.oneof(
  fc
    .tuple(fc.constantFrom('', '-'), fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.option(digits(1, 8), { nil: null }))
    .map(
      ([sign, whole, fraction]) =>
        `${whole === 0n && fraction === null ? '' : sign}${whole}${fraction === null ? '' : `.${fraction}`}`,
    ),
  fc.constantFrom('0', '99', '99.00', '0.10', '007.50', '1e5'),
);
const unreadable = fc.constantFrom('n/a', '12,50', '1.2.3', '--5', '0x10', 'NaN', '12 345', '');
const mostly = <Value>(good: fc.Arbitrary<Value>, bad: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: bad });
const name = fc.oneof(
  fc.constantFrom(
    '1e5',
    '007',
    'Café Zoë & Söhne',
    'O\'Neil <Builders> "Ltd"',
    '東京支店',
    'Party 🎉 Hire',
    'null',
    '-',
    '0',
  ),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 .&<>"'\-/]{0,28}[A-Za-z0-9]$/).map((text) => text.replaceAll(/ +/g, ' ')),
);
const count = fc.oneof(fc.nat({ max: 1_000_000_000 }).map(String), fc.constantFrom('0', '9007199254740991'));
const offset = fc.constantFrom('+00:00', '+12:00', '+13:00', '-05:30');

function rowOf(index: number, now: number): fc.Arbitrary<UpstreamRow> {
  const moment = fc.integer({ min: 1, max: 300 * 86_400 }).map((seconds) => now - seconds * 1000);
  return fc.record({
    // An upstream's id is text: leading zeros are part of it. Made unique, so that a row is found again.
    id: fc.constantFrom('', '0', '00', '9007199254740993').map((prefix) => `${prefix}${1000 + index}`),
    plan: name,
    price: mostly(decimal, unreadable),
    credit: mostly(decimal, unreadable),
    currency: fc.constantFrom('NZD', 'USD', 'EUR', 'JPY', 'KWD', 'XTS'),
    allowed: mostly(count, unreadable),
    used: mostly(count, unreadable),
    start: mostly(
      fc.tuple(moment, offset).map(([at, zone]) => atom(at, zone)),
      fc.constantFrom('soon', '2026-13-45T00:00:00+00:00', ''),
    ),
  });
}

/** A moment in the upstream's form, with some offset. */
function atom(at: number, zone: string): string {
  const sign = zone.startsWith('-') ? -1 : 1;
  const minutes = sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
  return `${new Date(at + minutes * 60_000).toISOString().slice(0, 19)}${zone}`;
}

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function historyXml(rows: readonly UpstreamRow[], groupId: string): string {
  const activities = rows.map(
    (
      row,
    ) => `<activity><id>${row.id}</id><plan>${escapeXml(row.plan)}</plan><plan_type>Monthly</plan_type><price>${escapeXml(row.price)}</price>
<credit_amount>${escapeXml(row.credit)}</credit_amount><price_currency>${row.currency}</price_currency><allowed_documents>${escapeXml(row.allowed)}</allowed_documents>
<used_documents>${escapeXml(row.used)}</used_documents><plan_activity>renew</plan_activity><start_date>${row.start}</start_date>
<expiry_date>${row.start}</expiry_date><group_name>Random</group_name><group_id>${groupId}</group_id></activity>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<billings_response><status>200</status><message>The request has been successfully processed</message><plans>${activities.join('')}</plans></billings_response>`;
}

/** The text of a cell of the page. */
interface Cell {
  readonly text: string;
  readonly isGap: boolean;
  readonly dateTime: string | null;
}

/** All digits of the sent text, in order. Grouping and the decimal sign come from the locale. */
const digitsOf = (text: string) => text.replaceAll(/\D/g, '');

/** A value is on the page digit for digit, or visibly missing. A well-formed value must not be missing. */
function assertFigure(cell: Cell | undefined, sent: string, isWellFormed: boolean, what: string): void {
  assert.ok(cell, what);
  if (cell.isGap) {
    assert.equal(isWellFormed, false, `${what}: ${sent} is missing`);
    return;
  }
  const shown = cell.text.trim();
  const isSame = shown === sent || digitsOf(shown) === digitsOf(sent);
  assert.ok(isSame, `${what}: ${sent} became ${shown}`);
  assert.equal(
    shown.startsWith('-') || /[A-Z]\s?-|-[A-Z]/.test(shown),
    sent.startsWith('-'),
    `${what}: the sign of ${sent} became ${shown}`,
  );
}

const isDecimal = (text: string) => /^-?\d+(\.\d+)?$/.test(text);
const isCount = (text: string) => /^\d{1,15}$/.test(text);

describe('from the upstream’s bytes to the page’s pixels', () => {
  const served = new Map<string, string>();
  const upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const xml = request.url?.endsWith('/history')
        ? served.get(new URLSearchParams(body).get('group_id') ?? '')
        : undefined;
      response.writeHead(xml === undefined ? 404 : 200, { 'content-type': 'text/xml; charset=utf-8' });
      response.end(
        xml ??
          '<?xml version="1.0"?><billings_response><status>404</status><message>Nothing here</message></billings_response>',
      );
    });
  });
  let harness: PageHarness;
  before(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const address = upstream.address();
    assert.ok(typeof address === 'object' && address !== null);
    harness = await startPage(
      await startBilling({ env: { XTRACTA_URL: `http://127.0.0.1:${address.port}`, XTRACTA_ROOT_GROUP_ID: '1' } }),
    );
  });
  after(async () => {
    await harness.stop();
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
  });

  const seed = Number(process.env['PIXEL_SEED'] ?? 20_261_129);
  it(`shows each digit of ${ROWS} random rows, or a gap (seed ${seed})`, async () => {
    const now = Math.floor(Date.now() / 1000) * 1000 - DAY_MS;
    for (let page = 0; page * ROWS_OF_A_PAGE < ROWS; page += 1) {
      const groupId = String(5000 + page);
      const size = Math.min(ROWS_OF_A_PAGE, ROWS - page * ROWS_OF_A_PAGE);
      const rows = fc.sample(fc.tuple(...Array.from({ length: size }, (_, index) => rowOf(index, now))), {
        seed: seed + page,
        numRuns: 1,
      })[0];
      assert.ok(rows);
      served.set(groupId, historyXml(rows, groupId));
      const shown = await readTable(harness, groupId);
      assert.equal(shown.size, rows.length);
      for (const row of rows) assertRow(shown.get(row.id), row);
    }
    assert.deepEqual(harness.problems, []);
  });
});

async function readTable(harness: PageHarness, groupId: string): Promise<ReadonlyMap<string, readonly Cell[]>> {
  const page = await harness.newPage({ timezoneId: 'UTC' });
  await page.goto(`${harness.url}?group=${groupId}`);
  await page.locator('#history tbody tr').first().waitFor({ timeout: 60_000 });
  const all = page.getByRole('button', { name: /^Show all/ });
  if (await all.isVisible()) await all.click();
  const rows = await page.locator('#history tbody tr').evaluateAll((lines) =>
    lines.map((line) =>
      [...line.querySelectorAll('td')].map((cell) => ({
        text: cell.innerText,
        isGap: cell.querySelector('.gap') !== null,
        dateTime: cell.querySelector('time')?.dateTime ?? null,
      })),
    ),
  );
  await page.context().close();
  return new Map(rows.map((cells) => [cells.at(-1)?.text ?? '', cells]));
}

function assertRow(cells: readonly Cell[] | undefined, row: UpstreamRow): void {
  assert.ok(cells, `row ${row.id} is missing`);
  const [start, , , plan, used, allowed, credit, price] = cells;
  const moment = Date.parse(row.start);
  if (Number.isNaN(moment)) assert.equal(start?.isGap, true, `the date ${row.start} is not shown as missing`);
  else {
    const shown = new Intl.DateTimeFormat('en-NZ', { dateStyle: 'medium', timeZone: 'UTC' }).format(moment);
    assert.equal(start?.text, shown);
    assert.equal(Date.parse(start?.dateTime ?? ''), moment);
  }
  assert.equal(plan?.text.replace(/ month$/, '').trim(), row.plan);
  assertFigure(used, row.used, isCount(row.used), 'used');
  assertFigure(allowed, row.allowed, isCount(row.allowed), 'allowed');
  assertFigure(credit, row.credit, isDecimal(row.credit), 'credit');
  assertFigure(price, row.price, isDecimal(row.price), 'price');
  if (price?.isGap === false) assert.match(price.text, new RegExp(row.currency));
}
