const byId = (id) => document.getElementById(id);
const params = new URLSearchParams(location.search);
let world = params.get('world') || '';
let state = null;
let snapshotId = null;
let shownFaults = '';

/** An element with text, attributes and children. */
function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

async function call(method, path, body) {
  const query = new URLSearchParams(path.split('?')[1] || '');
  if (world !== '') query.set('world', world);
  const response = await fetch(`/__sim/${path.split('?')[0]}?${query}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const result = await response.json();
  if (!response.ok) throw new Error(result.error || `HTTP ${response.status}`);
  return result;
}

function say(text, isBad) {
  byId('status').textContent = text;
  byId('status').className = isBad ? 'bad' : '';
}

/** Runs the action of a button, reports the result, and shows the new state. */
async function act(work) {
  try {
    say(await work());
    await refresh();
  } catch (error) {
    say(error.message, true);
  }
}

const day = (iso) => iso.slice(0, 10);
const minute = (iso) => iso.slice(0, 19).replace('T', ' ');

/** Fills a table. Each cell also gets the name of its column, which a narrow screen shows beside it. */
function fill(id, rows, emptyText) {
  const body = byId(id);
  const columns = Array.from(body.closest('table').tHead.rows[0].cells, (cell) => cell.textContent);
  for (const { cells } of rows) for (const [index, cell] of [...cells].entries()) cell.dataset.column = columns[index];
  const none = () => make('tr', {}, make('td', { colspan: columns.length, class: 'quiet' }, emptyText));
  body.replaceChildren(...(rows.length > 0 ? rows : [none()]));
}

function row(...cells) {
  return make(
    'tr',
    {},
    ...cells.map((cell) => (cell instanceof Node && cell.matches('td, th') ? cell : make('td', {}, cell))),
  );
}

const number = (value, extra) => make('td', { class: extra ? `num ${extra}` : 'num' }, value);
const pairs = (id, entries) =>
  byId(id).replaceChildren(
    ...entries.map(([term, value]) => make('div', {}, make('dt', {}, term), make('dd', {}, value))),
  );

/** A bar of the usage. Usage above the allowance fills it in another colour. */
function usage(used, allowed) {
  const share = allowed === 0 ? (used === 0 ? 0 : 1) : Math.min(1, used / allowed);
  const fill = make('span', { class: share >= 1 ? 'full' : share >= 0.8 ? 'near' : '' });
  fill.style.width = `${share * 100}%`;
  const bar = make('span', { class: 'meter', 'aria-hidden': 'true' }, fill);
  return make('td', { class: 'usage' }, bar, make('span', {}, `${used} of ${allowed}`));
}

function showGroups() {
  const wanted = byId('group-filter').value.trim().toLowerCase();
  const heldOnly = byId('held-only').checked;
  const rows = state.groups
    .filter((group) => !heldOnly || group.held > 0)
    .filter((group) =>
      `${group.id} ${group.name} ${group.plan ? group.plan.name : 'none'}`.toLowerCase().includes(wanted),
    )
    .map((group) =>
      row(
        make('th', { scope: 'row' }, make('code', {}, group.id)),
        group.parentId === null
          ? group.name
          : make('td', {}, `${group.name} `, make('span', { class: 'quiet' }, `in ${group.parentId}`)),
        group.plan
          ? make('td', {}, `${group.plan.name} `, make('span', { class: 'quiet' }, group.plan.activity))
          : make('td', { class: 'quiet' }, 'none'),
        group.plan ? usage(group.plan.used, group.plan.allowed) : make('td', { class: 'quiet' }, 'nothing'),
        number(group.remaining),
        number(group.held, group.held > 0 ? 'held' : ''),
        group.plan ? day(group.plan.expiry) : '',
      ),
    );
  fill('group-rows', rows, 'No group matches.');
}

const DUPLICATE_WINDOW_MS = 300_000;

/** A note about an equal order shortly before. Either the user meant both, or a client sent one twice. */
function likeness(order) {
  const earlier = state.packOrders.findLast(
    ({ id, groupId, packId, quantity, orderedAt }) =>
      Number(id) < Number(order.id) &&
      groupId === order.groupId &&
      packId === order.packId &&
      quantity === order.quantity &&
      Date.parse(order.orderedAt) - Date.parse(orderedAt) < DUPLICATE_WINDOW_MS,
  );
  if (earlier === undefined) return '';
  const seconds = Math.round((Date.parse(order.orderedAt) - Date.parse(earlier.orderedAt)) / 1000);
  return make('div', { class: 'quiet' }, `as order ${earlier.id}, ${seconds} s later`);
}

function show() {
  byId('now').textContent = `${minute(state.now)} UTC`;
  byId('now').dateTime = state.now;
  showGroups();
  fill(
    'plan-rows',
    state.plans.map((plan) =>
      row(
        make('code', {}, plan.id),
        plan.name,
        plan.type,
        number(plan.allowed),
        number(`${plan.price} ${plan.currency}`),
      ),
    ),
    'No plans.',
  );
  fill(
    'pack-rows',
    state.packs.map((pack) =>
      row(make('code', {}, pack.id), pack.name, number(pack.allowed), number(`${pack.price} ${pack.currency}`)),
    ),
    'No packs.',
  );
  fill(
    'order-rows',
    state.packOrders
      .toReversed()
      .map((order) =>
        row(
          make('td', {}, order.id, likeness(order)),
          make('code', {}, order.groupId),
          make('code', {}, order.packId),
          number(order.quantity),
          minute(order.orderedAt),
        ),
      ),
    'No packs were ordered.',
  );
  fill(
    'purchase-rows',
    state.purchases
      .toReversed()
      .map((purchase) =>
        row(
          make('code', {}, purchase.purchaseId),
          number(purchase.quantity),
          number(`${purchase.gross} ${purchase.currency}`),
          purchase.paid ? 'yes' : 'no',
          minute(purchase.at),
        ),
      ),
    'No credits were bought.',
  );
  pairs('totals', [
    ['Credits', state.creditBalance],
    ['Documents on hold', state.documents.on_hold],
    ['processed', state.documents.processed],
    ['deleted', state.documents.deleted],
    ['Billing UI links', state.billingUi.length],
  ]);
}

async function showJournal() {
  const journal = await call('GET', 'journal?limit=100');
  pairs(
    'counts',
    Object.entries(journal.counts).map(([endpoint, count]) => [
      endpoint,
      `${count.received} (${count.committed} done)`,
    ]),
  );
  fill(
    'journal-rows',
    journal.entries
      .toReversed()
      .map((entry) =>
        row(
          number(entry.seq),
          minute(entry.at),
          entry.endpoint,
          make('td', { class: 'params' }, entry.params.map(([name, value]) => `${name}=${value}`).join(' ')),
          entry.status === null
            ? make('td', { class: 'bad' }, 'none sent')
            : make('td', { class: entry.status < 400 ? 'good' : 'bad' }, entry.status),
          entry.committed ? 'yes' : 'no',
          entry.faults.length > 0 ? `${entry.note} (fault: ${entry.faults.join(', ')})` : entry.note,
        ),
      ),
    'No requests yet.',
  );
}

async function showFaults() {
  const rules = await call('GET', 'faults');
  // Drawn anew only after a change, so that a focused button keeps its focus.
  if (JSON.stringify(rules) === shownFaults) return;
  shownFaults = JSON.stringify(rules);
  fill(
    'fault-rows',
    rules.map((rule) => {
      const remove = make('button', { type: 'button', class: 'danger', 'aria-label': `Remove ${rule.id}` }, 'Remove');
      remove.addEventListener('click', () =>
        act(async () => {
          await call('DELETE', `faults?id=${rule.id}`);
          return `${rule.id} removed`;
        }),
      );
      const isUsedUp = (rule.first !== null && rule.seen >= rule.first) || (rule.nth !== null && rule.seen >= rule.nth);
      const limits = ['first', 'nth', 'every', 'probability', 'group']
        .filter((name) => rule[name] !== null)
        .map((name) => `${name} ${rule[name]}`);
      const settings = Object.entries(rule.params).map(([name, value]) => `${name}=${value}`);
      const shown = row(
        rule.id,
        rule.endpoint === '*' ? 'all' : rule.endpoint,
        make(
          'td',
          { class: 'params' },
          [rule.kind, ...settings, ...limits].join(' '),
          isUsedUp ? make('span', { class: 'spent-word' }, 'used up') : '',
        ),
        number(rule.seen),
        number(rule.struck),
        make('td', {}, remove),
      );
      if (isUsedUp) shown.className = 'spent';
      return shown;
    }),
    'No faults: every request is served.',
  );
}

/** The words of a toggle's value, with its name where the name differs. */
const named = (words, name) => (words === name ? name : `${words} (${name})`);

async function showToggles() {
  const toggles = await call('GET', 'toggles');
  byId('toggle-form').replaceChildren(
    ...Object.entries(toggles.choices).map(([name, choices]) => {
      const about = toggles.about[name];
      const id = `toggle-${name}`;
      const select = make(
        'select',
        { name, id, 'aria-describedby': `${id}-about` },
        ...choices.map((choice) => make('option', { value: choice }, named(about.values[choice], choice))),
      );
      select.value = toggles.values[name];
      select.addEventListener('change', () =>
        act(async () => {
          await call('POST', 'toggles', { [name]: select.value });
          place.className = select.value === choices[0] ? '' : 'changed';
          return `${name} is ${select.value}`;
        }),
      );
      const place = make(
        'div',
        { class: select.value === choices[0] ? '' : 'changed' },
        make('label', { for: id }, about.title),
        select,
        make('p', { id: `${id}-about`, class: 'hint' }, make('code', {}, name)),
      );
      return place;
    }),
  );
}

async function refresh() {
  state = await call('GET', 'state');
  show();
  await Promise.all([showJournal(), showFaults()]);
}

async function advance(unit) {
  const step = unit === 'year' ? { months: 12 } : { [unit]: 1 };
  const result = await call('POST', 'clock', { advance: step });
  byId('changes').hidden = result.changes.length === 0;
  byId('change-list').replaceChildren(
    ...result.changes
      .slice(0, 200)
      .map((change) =>
        make(
          'li',
          {},
          minute(change.at) +
            ' · group ' +
            change.groupId +
            ' · ' +
            (change.kind === 'documents_processed'
              ? `${change.documentIds.length} held documents processed`
              : change.kind),
        ),
      ),
  );
  return `The clock moved to ${minute(result.now)} UTC; ${result.changes.length} changes`;
}

function readParams(text) {
  const settings = {};
  for (const line of text
    .split('\n')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const at = line.indexOf('=');
    if (at < 1) throw new Error('Parameters are written name=value');
    settings[line.slice(0, at)] = line.slice(at + 1);
  }
  return settings;
}

/** Links to the pages of the gateway that was started together with this simulator. */
function showGateway(url) {
  const links = [
    ['', '← Gateway'],
    ['/graphiql', 'GraphiQL'],
    ['/debug', 'Operations'],
  ];
  byId('back').replaceChildren(
    ...links.flatMap(([path, text]) => [make('a', { href: url + (path || '/') }, text), ' ']),
  );
  byId('back').hidden = false;
  byId('refused').replaceChildren(make('a', { href: `${url}/debug` }, 'See the refused requests.'));
  byId('refused').hidden = false;
  byId('reset-both').hidden = false;
  byId('reset-ledger').textContent =
    "The gateway's ledger keeps its writes, unless you reset it too. Then the gateway restarts, which takes a few seconds.";
}

async function setUp() {
  const [index, kinds, endpoints] = await Promise.all([
    call('GET', ''),
    call('GET', 'fault-kinds'),
    call('GET', 'endpoints'),
  ]);
  if (world === '') world = index.fixtures.apiKey;
  byId('world').value = world;
  if (index.gatewayUrl !== null) showGateway(index.gatewayUrl);
  byId('worlds').replaceChildren(...index.worlds.map((name) => make('option', { value: name })));
  byId('documents-group').value = index.fixtures.heldGroupId;
  byId('fault-endpoint').replaceChildren(
    make('option', { value: '*' }, 'all endpoints'),
    ...endpoints.map((name) => make('option', { value: name }, name)),
  );
  byId('fault-kind').replaceChildren(...Object.keys(kinds).map((name) => make('option', { value: name }, name)));
  const explain = () => {
    const kind = kinds[byId('fault-kind').value];
    byId('fault-about').textContent = kind.about;
    byId('fault-params').value = Object.entries(kind.params)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
  };
  byId('fault-kind').addEventListener('change', explain);
  explain();
  await showToggles();
  await refresh();
}

byId('world-form').addEventListener('submit', (event) => {
  event.preventDefault();
  location.search = `?${new URLSearchParams({ world: byId('world').value.trim() })}`;
});
for (const button of document.querySelectorAll('[data-advance]')) {
  button.addEventListener('click', () => act(() => advance(button.dataset.advance)));
}
byId('snapshot').addEventListener('click', () =>
  act(async () => {
    snapshotId = (await call('POST', 'snapshot', {})).id;
    byId('restore').disabled = false;
    return `${snapshotId} taken`;
  }),
);
byId('restore').addEventListener('click', () =>
  act(async () => {
    await call('POST', 'restore', { id: snapshotId });
    await showToggles();
    return `${snapshotId} restored`;
  }),
);
byId('reset').addEventListener('click', () => byId('reset-dialog').showModal());
byId('reset-dialog').addEventListener('close', () => {
  const what = byId('reset-dialog').returnValue;
  byId('reset-dialog').returnValue = '';
  if (what === '') return;
  act(async () => {
    await call('POST', 'reset', what === 'both' ? { gateway: true } : {});
    byId('changes').hidden = true;
    await showToggles();
    return `The world is in its first state${what === 'both' ? '; the gateway restarts with an empty ledger' : ''}`;
  });
});
byId('clear-journal').addEventListener('click', () =>
  act(async () => {
    await call('DELETE', 'journal');
    return 'The journal is empty';
  }),
);
byId('documents-form').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    const result = await call('POST', 'documents', {
      group: byId('documents-group').value.trim(),
      count: Number(byId('documents-count').value),
    });
    return `${result.processed} documents processed, ${result.held} on hold`;
  });
});
byId('price-form').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    const { id, price } = await call('POST', 'prices', {
      id: byId('price-id').value.trim(),
      price: byId('price-amount').value.trim(),
    });
    return `${id} now costs ${price}`;
  });
});
byId('fault-form').addEventListener('submit', (event) => {
  event.preventDefault();
  act(async () => {
    const first = byId('fault-first').value;
    const rule = {
      endpoint: byId('fault-endpoint').value,
      kind: byId('fault-kind').value,
      params: readParams(byId('fault-params').value),
    };
    const added = await call('POST', 'faults', first === '' ? rule : { ...rule, first: Number(first) });
    return `${added.id} added: ${added.kind} on ${added.endpoint === '*' ? 'all endpoints' : added.endpoint}`;
  });
});
byId('group-filter').addEventListener('input', showGroups);
byId('held-only').addEventListener('change', showGroups);
setInterval(() => {
  if (byId('live').checked && document.visibilityState === 'visible')
    refresh().catch((error) => say(error.message, true));
}, 2000);
setUp().catch((error) => say(error.message, true));
