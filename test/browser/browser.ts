import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import { chromium, type Page } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';
/**
 * Features that are off: those that playwright-core switches off on Linux, because the last list counts, and three that
 * load pages for the address bar: two in each window, which costs 1.3 s of processor time.
 */
const FEATURES_OFF = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
];
// Flags that switch off the browser's own requests to other hosts, and refuse those of its pages. Interception of each
// request would refuse them as well, and costs the cache and a sixth of the processor time.
const ARGUMENTS = [
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  `--disable-features=${FEATURES_OFF.join(',')}`,
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function hasBrowser(): boolean {
  return existsSync(EXECUTABLE);
}

export interface TestBrowser {
  /** A page in its own profile. Requests to other hosts are refused and recorded. */
  newPage(options?: { readonly colorScheme?: 'light' | 'dark'; readonly width?: number }): Promise<Page>;
  /** Requests of all pages to other hosts. */
  readonly foreignRequests: readonly string[];
  /** Errors of the pages' scripts, and requests that their policies blocked. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** A real Chromium without a window. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
  const foreignRequests: string[] = [];
  const problems: string[] = [];
  return {
    foreignRequests,
    problems,
    async newPage({ colorScheme = 'light', width = 1280 } = {}) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      context.on('request', (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (hostname !== '127.0.0.1' && protocol !== 'data:' && protocol !== 'blob:')
          foreignRequests.push(request.url());
      });
      context.on('weberror', (error) => problems.push(error.error().message));
      context.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      return context.newPage();
    },
    close: () => browser.close(),
  };
}

let axeSource: Promise<string> | null = null;

/**
 * The findings of axe-core on the present page, or a part of it: one line for each rule and element.
 *
 * @param within a CSS selector
 */
export async function accessibilityViolations(
  page: Page,
  options: RunOptions = {},
  within = 'html',
): Promise<string[]> {
  axeSource ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated by the debugger, to which the page's policy does not apply.
  // Without the last value, the browser would describe all of axe-core to this process.
  await page.evaluate(`${await axeSource};undefined`);
  const all: RunOptions = { resultTypes: ['violations'], ...options };
  const violations: AxeResults['violations'] = await page.evaluate(
    `axe.run(${JSON.stringify(within)}, ${JSON.stringify(all)}).then(({ violations }) => violations)`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.any[0]?.message ?? ''}`),
  );
}
