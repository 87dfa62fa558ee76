import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type BillingStack, startBilling } from '../../testing/src/index.ts';
import {
  type Attempts,
  type BillingClient,
  createBillingWrite,
  createIntentStore,
  expectedPrice,
  type IntentStorage,
  memoryStorage,
  PATIENT,
} from '../src/index.ts';
import { deferred, KITS } from './kits.harness.ts';

let stack: BillingStack;
before(async () => {
  stack = await startBilling();
});
after(() => stack.stop());

const ONE_ATTEMPT: Attempts = { most: 1, wait: () => Promise.resolve() };

/** One tab with the form of an order. */
function openForm(client: BillingClient, storage: IntentStorage, attempts = PATIENT) {
  const intents = createIntentStore('alice', storage);
  const flow = createBillingWrite({ write: 'orderBoosterPack', client, intents, intent: 'order', attempts });
  flow.enter();
  return { flow, intents };
}

const sold = async () => (await stack.counts())['booster']?.committed ?? 0;

for (const [turn, [name, createKit]] of KITS.entries()) {
  const groupOf = (number: number) => String(100_000 + number + turn * 5);
  describe(`an intent is charged once with ${name}`, () => {
    beforeEach(() => stack.forgetJournal());

    it('though the form is opened again and changed while the gateway reads the catalogue', async () => {
      await stack.fault({ endpoint: 'plans', kind: 'delay', first: 1, params: { ms: 5000 } });
      const storage = memoryStorage();
      const { billing } = createKit(stack.graphqlUrl);
      const order = { packId: '1223', groupId: groupOf(16), ...expectedPrice({ amount: '99', currency: null }) };
      const { flow: first } = openForm(billing, storage);
      const sending = first.send({ ...order, quantity: 2 });
      first.leave();
      const { flow: second } = openForm(billing, storage);
      const looked = await second.check();
      assert.equal(looked.kind === 'unknown' && looked.cause, 'NOT_RECEIVED');
      assert.equal((await second.send({ ...order, quantity: 1 })).kind, 'done');
      assert.equal((await sending).kind, 'keyReused');
      assert.equal(await sold(), 1);
    });

    it('though a request arrives after the gateway had no record of it, and the form was changed', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      const held: (() => Promise<unknown>)[] = [];
      const slow: BillingClient = {
        ...billing,
        mutate(document, variables) {
          if (held.length > 0) return billing.mutate(document, variables);
          held.push(() => billing.mutate(document, variables));
          return Promise.resolve({ kind: 'noResponse', cause: 'held by the network' });
        },
      };
      const { flow } = openForm(slow, memoryStorage(), ONE_ATTEMPT);
      const order = { packId: '1223', groupId: groupOf(17) };
      assert.equal((await flow.send({ ...order, quantity: 2 })).kind, 'unknown');
      assert.equal((await flow.check()).kind, 'unknown');
      assert.equal((await flow.send({ ...order, quantity: 1 })).kind, 'done');
      await Promise.all(held.map((arrive) => arrive()));
      assert.equal(await sold(), 1);
    });

    it('and stays known, though an earlier one ends in another tab', async () => {
      const storage = memoryStorage();
      let isLost = true;
      const { billing } = createKit(stack.graphqlUrl, () => isLost);
      const { promise: waited, resolve: goOn } = deferred<void>();
      const { promise: lost, resolve: lose } = deferred<void>();
      const waiting = () => {
        lose();
        return waited;
      };
      const { flow: one } = openForm(billing, storage, { most: 2, wait: waiting });
      const order = { packId: '1223', groupId: groupOf(18) };
      const sending = one.send(order);
      await lost;
      isLost = false;
      const { flow: other, intents } = openForm(billing, storage, ONE_ATTEMPT);
      assert.equal((await other.check()).kind, 'done');
      other.startAnew();
      isLost = true;
      assert.equal((await other.send({ ...order, quantity: 3 })).kind, 'unknown');
      isLost = false;
      const [open] = intents.pending();
      goOn();
      assert.equal((await sending).kind, 'done');
      assert.deepEqual(intents.pending(), [open]);
      assert.equal((await other.check()).kind, 'done');
      assert.equal(await sold(), 2);
    });
  });
}
