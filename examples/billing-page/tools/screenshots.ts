// Pictures of the page for the README: `node tools/screenshots.ts [folder]`. Needs Chromium.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startPage } from '../test/page.harness.ts';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../../docs/images/', import.meta.url));
mkdirSync(folder, { recursive: true });
const { newPage, url, stop, stack } = await startPage();
try {
  await stack.execute(
    'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { userErrors { code } } }',
    {
      input: { idempotencyKey: 'picture-0001', packId: '1223', groupId: '100000', quantity: 2 },
    },
  );
  for (const [name, options, group] of [
    ['billing-page', { width: 1280, height: 1420 }, '100000'],
    ['billing-page-narrow', { width: 390, height: 844, colorScheme: 'dark' }, '100001'],
  ] as const) {
    const page = await newPage(options);
    await page.goto(`${url}?group=${group}`);
    await page.locator('.plan-body').waitFor();
    await page.locator('.chart').first().waitFor();
    await page.locator('.offer').first().waitFor();
    if (group === '100000') await page.locator('#dry table').waitFor();
    await page.screenshot({ path: `${folder}/${name}.png` });
    if (name === 'billing-page') {
      await page.getByRole('button', { name: 'Order Booster 100…' }).click();
      await page.screenshot({ path: `${folder}/billing-page-order.png` });
    }
    await page.context().close();
  }
} finally {
  await stop();
}
