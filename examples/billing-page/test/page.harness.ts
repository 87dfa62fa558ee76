import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BillingStack, startBilling } from '@billing-gateway/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build, preview } from 'vite';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export interface PageOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly timezoneId?: string;
}

/** The built page in a real Chromium, in front of a gateway and a simulator. */
export interface PageHarness {
  readonly stack: BillingStack;
  readonly url: string;
  /** A page in its own profile; `problems` collects the errors of its scripts. */
  newPage(options?: PageOptions): Promise<Page>;
  readonly problems: readonly string[];
  stop(): Promise<void>;
}

/** Builds the page and starts everything. `gatewayUrl` puts another gateway behind it. */
export async function startPage(stack?: BillingStack): Promise<PageHarness> {
  const billing = stack ?? (await startBilling({ toggles: { catalogueCurrency: 'yes', purchaseMode: 'repurchase' } }));
  // A folder of its own: two suites may run at a time.
  const outDir = await mkdtemp(join(tmpdir(), 'billing-page-'));
  await build({ root: ROOT, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  const server = await preview({
    root: ROOT,
    logLevel: 'error',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, proxy: { '/graphql': billing.url } },
  });
  const address = server.httpServer.address();
  if (typeof address !== 'object' || address === null) throw new Error('the preview does not listen');
  const browser: Browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  const problems: string[] = [];
  return {
    stack: billing,
    url: `http://127.0.0.1:${address.port}/`,
    problems,
    async newPage({ colorScheme = 'light', width = 1280, height = 900, timezoneId = 'UTC' } = {}) {
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height },
        timezoneId,
        locale: 'en-NZ',
        reducedMotion: 'reduce',
      });
      context.on('weberror', (error) => problems.push(error.error().message));
      return context.newPage();
    },
    async stop() {
      await browser.close();
      await server.close();
      await billing.stop();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The findings of axe-core, one line for each rule and element. */
export async function accessibilityViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any }) => id + ': ' + target.join(' ') + ' ' + (any[0]?.message ?? ''))))`);
}
