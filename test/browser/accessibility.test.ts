import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator } from '../support/start-simulator.js';
import { isFull, isInLoop } from '../support/suite.sizes.js';
import { accessibilityViolations, hasBrowser, startBrowser, type TestBrowser } from './browser.js';
import { runAndSee } from './graphiql.js';

const LIMIT_MS = 90_000;

/** Rules that GraphiQL's own markup breaks; everything else must hold on its page too. */
const GRAPHIQL_RULES: Readonly<Record<string, string>> = {
  'color-contrast': "line numbers of the editor's theme, and the title beside the logo",
  'nested-interactive':
    'each tab is an item with the role of a tab around the button that opens it and the one that closes it',
};

if (!hasBrowser()) {
  process.stderr.write('Left out: accessibility in a browser (/usr/bin/chromium is not installed).\n');
  describe('accessibility', () => {
    it('is left out where Chromium is not installed', () => expect(hasBrowser()).toBe(false));
  });
} else {
  describe('accessibility', () => {
    let simulator: TestSimulator;
    let gateway: TestGateway;
    let browser: TestBrowser;
    /** One page for all looks: a new one would start a process of the browser each time. */
    let shared: Page;

    beforeAll(async () => {
      simulator = await startTestSimulator();
      const world = simulator.freshWorld('accessibility');
      gateway = await startGateway({
        xtractaUrl: simulator.url,
        env: { XTRACTA_API_KEY: world.apiKey, XTRACTA_ROOT_GROUP_ID: world.rootGroupId },
      });
      world.world.addFault({ endpoint: 'history', kind: 'status', params: { code: 503 }, first: 1 });
      await gateway.execute('query Retried { group(id: "100001") { name plan { name } } }');
      await gateway.execute('query Refused { group(id: "999999999") { plan { name } } }');
      const input = { idempotencyKey: 'accessible-0001', packId: '1223', groupId: '100005' };
      await gateway.execute(
        'mutation Order($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { userErrors { code } } }',
        { input },
      );
      browser = await startBrowser();
      shared = await browser.newPage();
    }, LIMIT_MS);
    afterAll(async () => {
      await browser.close();
      await gateway.close();
      await simulator.close();
      await removeGatewayFolders();
    });

    const PAGES: readonly { readonly name: string; readonly open: (page: Page) => Promise<void> }[] = [
      {
        name: 'the start page',
        open: async (page) => {
          await page.goto(gateway.url);
        },
      },
      {
        name: '/debug with every operation open',
        open: async (page) => {
          await page.goto(`${gateway.url}/debug`);
          await page.locator('details').nth(2).waitFor();
          await page.locator('details:not([open]) summary').first().click();
          await page.locator('details:not([open]) summary').first().click();
          await page.locator('.detail').nth(2).waitFor();
        },
      },
      {
        name: 'the simulator’s page',
        open: async (page) => {
          await page.goto(simulator.url);
          await page.locator('#group-rows code').first().waitFor();
          await page.locator('#toggle-form select').first().waitFor();
          // The other 47 groups have rows of the same kinds.
          if (!isFull) await page.locator('#group-filter').fill('10000');
        },
      },
    ];
    const LOOKS = [
      { colorScheme: 'light', width: 1280 },
      { colorScheme: 'dark', width: 1280 },
      { colorScheme: 'light', width: 360 },
    ] as const;

    for (const [number, { name, open }] of PAGES.entries()) {
      // The developer's loop has each page, and each look.
      it.each(LOOKS.filter((_look, look) => isInLoop(number + look)))(
        `${name}: no violation, $colorScheme, $width wide`,
        async ({ colorScheme, width }) => {
          await shared.emulateMedia({ colorScheme });
          await shared.setViewportSize({ width, height: 900 });
          await open(shared);
          expect(await accessibilityViolations(shared)).toEqual([]);
          // Only tables and code, which scroll by themselves, may be wider than the screen.
          expect(await shared.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        },
        LIMIT_MS,
      );
    }

    it(
      'the simulator’s tables do not scroll sideways on a narrow screen, and name the column of each value',
      async () => {
        const page = await browser.newPage({ width: 390 });
        await page.goto(simulator.url);
        await page.locator('#group-rows code').first().waitFor();
        const tooWide = await page
          .locator('.scroll')
          .evaluateAll((tables) => tables.filter((table) => table.scrollWidth > table.clientWidth).length);
        expect(tooWide).toBe(0);
        const columns = await page
          .locator('#group-rows tr:first-child > *')
          .evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, '::before').content));
        expect(columns.slice(0, 3)).toEqual(['"Group"', '"Name"', '"Plan in force"']);
        await page.context().close();
      },
      LIMIT_MS,
    );

    // The developer's loop has one wide look, and the narrow one.
    it.each(LOOKS.slice(isFull ? 0 : 1))(
      'GraphiQL: no violation but its own known ones, and a response that can be read, $colorScheme, $width wide',
      async ({ colorScheme, width }) => {
        // In the one page for all looks, GraphiQL's scripts are compiled once.
        await shared.setViewportSize({ width, height: 800 });
        await shared.emulateMedia({ colorScheme });
        await shared.goto(`${gateway.url}/graphiql`);
        await shared.locator('.graphiql-query-editor .view-lines').getByText('GroupPlan').first().waitFor();
        await runAndSee(shared, '"Business 1000"');
        expect(await shared.locator('.graphiql-response').evaluate((part) => part.clientWidth)).toBeGreaterThan(200);
        const rules = Object.fromEntries(Object.keys(GRAPHIQL_RULES).map((rule) => [rule, { enabled: false }]));
        expect(await accessibilityViolations(shared, { rules })).toEqual([]);
        // Our own parts of the page keep all rules.
        expect(await accessibilityViolations(shared, {}, 'header.pages')).toEqual([]);
        expect(await shared.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      },
      LIMIT_MS,
    );
  });
}
