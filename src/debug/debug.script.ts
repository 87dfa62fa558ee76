import { OPERATION_SCRIPT } from './operation.script.js';

/** The page's script, as browsers get it: no build step, no library. Text goes into the page as text only, never as markup. */
export const DEBUG_SCRIPT = `${OPERATION_SCRIPT}
const byId = (id) => document.getElementById(id);
const shown = new Map();
let run = '';
let revision = 0;
let hasOpened = false;
let summary = '';

function say(text, isBad) {
  byId('status').textContent = text;
  byId('status').className = isBad ? 'bad' : '';
}

function isWanted(operation) {
  const only = byId('only').value;
  const word = byId('wanted').value.trim().toLowerCase();
  if (only !== 'every' && isIntrospection(operation)) return false;
  if (only === 'upstream' && operation.calls.length === 0) return false;
  if (only === 'write' && operation.writes.length === 0 && operation.type !== 'mutation') return false;
  if (only === 'failed' && !isFailed(operation)) return false;
  return [operation.name || '', ...operation.rootFields].join(' ').toLowerCase().includes(word);
}

function filter() {
  for (const { node, operation } of shown.values()) node.hidden = !isWanted(operation);
  const visible = [...shown.values()].filter(({ node }) => !node.hidden).length;
  const text = shown.size === 0 ? 'No operations yet: run one in GraphiQL.' : counted(visible, 'operation');
  // Said anew every second it would drown out everything else, above all for who listens.
  if (text === summary && byId('status').className === '') return;
  summary = text;
  say(text);
}

/** The details are made when they are opened: most never are. */
function fill(entry) {
  const body = entry.node.querySelector('.detail');
  if (!entry.node.open) body?.remove();
  else if (body) body.replaceWith(detail(entry.operation));
  else entry.node.append(detail(entry.operation));
}

function update(operation) {
  const known = shown.get(operation.id);
  if (known) {
    known.operation = operation;
    known.node.querySelector('summary').replaceChildren(...make('span', {}, heading(operation)).childNodes);
    fill(known);
    return;
  }
  const node = make('details', { id: 'operation-' + operation.id }, make('summary', {}, heading(operation)));
  const entry = { node, operation };
  node.addEventListener('toggle', () => fill(entry));
  shown.set(operation.id, entry);
  byId('operations').prepend(node);
}

async function refresh() {
  const response = await fetch('/debug/operations?since=' + revision + '&run=' + run);
  if (!response.ok) throw new Error('HTTP ' + response.status);
  const changes = await response.json();
  if (changes.run !== run) {
    shown.clear();
    byId('operations').replaceChildren();
  }
  run = changes.run;
  revision = changes.revision;
  for (const operation of changes.operations) update(operation);
  openNewest();
  for (const [id, { node }] of shown) {
    if (changes.oldestId !== null && id >= changes.oldestId) continue;
    node.remove();
    shown.delete(id);
  }
  filter();
}

/** Once, so that a first visit shows what there is to see. */
function openNewest() {
  if (hasOpened) return;
  const newest = [...shown.values()].findLast(({ operation }) => operation.state === 'answered' && operation.calls.length > 0);
  if (newest === undefined) return;
  hasOpened = true;
  newest.node.open = true;
}

byId('only').addEventListener('change', filter);
byId('wanted').addEventListener('input', filter);
setInterval(() => {
  if (byId('live').checked && document.visibilityState === 'visible') refresh().catch((error) => say('The gateway does not answer: ' + error.message, true));
}, 1000);
refresh().catch((error) => say('The gateway does not answer: ' + error.message, true));
`;
