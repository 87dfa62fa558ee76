import type { Page, Request } from 'playwright-core';

/** The address of GraphiQL with an operation as its active tab. */
export function graphiqlUrl(gatewayUrl: string, query: string, variables: Readonly<Record<string, unknown>>): string {
  const operation = JSON.stringify({ query, variables: JSON.stringify(variables, null, 2) });
  return `${gatewayUrl}/graphiql#operation=${encodeURIComponent(operation)}`;
}

/**
 * Opens one of the tabs, and waits for its operation. Until it is shown, GraphiQL still runs the previous tab's
 * operation.
 */
export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name, exact: true }).click();
  await page.locator('.graphiql-query-editor .view-lines').getByText(name).first().waitFor();
}

/** Runs the active tab and returns the response on the screen, once it holds the text. */
export async function runAndSee(page: Page, text: string): Promise<string> {
  const response = page.locator('.graphiql-response .view-lines');
  await response.waitFor({ state: 'attached' });
  await execute(page);
  await response.getByText(text).first().waitFor();
  return await shownText(page, '.graphiql-response');
}

/** GraphiQL ignores the button until all of its editors are ready, so this clicks until an operation is sent. */
async function execute(page: Page): Promise<void> {
  for (let left = false; !left; ) {
    const request = page.waitForRequest(isOperation, { timeout: 3_000 });
    await page.getByRole('button', { name: /^Execute query/ }).click();
    left = await request.then(
      () => true,
      () => false,
    );
  }
}

function isOperation(request: Request): boolean {
  return request.method() === 'POST' && request.postData()?.includes('IntrospectionQuery') === false;
}

/** The text of an editor without the editor's non-breaking spaces. */
export async function shownText(page: Page, selector: string): Promise<string> {
  const text = await page.locator(`${selector} .view-lines`).innerText();
  return text.replaceAll('\u00a0', ' ');
}
