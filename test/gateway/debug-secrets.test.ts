import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator } from '../support/start-simulator.js';

let simulator: TestSimulator;
beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
});

describe('what /debug never shows', () => {
  it('keeps keys, tokens, the billing URL, addresses and idempotency keys to itself', async () => {
    const world = simulator.freshWorld('canary-Zx81Qp');
    const gateway = await startGateway({
      xtractaUrl: simulator.url,
      creditsUrl: simulator.url,
      env: { AUTH: 'passthrough', XTRACTA_API_KEY: undefined, CREDITS_TOKEN: undefined },
    });
    try {
      const headers = { 'x-xtracta-api-key': world.apiKey, 'x-credits-authorization': `Bearer ${world.creditsToken}` };
      const ui = await gateway.execute<{ openBillingUi: { url: string } }>(
        'mutation { openBillingUi(input: {}) { url } }',
        {},
        headers,
      );
      const url = ui.data?.openBillingUi.url ?? '';
      expect(url).toMatch(/^http/);
      const token = new URL(url).searchParams.get('t') ?? url;
      const key = 'canary-key-0123456789-abcdef';
      const contact = {
        email: 'canary.jane@example.com',
        company: 'Canary Ltd',
        address: '1 Canary Street',
        phone: '+64 21 555 0199',
      };
      const input = {
        idempotencyKey: key,
        purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
        purchaseOrder: 'PO-canary',
        billing: contact,
      };
      const purchase =
        'mutation Buy($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { purchase { id userId } userErrors { code } } }';
      await gateway.execute(purchase, { input }, headers);
      const inline = `mutation { purchaseCredits(input: { idempotencyKey: "${key}", purchaseId: "${input.purchaseId}", billing: { email: "${contact.email}" } }) { userErrors { code } } }`;
      await gateway.execute(inline, {}, headers);
      await gateway.execute(`{ billingOperation(idempotencyKey: "${key}") { status } }`, {}, headers);
      await gateway.execute(`{ group(id: "${world.apiKey}") { plan { name } } }`, {}, headers);
      await gateway.execute(
        `{ group(id: "100001", key: "${world.apiKey}") { id } }`,
        { token: world.creditsToken },
        headers,
      );
      await gateway.execute(`{ group("${world.apiKey}`, {}, headers);
      await gateway.execute(
        '{ group(id: "1") { name } }',
        {},
        { ...headers, 'x-xtracta-api-key': `${world.apiKey}, ${world.apiKey}` },
      );

      const json = await (await fetch(`${gateway.url}/debug/operations`)).text();
      expect(JSON.parse(json).operations.length).toBeGreaterThanOrEqual(8);
      const html = await (await fetch(`${gateway.url}/debug`)).text();
      const secrets = [
        world.apiKey,
        world.creditsToken,
        'Zx81Qp',
        url,
        token,
        key,
        ...Object.values(contact),
        'PO-canary',
      ];
      for (const secret of secrets) {
        expect(json).not.toContain(secret);
        expect(html).not.toContain(secret);
      }
      expect(json).toContain('cana…cdef');
      // The caller's credential is a placeholder in the curl lines.
      expect(html).toContain('x-xtracta-api-key: \\u003capi key>');
    } finally {
      await gateway.close();
    }
  });
});
