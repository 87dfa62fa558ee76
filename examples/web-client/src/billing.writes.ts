import type { ApolloCache, ApolloClient } from '@apollo/client';
import type {
  ChangePlanInput,
  ChangePlanMutation,
  OrderBoosterPackInput,
  OrderPacksMutation,
  ReconcileMutation,
} from './__generated__/graphql.ts';
import { ChangePlan, OpenBillingUi, OrderPacks, Reconcile } from './billing.documents.ts';
import { type KeyStore, keyFor, settle } from './pending.keys.ts';
import { type Attempts, send, type WriteOutcome } from './write.outcome.ts';

type Order = OrderPacksMutation['orderBoosterPack'];
type PlanChange = ChangePlanMutation['changePlan'];

interface Intent<Input> {
  /** Names what the user wants: `cart-17`, say. One intent is one charge. */
  readonly name: string;
  readonly input: Omit<Input, 'idempotencyKey'>;
}

/** Orders booster packs, once per intent. */
export async function orderPacks(
  client: ApolloClient,
  keys: KeyStore,
  intent: Intent<OrderBoosterPackInput>,
  attempts?: Attempts,
): Promise<WriteOutcome<Order>> {
  const outcome = await send(
    keyFor(keys, intent.name),
    async (idempotencyKey) => {
      const { data } = await client.mutate({
        mutation: OrderPacks,
        variables: { input: { ...intent.input, idempotencyKey } },
        update: (cache, { data: written }) => forget(cache, written?.orderBoosterPack.pack?.group?.id, OF_GROUP),
      });
      return answerOf(data?.orderBoosterPack);
    },
    attempts,
  );
  if (isSettled(outcome)) settle(keys, intent.name);
  return outcome;
}

/** Changes a group's plan, once per intent. The group in the answer carries the new plan into the cache: nothing is fetched again. */
export async function changePlan(
  client: ApolloClient,
  keys: KeyStore,
  intent: Intent<ChangePlanInput>,
  attempts?: Attempts,
): Promise<WriteOutcome<PlanChange>> {
  const outcome = await send(
    keyFor(keys, intent.name),
    async (idempotencyKey) => {
      const { data } = await client.mutate({
        mutation: ChangePlan,
        variables: { input: { ...intent.input, idempotencyKey } },
        update: (cache, { data: written }) => forget(cache, written?.changePlan.group?.id, OF_PLAN),
      });
      return answerOf(data?.changePlan);
    },
    attempts,
  );
  if (isSettled(outcome)) settle(keys, intent.name);
  return outcome;
}

/**
 * Asks the gateway to look an unknown outcome up. `operation.status` tells: SUCCEEDED or REJECTED is known now; OUTCOME_UNKNOWN stays,
 * and an operator decides with `resolveBillingOperation`. Never sends the write again.
 */
export async function reconcile(
  client: ApolloClient,
  idempotencyKey: string,
): Promise<ReconcileMutation['reconcileBillingOperation'] | undefined> {
  const { data } = await client.mutate({
    mutation: Reconcile,
    variables: { idempotencyKey },
    update: (cache, { data: written }) => {
      forget(cache, written?.reconcileBillingOperation.operation?.group?.id, OF_PLAN);
    },
  });
  return data?.reconcileBillingOperation;
}

/** A URL to send the user to at once. It is a credential, so it stays out of the cache. */
export async function billingPage(client: ApolloClient): Promise<string | null> {
  const { data } = await client.mutate({ mutation: OpenBillingUi, fetchPolicy: 'no-cache' });
  return data?.openBillingUi.url ?? null;
}

/** A write adds a row, and cursors of the old list end. Watched lists are fetched anew. */
const OF_GROUP = ['billingHistory'];
/** A catalogue tells the difference to the plan in force. */
const OF_PLAN = [...OF_GROUP, 'availablePlans'];

function forget(cache: ApolloCache, groupId: string | undefined, fieldNames: readonly string[]): void {
  if (groupId === undefined) return;
  const id = cache.identify({ __typename: 'Group', id: groupId });
  if (id === undefined) return;
  for (const fieldName of fieldNames) cache.evict({ id, fieldName });
}

function isSettled(outcome: WriteOutcome<unknown>): boolean {
  return outcome.kind === 'done' || outcome.kind === 'refused';
}

function answerOf<Payload extends Order | PlanChange>(payload: Payload | undefined) {
  if (payload === undefined) throw new Error('no answer');
  return { payload, userErrors: payload.userErrors, operationKey: payload.operation?.idempotencyKey };
}
