import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { accessibilityViolations, type PageHarness, startPage } from './page.harness.ts';

let harness: PageHarness;
before(async () => {
  harness = await startPage();
});
after(() => harness.stop());

const opened: Page[] = [];
afterEach(async () => {
  for (const page of opened.splice(0)) {
    // A handler that still waits for a response would fail in another test. A handler that holds a request never ends.
    await Promise.all(
      page
        .context()
        .pages()
        .map((each) => each.unrouteAll({ behavior: 'ignoreErrors' })),
    );
    await page.context().close();
  }
  await harness.stack.clearFaults();
});

async function openPage(groupId: string, options: Parameters<PageHarness['newPage']>[0] = {}): Promise<Page> {
  const page = await harness.newPage(options);
  opened.push(page);
  page.setDefaultTimeout(40_000);
  await page.goto(`${harness.url}?group=${groupId}`);
  return page;
}

/** Opens the form of a pack, ready to be sent. */
async function openOrder(page: Page, name = 'Booster 100') {
  await page.getByRole('button', { name: `Order ${name}…` }).click();
  return page.getByRole('button', { name: /^Order \d+ × / });
}

/** Waits for one of the states. A failure shows the page's text. */
async function outcome(page: Page, ...states: string[]): Promise<void> {
  const expected = page.locator(states.map((state) => `.outcome[data-state="${state}"]`).join());
  await expected.waitFor().catch(async (error: unknown) => {
    const shown = await page.locator('dialog').allInnerTexts();
    throw new Error(`Instead of ${states.join(' or ')}: ${shown.join() || 'no dialog'}`, { cause: error });
  });
}

/** A hidden element takes no focus, and reports no error. */
async function focusOn(field: Locator): Promise<void> {
  await field.waitFor();
  await field.focus();
  assert.equal(await field.evaluate((element) => element === document.activeElement), true);
}

/** Lets matching requests reach the gateway but never responds to the page, which is reloaded meanwhile. */
async function leaveUnanswered(page: Page, operation: RegExp): Promise<{ readonly arrived: Promise<void> }> {
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route('**/graphql', async (route) => {
    if (!operation.test(route.request().postData() ?? '')) return route.continue();
    await route.fetch();
    arrive();
  });
  return { arrived };
}

const told = (page: Page) => page.locator('.outcome').innerText();

/** Sold packs and changed plans since the last call. */
async function sold(): Promise<{ packs: number; changes: number }> {
  const counts = await harness.stack.counts();
  await harness.stack.forgetJournal();
  return { packs: counts['booster']?.committed ?? 0, changes: counts['update']?.committed ?? 0 };
}

/** Opens the form of a purchase with the number of a quote of this test's own. */
async function openPurchase(page: Page, quote: string) {
  await page.getByRole('button', { name: 'Buy credits…' }).click();
  await page.getByLabel('Number of the quote').fill(quote);
  return page.getByRole('button', { name: 'Buy the quote' });
}

const quoteOf = (turn: number) => `9beb5f68-6493-4cc4-b55e-18754100${String(turn).padStart(4, '0')}`;

/** Purchases of credits that the upstream received and made since the last call. */
async function bought(): Promise<{ received: number; committed: number }> {
  const counts = await harness.stack.counts();
  await harness.stack.forgetJournal();
  return counts['purchase_credits'] ?? { received: 0, committed: 0 };
}

/**
 * Lets the first `most` requests reach the gateway, and drops their responses. It runs inside of the page, so that a
 * test can end the loss and press a button in one task, without a poll between.
 */
async function loseResponses(page: Page, operations: RegExp, most = 1_000): Promise<void> {
  await page.evaluate(
    ([source, count]) => {
      const send = window.fetch;
      const loss = { left: count, waiting: 0 };
      Object.assign(window, { loss });
      window.fetch = async (input, init) => {
        if (loss.left === 0 || !new RegExp(source).test(String(init?.body ?? ''))) return send(input, init);
        loss.left -= 1;
        loss.waiting += 1;
        await send(input, init).catch(() => undefined);
        loss.waiting -= 1;
        throw new TypeError('Failed to fetch');
      };
    },
    [operations.source, most] as const,
  );
}

