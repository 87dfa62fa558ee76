import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { hasBrowser, startBrowser, type TestBrowser } from './browser.js';
import { graphiqlUrl, openTab, runAndSee, shownText } from './graphiql.js';

const LIMIT_MS = 90_000;

function operation(page: Page, name: string): Locator {
  return page.locator('details').filter({ has: page.locator('summary .name', { hasText: new RegExp(`^${name}$`) }) });
}

if (!hasBrowser()) {
  process.stderr.write('Left out: the pages in a browser (/usr/bin/chromium is not installed).\n');
  describe('exploring in a browser', () => {
    it('is left out where Chromium is not installed', () => expect(hasBrowser()).toBe(false));
  });
} else {
  describe('exploring in a browser', () => {
    let simulator: TestSimulator;
    let world: TestWorld;
    let gateway: TestGateway;
    let browser: TestBrowser;
    /** One page for most tests: a new profile would compile GraphiQL anew, which costs five seconds. */
    let page: Page;

    beforeAll(async () => {
      simulator = await startTestSimulator();
      world = simulator.freshWorld('browser');
      gateway = await startGateway({
        xtractaUrl: simulator.url,
        creditsUrl: simulator.url,
        env: {
          XTRACTA_API_KEY: world.apiKey,
          XTRACTA_ROOT_GROUP_ID: world.rootGroupId,
          CREDITS_TOKEN: world.creditsToken,
        },
      });
      browser = await startBrowser();
      page = await browser.newPage();
    }, LIMIT_MS);
    afterAll(async () => {
      await browser.close();
      await gateway.close();
      await simulator.close();
      await removeGatewayFolders();
    });

    it(
      'leads from the start page to the first response with one click, and one more to run it',
      async () => {
        await page.goto(gateway.url);
        await page.getByRole('main').getByRole('link', { name: 'GraphiQL' }).click();
        const response = await runAndSee(page, '"Business 1000"');
        expect(response).toContain('"amount": "500"');
        // The example's headers request it.
        expect(response).toMatch(/"upstreamCalls": \{\s+"made": 1/);
      },
      LIMIT_MS,
    );

    it(
      'runs a query and a write in GraphiQL and shows both in /debug with their upstream calls',
      async () => {
        // The test before leaves it open; another load of GraphiQL costs seconds.
        if (page.url() !== `${gateway.url}/graphiql`) await page.goto(`${gateway.url}/graphiql`);
        await openTab(page, 'ManyGroups');
        await runAndSee(page, '"Northern Region"');
        await openTab(page, 'OrderBoosterPack');
        await runAndSee(page, '"SUCCEEDED"');
        const { history, booster } = world.world.journal.counts();
        expect(booster).toEqual({ received: 1, committed: 1 });

        await page.goto(`${gateway.url}/debug`);
        const order = operation(page, 'OrderBoosterPack');
        await order.waitFor();
        expect(await order.locator('summary').innerText()).toMatch(/SUCCEEDED[\s\S]*2 upstream calls/);
        expect(await order.locator('tbody code').allInnerTexts()).toEqual([
          'xtracta getBillingHistory',
          'xtracta orderBoosterPack',
        ]);
        expect(await order.innerText()).toContain('exam…0001');
        expect(await order.innerText()).not.toContain('example-order-0001');

        const many = operation(page, 'ManyGroups');
        await many.locator('summary').click();
        expect(await many.locator('tbody .note').first().innerText()).toMatch(/5 groups → 1 call · asked by/);
        const shown = await page.locator('details summary .end').allInnerTexts();
        const made = shown
          .map((text) => Number(/(\d+) upstream call/.exec(text)?.[1] ?? 0))
          .reduce((sum, calls) => sum + calls, 0);
        expect(made).toBe((history?.received ?? 0) + 1);
      },
      LIMIT_MS,
    );

    it(
      'opens an operation of /debug in GraphiQL, and a masked write is not sent again from there',
      async () => {
        await page.goto(`${gateway.url}/debug`);
        const order = operation(page, 'OrderBoosterPack');
        await order.waitFor();
        if ((await order.getAttribute('open')) === null) await order.locator('summary').click();
        const opened = page.waitForEvent('popup');
        await order.getByRole('link', { name: 'Open in GraphiQL' }).click();
        const graphiql = await opened;
        await graphiql.locator('.graphiql-query-editor .view-lines').getByText('orderBoosterPack').first().waitFor();
        expect(await shownText(graphiql, '.graphiql-query-editor')).toContain('mutation OrderBoosterPack');
        await runAndSee(graphiql, '"BAD_USER_INPUT"');
        expect(world.world.journal.counts()['booster']).toEqual({ received: 1, committed: 1 });
        await graphiql.close();
      },
      LIMIT_MS,
    );

    it(
      'shows the renewed plan after the simulator’s clock has moved on by a month',
      async () => {
        const query =
          'query Ahead($groupId: ID!, $at: DateTime) { group(id: $groupId) { plan(at: $at) { name startDate } } }';
        // The plan in force ends within a week after the start of the world, and the next one lasts a month.
        const ahead = new Date(Date.now() + 28 * 86_400_000);
        const url = graphiqlUrl(gateway.url, query, { groupId: '100001', at: ahead.toISOString() });
        await page.goto(url);
        await runAndSee(page, '"plan": null');

        const simulatorPage = await page.context().newPage();
        await simulatorPage.goto(`${simulator.url}/?world=${world.apiKey}`);
        await simulatorPage.getByRole('button', { name: '+1 month' }).click();
        await simulatorPage.locator('#change-list li', { hasText: 'renewed' }).first().waitFor();

        expect(await runAndSee(page, '"Starter 100"')).toContain('"startDate"');
        await simulatorPage.close();
      },
      LIMIT_MS,
    );

    it(
      'copies an operation as curl, with placeholders and no secret',
      async () => {
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: gateway.url });
        await page.goto(`${gateway.url}/debug`);
        const plan = operation(page, 'GroupPlan').first();
        await plan.waitFor();
        if ((await plan.getAttribute('open')) === null) await plan.locator('summary').click();
        await plan.getByRole('button', { name: 'Copy as curl' }).click();
        await page.getByText('Copied.').waitFor();
        const line = await page.evaluate(() => navigator.clipboard.readText());
        expect(line).toContain(`curl -s ${gateway.url}/graphql`);
        expect(line).toContain('"groupId":"100000"');
        expect(line).not.toContain(world.apiKey);
      },
      LIMIT_MS,
    );

    it(
      'can be used with the keyboard alone',
      async () => {
        await page.goto(`${gateway.url}/debug`);
        const plan = operation(page, 'GroupPlan').last();
        await plan.waitFor();
        await page.keyboard.press('Tab');
        expect(await page.locator(':focus').innerText()).toBe('Skip to content');
        const wasOpen = (await plan.getAttribute('open')) !== null;
        await plan.locator('summary').focus();
        await page.keyboard.press('Enter');
        await plan.locator('.detail').waitFor({ state: wasOpen ? 'detached' : 'visible' });
      },
      LIMIT_MS,
    );

    it('asks nothing of any other host, and no script fails', () => {
      expect(browser.foreignRequests).toEqual([]);
      expect(browser.problems).toEqual([]);
    });
  });
}
