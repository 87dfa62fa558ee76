import { createBillingClient } from './billing.client.ts';
import { GroupPage, PlanChoice } from './billing.documents.ts';
import { loadMore, watchHistory } from './billing.history.ts';
import { offerOf } from './billing.offers.ts';
import { wordOf } from './billing.words.ts';
import { changePlan, orderPacks, reconcile } from './billing.writes.ts';
import type { WriteOutcome } from './write.outcome.ts';

const groupId = new URLSearchParams(location.search).get('group') ?? '100001';
const client = createBillingClient('/graphql');

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

// The page only watches. Writes change the cache, and what is shown follows.
client.watchQuery({ query: GroupPage, variables: { groupId } }).subscribe(({ data }) => {
  const group = data?.group;
  const plan = group?.plan;
  element('name').textContent = group?.name ?? `Group ${groupId}`;
  element('plan').textContent =
    plan === null || plan === undefined
      ? 'No plan.'
      : `${plan.name}: ${plan.price?.amount} ${plan.price?.currency ?? ''}, ${plan.remainingDocuments} documents left until ${plan.expiryDate}`;
});

const plans = element('plans') as HTMLSelectElement;
client.watchQuery({ query: PlanChoice, variables: { groupId } }).subscribe(({ data }) => {
  const chosen = plans.value;
  plans.replaceChildren(
    ...(data?.group?.availablePlans ?? []).map((plan) => new Option(offerOf(plan as Offer), plan?.id ?? '')),
  );
  if (chosen !== '') plans.value = chosen;
});

const history = watchHistory(client, groupId, 5);
history.subscribe(({ data }) => {
  const connection = data?.group?.billingHistory;
  element('more').hidden = connection?.pageInfo?.hasNextPage !== true;
  element('rows').replaceChildren(
    ...(connection?.edges ?? []).map((edge) => {
      const row = document.createElement('tr');
      const { node } = edge ?? {};
      const price = node?.price === null ? '' : `${node?.price?.amount} ${node?.price?.currency ?? ''}`;
      for (const text of [
        node?.startDate ?? '',
        node === undefined ? '' : wordOf(node as Row),
        node?.planName ?? '',
        price,
      ]) {
        row.insertCell().textContent = text;
      }
      return row;
    }),
  );
});

element('more').onclick = () => void loadMore(history);
element('order').onclick = () =>
  void orderPacks(client, localStorage, { name: `pack-${groupId}`, input: { packId: '1223', groupId } }).then(tell);
element('change').onclick = () =>
  void changePlan(client, localStorage, {
    name: `plan-${groupId}-${plans.value}`,
    input: { planId: plans.value, groupId },
  }).then(tell);

type Offer = Parameters<typeof offerOf>[0];
type Row = Parameters<typeof wordOf>[0];

function tell(outcome: WriteOutcome<unknown>): void {
  const lookUp = element('reconcile');
  lookUp.hidden = outcome.kind !== 'unknown';
  switch (outcome.kind) {
    case 'done':
      element('message').textContent = 'Done.';
      break;
    case 'refused':
      element('message').textContent = outcome.error.upstreamMessage ?? outcome.error.message;
      break;
    case 'later':
      element('message').textContent = 'No answer yet. Try again: nothing is ordered twice.';
      break;
    case 'unknown':
      element('message').textContent = 'It is not known whether this was carried out. Do not order again.';
      lookUp.onclick = () =>
        void reconcile(client, outcome.idempotencyKey).then((answer) => {
          element('message').textContent = answer?.operation?.status ?? 'Still unknown.';
        });
  }
}