describe('two clicks buy once', () => {
  for (const [turn, delay] of [0, 50, 120, 250, 1000].entries()) {
    it(`an order, ${delay} ms apart`, async () => {
      const page = await openPage(String(100_026 + turn));
      const button = await openOrder(page);
      const box = await button.boundingBox();
      assert.ok(box);
      await sold();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.mouse.click(x, y);
      // The pause between the clicks is what is tried here.
      if (delay > 0) await page.waitForTimeout(delay);
      await page.mouse.click(x, y);
      await outcome(page, 'done', 'replayed');
      assert.match(await told(page), /Booster 100/);
      assert.deepEqual(await sold(), { packs: 1, changes: 0 });
    });
  }

  it('a change of plan, and the page shows it with its difference in words', async () => {
    const page = await openPage('100016');
    await page.getByRole('button', { name: 'Change to Business 1000…', exact: true }).click();
    assert.match(
      await page.locator('.confirm').first().innerText(),
      /change to Business 1000 for group 100016.*NZD\s500.*\+NZD\s450\.10/s,
    );
    await sold();
    await page.getByRole('button', { name: 'Change to Business 1000', exact: true }).dblclick();
    await outcome(page, 'done', 'replayed');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('#plan .lead', { hasText: 'Business 1000' }).waitFor();
    await page.locator('.offer.current', { hasText: 'Business 1000' }).waitFor();
    await page.locator('#history .tag.upgrade').waitFor();
    assert.deepEqual(await sold(), { packs: 0, changes: 1 });
  });
});

