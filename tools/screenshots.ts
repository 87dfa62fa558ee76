/**
 * Makes the pictures of `docs/images/` from the present pages: `node --import @swc-node/register/esm-register
 * tools/screenshots.ts`. With `--review DIR` it writes every page in light and dark, 1280 and 390 pixels wide, into
 * that folder instead; `--only NAME` leaves out pages whose name does not begin so. Needs Chromium at
 * /usr/bin/chromium; starts a simulator and a gateway of its own on free ports.
 */
import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { loadConfig } from '../src/config/load-config.js';
import { createGateway, type Gateway } from '../src/gateway.js';
import { createLogger } from '../src/observability/logger.js';
import { type Simulator, startSimulator } from '../src/simulator/simulator.js';

const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
const SIZE = { width: 1200, height: 760 };
const MANY =
  'query FiftyGroups($ids: [ID!]!) { groups(ids: $ids) { id name plan { name price { amount currency } remainingDocuments } } }';
const READ = 'query Read($id: ID!) { group(id: $id) { plan { name } billingHistory(first: 5) { nodes { id } } } }';
const ORDER =
  'mutation OrderBoosterPack($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { pack { name quantity } operation { status replayed } userErrors { code } } }';

const { values } = parseArgs({
  options: { review: { type: 'string' }, only: { type: 'string', default: '' } },
});
const { review, only } = values;
const folder = await mkdtemp(join(tmpdir(), 'screenshots-'));
const simulator = await startSimulator();
const gateway = await startGateway(simulator, folder);
const { url } = await gateway.listen();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  await beBusy(url, simulator);
  if (review === undefined) await makeImages();
  else {
    await beRefused(url, simulator);
    await makeReview(review);
  }
} finally {
  await browser.close();
  await gateway.drain();
  await simulator.close();
  await rm(folder, { recursive: true });
}

/** The pictures of the documentation. */
async function makeImages(): Promise<void> {
  await shoot('light', 'landing', async (page) => {
    await page.goto(url);
  });
  await shoot('light', 'debug', (page) => openOperation(page, 'FiftyGroups'));
  await shoot('dark', 'debug-dark', (page) => openOperation(page, 'OrderBoosterPack'));
  await shoot('light', 'graphiql', async (page) => {
    await page.goto(`${url}/graphiql`);
    await page.getByRole('tab', { name: 'ManyGroups', exact: true }).click();
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await page.locator('.graphiql-response').getByText('Northern Region').first().waitFor();
  });
  await shoot('light', 'simulator', async (page) => {
    await page.goto(simulator.url);
    await page.getByRole('button', { name: '+1 month' }).click();
    await page.locator('#change-list li').first().waitFor();
  });
}

/** Every page in both themes and two widths, for a review by a person. */
async function makeReview(reviewFolder: string): Promise<void> {
  const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
    landing: (page) => page.goto(url),
    sandbox: async (page) => {
      // Without internet, because only then the page shows its own note.
      await page.route(/^https:/, (route) => route.abort());
      await page.goto(`${url}/graphql`);
      await page.waitForTimeout(1500);
    },
    debug: (page) => openOperation(page, 'FiftyGroups'),
    'debug-refused': (page) => openOperation(page, 'TooMany'),
    'debug-settled': (page) => openOperation(page, 'Settle'),
    'debug-slow': (page) => openOperation(page, 'SlowRead'),
    'debug-failed': (page) => openOperation(page, 'FailedRead'),
    'debug-lost': (page) => openOperation(page, 'Lost'),
    'debug-nothing': async (page) => {
      await page.goto(`${url}/debug`);
      await page.locator('details').first().waitFor();
      await page.getByRole('searchbox').fill('nothing of this name');
    },
    graphiql: async (page) => {
      await page.goto(`${url}/graphiql`);
      await page.locator('.graphiql-query-editor .view-lines').first().waitFor();
    },
    simulator: async (page) => {
      await page.goto(simulator.url);
      await page.locator('#group-rows code').first().waitFor();
    },
    'simulator-reset': async (page) => {
      await page.goto(simulator.url);
      await page.locator('#group-rows code').first().waitFor();
      await page.getByRole('button', { name: 'Reset…' }).click();
    },
    // Last: the upstream is down from then on.
    'landing-down': async (page) => {
      upstreamGoesDown(simulator);
      for (let attempt = 0; attempt < 6; attempt += 1) await send(url, READ.replace('Read', 'Down'), { id: '100002' });
      await page.goto(url);
    },
  };
  for (const [name, arrange] of Object.entries(pages)) {
    if (!name.startsWith(only)) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        await arrange(page);
        await page.screenshot({ path: join(reviewFolder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await page.close();
      }
    }
  }
}

async function shoot(
  colorScheme: 'light' | 'dark',
  name: string,
  arrange: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({ viewport: SIZE, colorScheme });
  await arrange(page);
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
  await page.close();
}

