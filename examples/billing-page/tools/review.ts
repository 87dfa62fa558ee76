// Every state of the page, light and dark, narrow and wide, for a review by a person: `node tools/review.ts FOLDER
// [state …]`. Needs Chromium.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FIXTURE_NOW, PAGE_STATES, type PageState, responseInState } from '@billing-gateway/testing/msw';
import { startPage } from '../test/page.harness.ts';

const [folder = 'review', ...wanted] = process.argv.slice(2);
/** The states from here on are of a write, so the form is sent. */
const FIRST_OF_WRITES = PAGE_STATES.indexOf('unknown');
mkdirSync(folder, { recursive: true });
const { newPage, url, stop } = await startPage();
try {
  for (const [index, state] of PAGE_STATES.entries()) {
    if (wanted.length > 0 && !wanted.includes(state)) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) await look(state, index >= FIRST_OF_WRITES, colorScheme, width);
    }
  }
} finally {
  await stop();
}

async function look(state: PageState, isWrite: boolean, colorScheme: 'light' | 'dark', width: number): Promise<void> {
  const page = await newPage({ colorScheme, width });
  await page.clock.setFixedTime(FIXTURE_NOW);
  await page.route('**/graphql', async (route) => {
    if (state === 'loading') return;
    await route.fulfill({ json: await responseInState(state, route.request().postDataJSON()) });
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
    await page.locator('.outcome > h3').waitFor();
    await shoot(`${state}-order`, false);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Buy credits…' }).click();
    await page.getByLabel('Number of the quote').fill('9beb5f68-6493-4cc4-b55e-187541a9d22b');
    await page.getByRole('button', { name: 'Buy the quote' }).click();
    await page.locator('.outcome > h3').waitFor();
    await shoot(`${state}-purchase`, false);
  } else {
    await shoot(state, true);
  }
  await page.context().close();
}