describe('the page says what is true', () => {
  it('after a reload while sending', async () => {
    const page = await openPage('100031');
    const button = await openOrder(page);
    await sold();
    const sending = await leaveUnanswered(page, /OrderPacks/);
    await button.click();
    await outcome(page, 'sending');
    await sending.arrived;
    // The route stays. Without it the browser would continue the waiting request, and the page would see its response
    // before the reload.
    await page.reload();
    const banner = page.getByRole('region', { name: 'Being checked' });
    await banner.getByText('it was carried out').waitFor();
    assert.match(await banner.innerText(), /Order of 1 × pack 1223 for group 100031/);
    await openOrder(page);
    await outcome(page, 'done');
    assert.match(await told(page), /carried out, once/);
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('after a reload while the network holds the order back, and the gateway has no record of it', async () => {
    const page = await openPage('100022');
    await openOrder(page);
    await page.getByLabel('How many').fill('2');
    await sold();
    const held: string[] = [];
    await page.route('**/graphql', async (route) => {
      const body = route.request().postData() ?? '';
      if (held.length > 0 || !/OrderPacks/.test(body)) return route.continue();
      held.push(body);
    });
    await page.getByRole('button', { name: 'Order 2 × Booster 100' }).click();
    await outcome(page, 'sending');
    await page.reload();
    const banner = page.getByRole('region', { name: 'Being checked' });
    await banner.getByText('has no record of it so far').waitFor();
    assert.match(await banner.innerText(), /Order of 2 × pack 1223 for group 100022/);
    assert.doesNotMatch(await banner.innerText(), /Nothing was charged/);
    assert.equal(await banner.getByRole('button', { name: 'Understood' }).count(), 0);
    const button = await openOrder(page);
    await page.locator('.outcome').getByText('has no record so far of your order of 2 × pack 1223').waitFor();
    await button.click();
    await outcome(page, 'done');
    const headers = { 'content-type': 'application/json' };
    for (const body of held) await fetch(harness.stack.graphqlUrl, { method: 'POST', headers, body });
    assert.equal(held.length, 1);
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('of an order that never arrived: half an hour later nothing was charged, and it can be forgotten', async () => {
    const page = await openPage('100023');
    const button = await openOrder(page);
    await sold();
    await page.route('**/graphql', (route) =>
      /OrderPacks/.test(route.request().postData() ?? '') ? route.abort() : route.continue(),
    );
    await button.click();
    await page.locator('.outcome').getByText('has no record so far of your order of 1 × pack 1223').waitFor();
    assert.doesNotMatch(await told(page), /Nothing was charged/);
    await page.evaluate(() => {
      for (const [name, text] of Object.entries(localStorage)) {
        localStorage.setItem(name, JSON.stringify({ ...JSON.parse(text), at: new Date(Date.now() - 1_860_000) }));
      }
    });
    await page.reload();
    const banner = page.getByRole('region', { name: 'Being checked' });
    await banner.getByText('has no record of it. Nothing was charged.').waitFor();
    await banner.getByRole('button', { name: 'Understood' }).click();
    await banner.waitFor({ state: 'detached' });
    await openOrder(page);
    assert.equal(await page.locator('.outcome').getAttribute('data-state'), 'editing');
    assert.deepEqual(await sold(), { packs: 0, changes: 0 });
  });

  it('when the first response is lost', async () => {
    const page = await openPage('100032');
    const button = await openOrder(page);
    await sold();
    await loseResponses(page, /OrderPacks/, 1);
    await button.click();
    await outcome(page, 'replayed', 'done');
    assert.match(await told(page), /Nothing was charged a second time/);
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('when the form is edited after a lost response', async () => {
    const page = await openPage('100033');
    const button = await openOrder(page);
    await sold();
    await loseResponses(page, /OrderPacks|FindWrite/);
    await button.click();
    await outcome(page, 'unknown');
    assert.match(await told(page), /No response came/);
    await page.getByLabel('How many').fill('3');
    const edited = page.getByRole('button', { name: 'Order 3 × Booster 100' });
    await edited.waitFor();
    // In one task, without a running poll. A poll would find the outcome of the first version before the click.
    await page.waitForFunction(() => {
      const { loss } = window as unknown as { loss: { left: number; waiting: number } };
      if (loss.waiting > 0) return false;
      loss.left = 0;
      const buttons = Array.from(document.querySelectorAll('button'));
      buttons.find(({ textContent }) => textContent === 'Order 3 × Booster 100')?.click();
      return true;
    });
    await outcome(page, 'keyReused');
    assert.match(await told(page), /was carried out/);
    assert.doesNotMatch(await told(page), /3 ×/);
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('when the form is edited, and a look finds out that the first version was carried out', async () => {
    const page = await openPage('100032');
    const button = await openOrder(page, 'Booster 500');
    await sold();
    await loseResponses(page, /OrderPacks|FindWrite/);
    await button.click();
    await outcome(page, 'unknown');
    await page.getByLabel('How many').fill('3');
    await page.getByRole('button', { name: 'Order 3 × Booster 500' }).waitFor();
    await page.evaluate('loss.left = 0');
    await outcome(page, 'done');
    assert.match(await told(page), /order of 1 × pack 1224 .*was carried out, once/);
    assert.doesNotMatch(await told(page), /3 ×/);
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('when the outcome is unknown, and then looked up', async () => {
    const page = await openPage('100034');
    const button = await openOrder(page);
    await sold();
    await harness.stack.fault({ endpoint: 'booster', group: '100034', kind: 'commit_then_drop', first: 1 });
    await button.click();
    await outcome(page, 'done', 'unknown');
    assert.match(await told(page), /do not order it again|being looked up|carried out, once/);
    // The page also checks by itself; the button is for impatient users. In one task, because the button disappears
    // with the outcome.
    await page.evaluate(() =>
      document.querySelector<HTMLButtonElement>('.outcome[data-state="unknown"] button')?.click(),
    );
    await outcome(page, 'done');
    assert.match(await told(page), /carried out/);
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('when an earlier write of unknown outcome is in the way, until that is settled', async () => {
    const { stack } = harness;
    await sold();
    await stack.fault({ endpoint: 'booster', group: '100035', kind: 'reset', first: 1 });
    const order =
      'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { userErrors { code } } }';
    await stack.execute(order, { input: { idempotencyKey: 'earlier-100035', packId: '1224', groupId: '100035' } });
    const page = await openPage('100035');
    const banner = page.getByRole('region', { name: 'Being checked' });
    await banner.getByText('still being checked').first().waitFor();
    await page.getByRole('button', { name: 'Change to Enterprise 10000…' }).click();
    await page.getByRole('button', { name: 'Change to Enterprise 10000', exact: true }).click();
    await outcome(page, 'blocked');
    assert.match(await told(page), /Nothing was sent/);
    await stack.execute(
      'mutation { resolveBillingOperation(input: { idempotencyKey: "earlier-100035", outcome: REJECTED, note: "Not on the bill." }) { userErrors { code } } }',
    );
    await page.locator('.outcome').getByRole('button', { name: 'Look again' }).click();
    await outcome(page, 'later');
    assert.match(await told(page), /was refused, and nothing was charged/);
    assert.deepEqual(await sold(), { packs: 0, changes: 0 });
    await page.getByRole('button', { name: 'Change to Enterprise 10000', exact: true }).click();
    await outcome(page, 'done');
    assert.deepEqual(await sold(), { packs: 0, changes: 1 });
  });

  it('when the upstream refuses, in its own words', async () => {
    const page = await openPage('100036');
    const button = await openOrder(page);
    await harness.stack.fault({
      endpoint: 'booster',
      group: '100036',
      kind: 'xml_status',
      params: { code: 402, message: 'Payment required' },
    });
    await button.click();
    await outcome(page, 'refused');
    assert.match(await told(page), /Nothing was charged.*Payment required/s);
  });

  it('when the price has changed: nothing is sent, and the new price is asked about', async () => {
    await sold();
    const page = await openPage('100020');
    const button = await openOrder(page);
    await harness.stack.fault({ endpoint: 'plans', kind: 'element', params: { name: 'price', value: '120.50' } });
    await button.click();
    await outcome(page, 'refused');
    assert.match(await told(page), /The price has changed.*Nothing was charged/s);
    assert.match(
      await page.locator('.price-change').innerText(),
      /You were shown NZD\s99\. It is NZD\s120\.50 now\. Send it again only if you agree/,
    );
    assert.match(await page.locator('.confirm').first().innerText(), /charged at once: NZD\s120\.50/);
    assert.deepEqual(await sold(), { packs: 0, changes: 0 });
    await button.click();
    await outcome(page, 'done');
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('what is known of a change, what nobody knows, and a price that changes meanwhile', async () => {
    await sold();
    const page = await openPage('100019');
    await page.getByRole('button', { name: 'Change to Business 1000…', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The billing system alone decides').waitFor();
    assert.match(await dialog.innerText(), /Left of the plan in force\s+[\d,]+ documents?/);
    assert.match(await dialog.innerText(), /The billing system alone decides: .*tax; /);
    const fault = { endpoint: 'plans', kind: 'element', params: { name: 'price', value: '777.70' } };
    await harness.stack.fault(fault);
    const change = page.getByRole('button', { name: 'Change to Business 1000', exact: true });
    await change.click();
    await outcome(page, 'refused');
    await page.locator('.price-change', { hasText: /You were shown NZD\s500\. It is NZD\s777\.70 now/ }).waitFor();
    assert.deepEqual(await sold(), { packs: 0, changes: 0 });
    await change.click();
    await outcome(page, 'done');
    assert.deepEqual(await sold(), { packs: 0, changes: 1 });
  });

  it('when the same is wanted once more, knowingly', async () => {
    await sold();
    const page = await openPage('100018');
    await (await openOrder(page)).click();
    await outcome(page, 'done');
    await page.getByRole('button', { name: 'Make another one' }).click();
    await page.getByRole('button', { name: 'Order 1 × Booster 100' }).click();
    await outcome(page, 'duplicate');
    assert.match(await told(page), /The same was ordered a moment ago \(order of 1 × pack 1223 for group 100018/);
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
    await page.getByRole('button', { name: 'Yes, once more' }).click();
    await outcome(page, 'done');
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('in two tabs that order at the same instant', async () => {
    await sold();
    const first = await openPage('100017');
    const second = await first.context().newPage();
    await second.goto(`${harness.url}?group=100017`);
    const buttons = [await openOrder(first), await openOrder(second)];
    await Promise.all(buttons.map((button) => button.click()));
    for (const page of [first, second]) await outcome(page, 'done', 'replayed');
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('counts what is left in packs after an order', async () => {
    const page = await openPage('100037');
    const left = page.locator('.gauge .big');
    await page.locator('#history tbody tr').first().waitFor();
    const before = Number((await left.innerText()).replaceAll(',', ''));
    await (await openOrder(page)).click();
    await outcome(page, 'done');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('#history .tag.booster').first().waitFor();
    assert.equal(Number((await left.innerText()).replaceAll(',', '')), before + 100);
  });
});

describe('credits are bought once', () => {
  const ONCE = { received: 1, committed: 1 };

  for (const [turn, delay] of [0, 50, 120, 250, 1000].entries()) {
    it(`two clicks ${delay} ms apart, and the receipt is exact`, async () => {
      const page = await openPage('100001');
      const button = await openPurchase(page, quoteOf(turn));
      await button.scrollIntoViewIfNeeded();
      const box = await button.boundingBox();
      assert.ok(box);
      await bought();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.mouse.click(x, y);
      // The pause between the clicks is what is tried here.
      if (delay > 0) await page.waitForTimeout(delay);
      await page.mouse.click(x, y);
      await outcome(page, 'done', 'replayed');
      const entries = await harness.stack.journal('purchase_credits');
      assert.deepEqual(await bought(), ONCE);
      assert.equal(entries.length, 1);
      // As the upstream wrote them: 1000.0 credits at 0.035, net 35.0, tax 7.0.
      const receipt = await page.locator('.outcome .receipt > div').allInnerTexts();
      assert.deepEqual(
        receipt.map((line) => line.replaceAll(/\s+/g, ' ')).filter((line) => !/^(Invoice|Bought on)/.test(line)),
        [
          'Credits 1,000.0',
          'Price of one GBP 0.035',
          'Net GBP 35.0',
          'Tax GBP 7.0',
          'Total GBP 42.0',
          'Paid yes',
          `Quote ${quoteOf(turn)}`,
        ],
      );
    });
  }

  it('says before what is known and what is not, and sends what was filled in', async () => {
    const page = await openPage('100001');
    const button = await openPurchase(page, ` ${quoteOf(10).toUpperCase()} `);
    const words = await page.getByRole('dialog').innerText();
    assert.match(words, new RegExp(`You buy the quote ${quoteOf(10)} for the whole account.*charged at once`, 's'));
    assert.match(words, /Not known before: how many credits it is, the price, the currency and the tax/);
    await page.getByLabel('Your order number').fill('PO-2026/17');
    await page.getByText('Bill somebody else').click();
    await page.getByLabel('Company').fill('Café Zoë & Söhne');
    await page.getByLabel('E-mail').fill('accounts@example.com');
    assert.match(await page.getByRole('dialog').innerText(), /billed as given above/);
    await bought();
    await button.click();
    await outcome(page, 'done');
    const [entry] = await harness.stack.journal('purchase_credits');
    const sent = JSON.stringify(entry);
    for (const text of [quoteOf(10), 'PO-2026/17', 'Café Zoë & Söhne', 'accounts@example.com']) {
      assert.ok(sent.includes(text), `${text} is missing in ${sent}`);
    }
    for (const name of ['Phone', 'Mobile', 'Address']) assert.ok(!sent.includes(name), `${name} is sent: ${sent}`);
    // Personal data stays out of the browser's storage.
    assert.doesNotMatch(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })'), /example|Zoë/);
    assert.deepEqual(await bought(), ONCE);
  });

  it('a number that is no quote is not sent', async () => {
    await bought();
    const page = await openPage('100001');
    await (await openPurchase(page, '9beb5f68')).click();
    assert.equal(
      await page
        .getByLabel('Number of the quote')
        .evaluate((input: HTMLInputElement) => input.validity.patternMismatch),
      true,
    );
    assert.equal(await page.locator('.outcome').getAttribute('data-state'), 'editing');
    await page.getByLabel('Number of the quote').fill('00000000-0000-0000-0000-000000000000');
    await page.getByRole('button', { name: 'Buy the quote' }).click();
    await outcome(page, 'refused');
    assert.match(await told(page), /Something in the form is not right\. Nothing was charged/);
    assert.deepEqual(await bought(), { received: 0, committed: 0 });
  });

  it('when the first response is lost', async () => {
    const page = await openPage('100001');
    const button = await openPurchase(page, quoteOf(11));
    await bought();
    await loseResponses(page, /BuyCredits/, 1);
    await button.click();
    await outcome(page, 'replayed');
    assert.match(await told(page), /Nothing was charged a second time/);
    assert.deepEqual(await bought(), ONCE);
  });

  it('after a reload while sending: told above, and again in the form', async () => {
    const page = await openPage('100001');
    const button = await openPurchase(page, quoteOf(12));
    await bought();
    const sending = await leaveUnanswered(page, /BuyCredits/);
    await button.click();
    await outcome(page, 'sending');
    await sending.arrived;
    await page.reload();
    const banner = page.getByRole('region', { name: 'Being checked' });
    await banner.getByText('it was carried out').waitFor();
    assert.match(await banner.innerText(), new RegExp(`Purchase of credits, quote ${quoteOf(12)}`));
    await page.getByRole('button', { name: 'Buy credits…' }).click();
    await outcome(page, 'done');
    assert.match(await told(page), /carried out, once/);
    assert.deepEqual(await bought(), ONCE);
  });

  it('the same quote once more is asked about first', async () => {
    const page = await openPage('100001');
    await bought();
    await (await openPurchase(page, quoteOf(13))).click();
    await outcome(page, 'done');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    await (await openPurchase(page, quoteOf(13).toUpperCase())).click();
    await outcome(page, 'duplicate');
    assert.match(await told(page), new RegExp(`The same was bought a moment ago.*quote ${quoteOf(13)}`, 's'));
    assert.deepEqual(await bought(), ONCE);
    await page.getByRole('button', { name: 'Yes, once more' }).click();
    await outcome(page, 'done');
    assert.deepEqual(await bought(), ONCE);
  });

  it('in two tabs that buy at the same instant', async () => {
    await bought();
    const first = await openPage('100001');
    const second = await first.context().newPage();
    await second.goto(`${harness.url}?group=100002`);
    const buttons = [await openPurchase(first, quoteOf(14)), await openPurchase(second, quoteOf(14))];
    await Promise.all(buttons.map((button) => button.click()));
    for (const page of [first, second]) await outcome(page, 'done', 'replayed');
    assert.deepEqual(await bought(), ONCE);
  });

  it('when the upstream refuses, in its own words', async () => {
    const page = await openPage('100001');
    await bought();
    await (await openPurchase(page, '00000000-0000-4000-8000-000000990402')).click();
    await outcome(page, 'refused');
    assert.match(await told(page), /Nothing was charged/);
    assert.ok((await page.locator('.outcome q').innerText()).length > 0);
    assert.deepEqual(await bought(), { received: 1, committed: 0 });
  });

  it('when the outcome is unknown: nothing else is bought until it is settled, and the reference is told', async () => {
    const page = await openPage('100001');
    await bought();
    const lost = '00000000-0000-4000-8000-000000990001';
    await (await openPurchase(page, lost)).click();
    await outcome(page, 'unknown');
    await page.locator('.outcome').getByText('Tell support the reference').waitFor();
    await page.locator('.outcome > .fine', { hasText: 'Reference' }).waitFor();
    const key = (await page.locator('.outcome > .fine .figure').innerText()).trim();
    const other = await openPage('100002');
    await other.getByRole('region', { name: 'Being checked' }).getByText(lost).waitFor();
    await (await openPurchase(other, quoteOf(15))).click();
    await outcome(other, 'blocked');
    assert.match(await told(other), new RegExp(`An earlier purchase of credits, quote ${lost}.*has not ended yet`));
    assert.deepEqual(await bought(), ONCE);
    const { data, errors } = await harness.stack.execute(
      `mutation ($key: ID!) {
        resolveBillingOperation(input: { idempotencyKey: $key, outcome: SUCCEEDED, note: "On the bill." }) { userErrors { code } }
      }`,
      { key },
    );
    assert.deepEqual({ data, errors }, { data: { resolveBillingOperation: { userErrors: [] } }, errors: [] });
    await page.locator('.outcome').getByRole('button', { name: 'Look again' }).click();
    await outcome(page, 'done');
    assert.match(await told(page), new RegExp(`quote ${lost}.*was carried out, once`));
    await other.locator('.outcome').getByRole('button', { name: 'Look again' }).click();
    await outcome(other, 'later');
    assert.match(await told(other), /was carried out\. Yours was not sent: send it if you still want it/);
    await other.getByRole('button', { name: 'Buy the quote' }).click();
    await outcome(other, 'done');
    assert.deepEqual(await bought(), ONCE);
  });
});

describe('every part has its states', () => {
  it('loading: no figure, and no button that charges', async () => {
    const page = await harness.newPage();
    opened.push(page);
    await page.route('**/graphql', () => undefined);
    await page.goto(`${harness.url}?group=100001`);
    await page.getByRole('status', { name: 'Loading' }).first().waitFor();
    assert.equal(await page.getByRole('button', { name: /Order|Change|Renew/ }).count(), 0);
    assert.equal(await page.getByText('No plan').count(), 0);
  });

  it('none: a group without a plan is told so', async () => {
    const page = await openPage('100013');
    await page.getByText('No plan', { exact: true }).waitFor();
    await page.locator('.offer').first().waitFor();
    assert.equal(await page.locator('.offer.current').count(), 0);
  });

  it('failed: an upstream that is down is not "no plan", and the rest of the page stands', async () => {
    await harness.stack.fault({ endpoint: 'history', kind: 'reset' });
    const page = await openPage('100004');
    await page.locator('#plan .failed').waitFor();
    await page.locator('#history .failed').waitFor();
    await page.locator('.offer').first().waitFor();
    assert.equal(await page.getByText('No plan', { exact: true }).count(), 0);
    await harness.stack.clearFaults();
    // The gateway's breaker lets nothing through for some seconds: each response until then is another failed request,
    // with its own number.
    const failure = page.locator('#history .failed .fine');
    const row = page.locator('#history tbody tr').first();
    while (!(await row.isVisible())) {
      const told = await failure.innerText();
      await page.locator('#history .failed button').click();
      await row.or(failure.filter({ hasNotText: told })).waitFor();
    }
  });

  it('more: a next page that is empty ends the list, and every row stays', async () => {
    const page = await harness.newPage();
    opened.push(page);
    const unread: string[] = [];
    await page.route('**/graphql', async (route) => {
      const request = route.request().postDataJSON();
      if (request.operationName !== 'HistoryOfGroup') return route.continue();
      const response = await route.fetch();
      const body = await response.json();
      const connection = body.data?.group?.billingHistory;
      if (!connection) {
        unread.push(JSON.stringify(body));
        return route.fulfill({ response });
      }
      const isFirst = (request.variables.after ?? null) === null;
      connection.pageInfo = { ...connection.pageInfo, hasNextPage: isFirst, endCursor: isFirst ? 'the-end' : null };
      if (!isFirst) connection.nodes = [];
      return route.fulfill({ json: body });
    });
    await page.goto(`${harness.url}?group=100001`);
    const more = page.getByRole('button', { name: /^Show more of/ });
    const all = page.getByRole('button', { name: /^Show all/ });
    await more.or(all).or(page.locator('#history .failed')).first().waitFor();
    assert.deepEqual(unread, []);
    if (await all.isVisible()) await all.click();
    const before = await page.locator('#history tbody tr').count();
    await more.click();
    await more.waitFor({ state: 'detached' });
    assert.equal(await page.locator('#history tbody tr').count(), before);
    assert.ok(before > 1);
  });

  it('partial: one unreadable price is one gap, and the row stands', async () => {
    await harness.stack.fault({
      endpoint: 'history',
      group: '100003',
      kind: 'element',
      params: { name: 'price', value: 'n/a' },
    });
    const page = await openPage('100003');
    const row = page.locator('#history tbody tr').first();
    await row.waitFor();
    assert.equal(await row.locator('.gap').innerText(), 'unreadable');
    assert.match(await row.innerText(), /Business Annual 12000/);
    await page.locator('#plan .lead', { hasText: 'Business Annual 12000' }).waitFor();
    await page.getByText('No price can be added up.').waitFor();
  });
});

describe('for everybody', () => {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const) {
    it(`passes axe and fits, ${colorScheme}, ${width} px`, async () => {
      const page = await openPage('100000', { colorScheme, width });
      await page.locator('.offer').first().waitFor();
      await page.locator('.chart').first().waitFor();
      await page.locator('#history tbody tr').first().waitFor();
      await page.locator('#dry tbody tr').first().waitFor();
      assert.deepEqual(await accessibilityViolations(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
      await openOrder(page);
      assert.deepEqual(await accessibilityViolations(page), []);
      await page.getByRole('button', { name: 'Close' }).click();
      await page.locator('dialog').waitFor({ state: 'detached' });
      await openPurchase(page, quoteOf(20));
      await page.getByText('Bill somebody else').click();
      assert.deepEqual(await accessibilityViolations(page), []);
      assert.equal(await page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth"), true);
    });
  }

  it('fits at 360 px with names of one long word, and cuts off neither price nor button', async () => {
    const page = await harness.newPage({ width: 360 });
    const long = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
    await page.route('**/graphql', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replaceAll(/"((?:plan|group)?[nN]ame)":"[^"]*"/g, `"$1":"${long}"`);
      await route.fulfill({ response, body });
    });
    await page.goto(`${harness.url}?group=100000`);
    for (const part of ['.offer', '.chart', '.pack-list li', '#history tbody tr'])
      await page.locator(part).first().waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    await page
      .getByRole('button', { name: /^Order .*…$/ })
      .first()
      .click();
    const dialog = page.locator('dialog');
    assert.equal(await dialog.evaluate((part) => part.scrollWidth <= part.clientWidth), true);
    assert.match(await dialog.innerText(), new RegExp(long));
  });

  it('buys credits by keyboard alone', async () => {
    const page = await openPage('100001');
    await bought();
    await focusOn(page.getByRole('button', { name: 'Buy credits…' }));
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    // The focus is on "Close", so a held-down Enter key buys nothing.
    await page.keyboard.press('Tab');
    await page.keyboard.type(quoteOf(21));
    await page.keyboard.press('Enter');
    await outcome(page, 'done');
    assert.deepEqual(await bought(), { received: 1, committed: 1 });
  });

  it('works by keyboard alone', async () => {
    const page = await openPage('100038');
    const open = page.getByRole('button', { name: 'Order Booster 500…' });
    await focusOn(open);
    await page.keyboard.press('Enter');
    await focusOn(page.getByLabel('How many'));
    await page.keyboard.press('Escape');
    // Removed, not only hidden: a hidden element has no role, so a search by role would not find it.
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal(await open.evaluate((element) => element === document.activeElement), true);
    await page.keyboard.press('Enter');
    await sold();
    await focusOn(page.getByLabel('How many'));
    await page.keyboard.press('Enter');
    await outcome(page, 'done');
    assert.deepEqual(await sold(), { packs: 1, changes: 0 });
  });

  it('keeps a form open that was opened in the frame in which another was closed', async () => {
    const page = await openPage('100039');
    await openOrder(page);
    await page.getByRole('button', { name: 'Order Booster 500…' }).evaluate((button: HTMLElement) => {
      document.querySelector('dialog')?.close();
      button.click();
    });
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    assert.equal(await page.locator('dialog[open]', { hasText: 'Booster 500' }).count(), 1);
  });

  it('may be served from any port of this machine', async () => {
    const page = await openPage('100001');
    const name = await page.evaluate(`fetch('${harness.stack.graphqlUrl}', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: '{ group(id: "100001") { id } }' }),
    }).then((response) => response.json()).then(({ data }) => data.group.id)`);
    assert.equal(name, '100001');
  });

  it('throws nothing', () => {
    assert.deepEqual(harness.problems, []);
  });
});
