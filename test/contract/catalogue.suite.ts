import { describe, expect, it } from '@jest/globals';
import { FIXTURE_PACKS, FIXTURE_PLANS } from '../../src/simulator/simulator-fixtures.js';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';

/** The catalogue of a group. */
export function catalogueSuite(open: () => ContractWorld, facts: ContractFacts): void {
  describe('the catalogue', () => {
    const money = (amount: string, currency: string) => ({
      amount,
      currency: facts.catalogueCurrency ? currency : null,
    });

    it('holds every plan and pack, prices as sent, and what a change costs where currencies are named', async () => {
      const { data, errors } = await open().ask(`{ group(id: "100000") {
        availablePlans { id name typeRaw allowedDocuments price { amount currency } differenceToCurrent { amount currency } }
        availablePacks { id name allowedDocuments price { amount currency } wholesalePrice { amount currency } } } }`);
      expect(errors).toEqual([]);
      // The group pays 500 NZD a month.
      const differences: Readonly<Record<string, string>> = {
        '110': '-500',
        '111': '-450.10',
        '112': '0',
        '113': '2000.50',
        '121': '4500.00',
        '122': '-1.00',
        '130': '-499.90',
      };
      const difference = (id: string) => {
        const amount = facts.catalogueCurrency ? differences[id] : undefined;
        return amount === undefined ? null : { amount, currency: 'NZD' };
      };
      expect(data).toEqual({
        group: {
          availablePlans: FIXTURE_PLANS.map(({ id, name, type, allowed, price, currency }) => ({
            id,
            name,
            typeRaw: type,
            allowedDocuments: allowed,
            price: money(price, currency),
            differenceToCurrent: difference(id),
          })),
          availablePacks: FIXTURE_PACKS.map(({ id, name, allowed, price, wholesalePrice, currency }) => ({
            id,
            name,
            allowedDocuments: allowed,
            price: money(price, currency),
            wholesalePrice: { amount: wholesalePrice, currency: null },
          })),
        },
      });
    });
  });
}
