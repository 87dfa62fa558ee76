import { describe, expect, it } from '@jest/globals';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { secondText } from './contract.oracle.js';

const OPEN = `mutation ($input: OpenBillingUiInput) { openBillingUi(input: $input) { url expiresAt userErrors { code upstreamStatus } } }`;

interface Opened {
  readonly openBillingUi: { readonly url: string; readonly expiresAt: string | null; readonly userErrors: readonly [] };
}

/** Links to the billing pages. */
export function billingUiSuite(open: () => ContractWorld, facts: ContractFacts): void {
  describe('openBillingUi', () => {
    it.each([
      [1, 'PROCESS'],
      [259_200, 'DELETE'],
    ])(
      'answers a link for %d seconds, with what becomes of documents on hold: %s',
      async (expireSeconds, heldDocuments) => {
        const { world, ask } = open();
        const input = { expireSeconds, heldDocuments, confirmDocumentDeletion: true };
        const { data, errors, headers } = await ask<Opened>(OPEN, { input });
        const token = world.state().uiTokens.at(-1);
        expect(errors).toEqual([]);
        expect(data?.openBillingUi).toEqual({
          url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1\/billings\/index\.html\?t=/),
          expiresAt: facts.tellsLinkExpiry ? secondText(token?.expiresAt ?? 0) : null,
          userErrors: [],
        });
        expect(new URL(data?.openBillingUi.url ?? '').searchParams.get('t')).toBe(token?.token);
        expect(token?.purge).toBe(heldDocuments.toLowerCase());
        expect(headers.get('cache-control')).toBe('no-store');
      },
    );

    it('opens', async () => {
      const { data } = await open().ask<Opened>(OPEN);
      expect((await fetch(data?.openBillingUi.url ?? '')).status).toBe(200);
    });

    it.each([0, 259_201])('of %d seconds is refused before anybody is asked', async (expireSeconds) => {
      const { ask, received, forgetCalls } = open();
      forgetCalls();
      const { errors } = await ask(OPEN, { input: { expireSeconds } });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(received('billing_ui')).toBe(0);
    });

    it('that the upstream refuses is data', async () => {
      const { world, ask } = open();
      world.addFault({ endpoint: 'billing_ui', kind: 'xml_status', params: { code: 403, message: 'No' } });
      const { data, errors } = await ask(OPEN);
      world.clearFaults();
      expect(errors).toEqual([]);
      expect(data).toEqual({
        openBillingUi: {
          url: null,
          expiresAt: null,
          userErrors: [{ code: 'UPSTREAM_UNAUTHENTICATED', upstreamStatus: '403' }],
        },
      });
    });
  });
}