/** Shows one operation of `/debug` with its details, at the top of the picture. */
async function openOperation(page: Page, name: string): Promise<void> {
  await page.goto(`${url}/debug`);
  await page.locator('.detail').first().waitFor();
  const operation = page.locator('details').filter({ has: page.locator('.name', { hasText: name }) });
  for (const summary of await page.locator('details[open] > summary').all()) await summary.click();
  await operation.locator('summary').click();
  await operation.locator('.detail').waitFor();
  await page.evaluate('scrollTo(0, 0)');
}

async function startGateway({ url: upstream, fixtures }: Simulator, ledgerFolder: string): Promise<Gateway> {
  const result = await loadConfig({
    PORT: '0',
    AUTH: 'none',
    XTRACTA_URL: upstream,
    XTRACTA_API_KEY: fixtures.apiKey,
    XTRACTA_ROOT_GROUP_ID: fixtures.rootGroupId,
    CREDITS_URL: upstream,
    CREDITS_TOKEN: fixtures.creditsToken,
    LEDGER_URL: `sqlite:${join(ledgerFolder, 'ledger.sqlite')}`,
    SPENDING_LIMITS: '{"maxQuantity":50,"spendPerDay":{"NZD":"1000"}}',
  });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return createGateway(result.config, await createLogger({ level: 'silent', format: 'json' }));
}

/** Makes operations for `/debug`: a batch whose first attempt fails, and an order. */
async function beBusy(gatewayUrl: string, upstream: Simulator): Promise<void> {
  const { fixtures } = upstream;
  const ids = Array.from({ length: 50 }, (_, index) => String(Number(fixtures.rootGroupId) + index));
  const ask = (query: string, variables: object) => send(gatewayUrl, query, variables);
  await ask('query Warm($id: ID!) { group(id: $id) { plan { name } } }', { id: fixtures.rootGroupId });
  upstream.world(fixtures.apiKey).addFault({ endpoint: 'history', kind: 'status', params: { code: 503 }, first: 1 });
  await ask(MANY, { ids });
  const input = {
    idempotencyKey: 'screenshot-order-0001',
    packId: fixtures.packId,
    groupId: fixtures.heldGroupId,
    quantity: 2,
  };
  await ask(ORDER, { input });
}

function upstreamGoesDown(upstream: Simulator): void {
  upstream.world(upstream.fixtures.apiKey).addFault({ endpoint: 'history', kind: 'status', params: { code: 503 } });
}

async function send(gatewayUrl: string, query: string, variables: object): Promise<void> {
  const body = JSON.stringify({ query, variables });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${gatewayUrl}/graphql`, { method: 'POST', headers, body });
  await response.text();
}

/** Makes every refusal before sending, an unknown outcome, and its settlement. */
async function beRefused(gatewayUrl: string, upstream: Simulator): Promise<void> {
  const { fixtures } = upstream;
  const { packId, heldGroupId: groupId } = fixtures;
  const order = (name: string, input: object) =>
    send(gatewayUrl, ORDER.replace('OrderBoosterPack(', `${name}(`), { input: { packId, groupId, ...input } });
  await order('EqualOrder', { idempotencyKey: 'screenshot-order-0002', quantity: 2 });
  await order('OtherPrice', { idempotencyKey: 'screenshot-order-0003', quantity: 1, expected: { amount: '0.01' } });
  // A read that is slow, and one that fails in each of its attempts; a rule that is used up, and one that is not.
  const rules = upstream.world(fixtures.apiKey);
  rules.addFault({ endpoint: 'history', kind: 'delay', params: { ms: 1_500 }, first: 1 });
  await send(gatewayUrl, READ.replace('Read', 'SlowRead'), { id: '100003' });
  rules.addFault({ endpoint: 'history', kind: 'status', params: { code: 503 }, first: 3 });
  await send(gatewayUrl, READ.replace('Read', 'FailedRead'), { id: '100004' });
  rules.addFault({ endpoint: 'booster', kind: 'hang', first: 2, group: '100055' });
  await send(gatewayUrl, '{ group(id: "100000") { price } }', {});
  await order('TooMany', { idempotencyKey: 'screenshot-order-0004', quantity: 51 });
  await send(gatewayUrl, 'mutation BillingPage { openBillingUi { url expiresAt userErrors { code } } }', {});
  const world = upstream.world(fixtures.apiKey);
  world.addFault({ endpoint: 'booster', kind: 'cut', params: { mode: 'length' }, first: 1 });
  await order('Lost', { idempotencyKey: 'screenshot-order-0005', quantity: 1, groupId: fixtures.nestedGroupId });
  await send(
    gatewayUrl,
    'mutation Settle($key: ID!) { reconcileBillingOperation(idempotencyKey: $key) { operation { status evidence { id } } userErrors { code } } }',
    { key: 'screenshot-order-0005' },
  );
}
