// Every state of the page, light and dark, narrow and wide, for a review by a person: `node tools/review.ts FOLDER
// [state …]`. Needs Chromium.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FIXTURE_NOW, PAGE_STATES, responseInState } from '@billing-gateway/testing/msw';
import type { Page } from 'playwright-core';
import { startPage } from '../test/page.harness.ts';

const [folder = 'review', ...wanted] = process.argv.slice(2);
/** The states from here on are of a write, so the form is sent. */
const FIRST_OF_WRITES = PAGE_STATES.indexOf('unknown');
/** The states of the gateway, and one of the network: no request of the write arrives. */
const STATES = [...PAGE_STATES, 'notReceived'] as const;
type State = (typeof STATES)[number];
mkdirSync(folder, { recursive: true });
const { newPage, url, stop } = await startPage();
try {
  for (const [index, state] of STATES.entries()) {
    if (wanted.length > 0 && !wanted.includes(state)) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) await look(state, index >= FIRST_OF_WRITES, colorScheme, width);
    }
  }
} finally {
  await stop();
}

async function look(state: State, isWrite: boolean, colorScheme: 'light' | 'dark', width: number): Promise<void> {
  const page = await newPage({ colorScheme, width });
  await page.clock.setFixedTime(FIXTURE_NOW);
  await page.route('**/graphql', async (route) => {
    if (state === 'loading') return;
    const request = route.request().postDataJSON();
    if (state !== 'notReceived') return route.fulfill({ json: await responseInState(state, request) });
    if (/^mutation/.test(request.query)) return route.abort();
    const isLook = request.operationName === 'FindWrite';
    await route.fulfill({
      json: isLook ? { data: { billingOperation: null } } : await responseInState('ready', request),
    });
  });
  await page.goto(`${url}?group=100001`, { waitUntil: state === 'loading' ? 'load' : 'networkidle' });
  await page.locator('#spend').waitFor();
  const shoot = (name: string, fullPage: boolean) =>
    page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage });
  if (isWrite) {
    await page
      .getByRole('button', { name: /^Order .*…$/ })
      .first()
      .click();
    await page.getByRole('button', { name: /^Order \d+ × / }).click();
    await ended(page, state);
    await shoot(`${state}-order`, false);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Buy credits…' }).click();
    await page.getByLabel('Number of the quote').fill('9beb5f68-6493-4cc4-b55e-187541a9d22b');
    await page.getByRole('button', { name: 'Buy the quote' }).click();
    await ended(page, state);
    await shoot(`${state}-purchase`, false);
  } else {
    await shoot(state, true);
  }
  await page.context().close();
}

/** Also the first look for a write without a response has ended. */
async function ended(page: Page, state: State): Promise<void> {
  await page.locator('.outcome:not([data-state="sending"]) > h3').waitFor();
  if (state === 'notReceived') await page.locator('.outcome').getByText('so far').waitFor();
}
