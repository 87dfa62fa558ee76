/** An element with attributes and children; text stays text. */
function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(
    ...children
      .flat(9)
      .filter((child) => child !== null)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
  return node;
}

const badge = (text, tone) => make('span', { class: `badge ${tone || 'quiet'}` }, text);
const milliseconds = (value) => (value === null ? '' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`);
const bytes = (value) => (value < 10000 ? `${value} B` : `${(value / 1000).toFixed(1)} kB`);
/** Names of the schema and the upstream may break before a capital letter, and nowhere else. */
const breakable = (text) =>
  text.split(/(?<=[a-z])(?=[A-Z])/).flatMap((part, index) => (index === 0 ? [part] : [make('wbr'), part]));
const counted = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;
const isFailed = (operation) => Object.keys(operation.errors).length > 0;
const isIntrospection = (operation) =>
  operation.rootFields.length > 0 &&
  operation.rootFields.every((field) => field.startsWith('__') || field === '_service');
/** One second is a long wait for a person, three seconds are too long. */
const slowness = (durationMs) => (durationMs >= 3_000 ? 'bad' : durationMs >= 1_000 ? 'warn' : '');
const tries = (operation) => operation.calls.reduce((sum, call) => sum + call.attempts.length, 0);
const made = (operation) =>
  operation.calls.reduce((sum, call) => sum + (call.attempts.length > 0 ? 1 : 0), operation.callsLeftOut);

function heading(operation) {
  const name =
    operation.name ||
    operation.rootFields.join(', ') ||
    (operation.state === 'refused' ? 'refused request' : 'unnamed operation');
  const statuses = operation.writes.map((write) => (write.otherKey === null ? write.status : null));
  // The status of a write already shows it.
  const errors = Object.entries(operation.errors)
    .filter(([code]) => !statuses.includes(code))
    .map(([code, count]) => badge(count > 1 ? `${code} ×${count}` : code, 'bad'));
  const retries = tries(operation) - operation.calls.filter((call) => call.attempts.length > 0).length;
  const calls = made(operation);
  return [
    make('span', { class: 'name' }, name),
    operation.type ? badge(operation.type, operation.type === 'mutation' ? 'warn' : 'quiet') : null,
    operation.writes.flatMap((write) => resultOf(write) ?? []),
    errors,
    retries > 0 ? badge(counted(retries, 'retry').replace('retrys', 'retries'), 'warn') : null,
    make(
      'span',
      { class: 'end' },
      operation.calls.length + operation.callsSaved > 0
        ? make(
            'span',
            {},
            counted(calls, 'upstream call') + (tries(operation) > calls ? `, ${tries(operation)} attempts` : ''),
          )
        : null,
      operation.callsSaved > 0 ? badge(`${operation.callsSaved} saved`, 'good') : null,
      make(
        'span',
        { class: slowness(operation.durationMs) },
        operation.state === 'running' ? 'running…' : milliseconds(operation.durationMs),
      ),
      make(
        'time',
        { datetime: operation.startedAt, class: 'quiet' },
        new Date(operation.startedAt).toLocaleTimeString(),
      ),
    ),
  ];
}

/** The result of a mutation; null where the code of its refusal says everything. */
function resultOf({ kind, status, replayed, otherKey, errorCodes }) {
  if (otherKey !== null) return badge('nothing sent', 'quiet');
  if (status === null) return errorCodes.length === 0 ? badge('not recorded', 'bad') : null;
  const words = {
    OPEN_BILLING_UI: 'URL made',
    RECONCILE: status === 'OUTCOME_UNKNOWN' ? 'still OUTCOME_UNKNOWN' : `reconciled: ${status}`,
    RESOLVE: `resolved: ${status}`,
  };
  return badge(words[kind] || (replayed ? `${status}, replayed` : status), toneOf(status));
}

const toneOf = (status) => (status === 'SUCCEEDED' ? 'good' : status === 'IN_PROGRESS' ? 'quiet' : 'bad');

function bar(kind, start, length, total, label) {
  const node = make('div', { class: `bar ${kind}`, title: label });
  node.style.left = `${Math.min(100, (Math.max(0, start) / total) * 100)}%`;
  node.style.width = `${Math.min(100, (length / total) * 100)}%`;
  return node;
}

function forWhom(call) {
  const read = call.read;
  if (read === null) return null;
  const asked = Object.entries(read.askedBy).map(([field, count]) => (count > 1 ? `${field} ×${count}` : field));
  const parts = [
    read.groups > 1 ? `${counted(read.groups, 'group')} → 1 call` : null,
    asked.length > 0 ? `asked by ${asked.join(', ')}` : null,
    read.recursive ? 'recursive' : null,
    read.reason === 'again' ? 'read again separately' : null,
  ];
  return make('span', { class: 'note' }, breakable(parts.filter((part) => part !== null).join(' · ')));
}

function attemptRow(call, attempt, isFirst, total) {
  const before = isFirst ? call.plannedMs : null;
  const wait = before === null ? null : Math.max(0, attempt.startMs - before);
  const tone = attempt.outcome === 'ok' ? (call.kind === 'write' ? 'write' : 'good') : 'bad';
  const label =
    call.operation +
    ': ' +
    attempt.outcome +
    ', from ' +
    milliseconds(attempt.startMs) +
    ' for ' +
    milliseconds(attempt.durationMs);
  return make(
    'tr',
    {},
    make(
      'td',
      {},
      isFirst
        ? [make('code', {}, breakable(`${call.service} ${call.operation}`)), forWhom(call)]
        : make('span', { class: 'note' }, 'tried again'),
    ),
    make('td', { class: 'num' }, attempt.attempt),
    make('td', {}, badge(attempt.outcome, attempt.outcome === 'ok' ? 'good' : 'bad')),
    make('td', { class: 'num' }, attempt.httpStatus === null ? 'none' : attempt.httpStatus),
    make('td', { class: 'num' }, bytes(attempt.bytes)),
    make('td', { class: 'num' }, milliseconds(attempt.startMs)),
    make('td', { class: 'num' }, wait === null ? '' : milliseconds(wait)),
    make('td', { class: 'num' }, milliseconds(attempt.durationMs)),
    make(
      'td',
      {},
      make(
        'div',
        { class: 'lane', role: 'img', 'aria-label': label },
        wait === null || wait < 1 ? null : bar('wait', before, wait, total, 'waiting'),
        bar(tone, attempt.startMs, attempt.durationMs, total, label),
      ),
    ),
  );
}

/** The row of a call that another operation made, or that never reached an attempt. */
function idleRow(call, total, isOver) {
  const shared = call.shared;
  const word =
    call.read && call.read.reason === 'kept' ? 'kept response' : shared ? 'shared' : isOver ? 'not sent' : 'waiting';
  const what = {
    'kept response': 'no call: the response behind the cursor was still kept',
    shared: 'no call of its own: another operation was reading the same',
    'not sent': 'the circuit breaker is open, or no connection became free in time',
    waiting: 'on its way',
  }[word];
  const length = shared ? shared.durationMs : null;
  return make(
    'tr',
    {},
    make('td', {}, make('code', {}, breakable(call.operation)), forWhom(call), make('span', { class: 'note' }, what)),
    make('td', { class: 'num' }, '0'),
    make(
      'td',
      {},
      badge(word, word === 'not sent' || (shared && shared.durationMs !== null && !shared.answered) ? 'bad' : 'quiet'),
    ),
    make('td', {}),
    make('td', {}),
    make('td', { class: 'num' }, milliseconds(call.plannedMs)),
    make('td', { class: 'num' }, length === null ? '' : milliseconds(length)),
    make('td', {}),
    make(
      'td',
      {},
      make(
        'div',
        { class: 'lane', role: 'img', 'aria-label': `${call.operation}: ${word}` },
        length === null ? null : bar('wait', call.plannedMs, length, total, word),
      ),
    ),
  );
}

function waterfall(operation) {
  if (operation.calls.length === 0) return make('p', { class: 'hint' }, 'No upstream call.');
  const ends = operation.calls.flatMap((call) => call.attempts.map((attempt) => attempt.startMs + attempt.durationMs));
  const total = Math.max(1, operation.durationMs || 0, ...ends);
  const isOver = operation.state !== 'running';
  const rows = operation.calls.flatMap((call) =>
    call.attempts.length === 0
      ? [idleRow(call, total, isOver)]
      : call.attempts.map((attempt, index) => attemptRow(call, attempt, index === 0, total)),
  );
  const heads = ['Upstream call', 'Attempt', 'Outcome', 'HTTP', 'Bytes', 'Start', 'Waited', 'Took'];
  return make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Upstream calls of operation ${operation.id}` },
    make(
      'table',
      { class: 'waterfall' },
      make(
        'thead',
        {},
        make(
          'tr',
          {},
          heads.map((head, index) =>
            make('th', { scope: 'col', class: index === 0 || index === 2 ? '' : 'num' }, head),
          ),
          make('th', { scope: 'col' }, `0 to ${milliseconds(total)}`),
        ),
      ),
      make('tbody', {}, rows),
    ),
  );
}

const pairs = (entries) =>
  make(
    'dl',
    {},
    entries
      .filter(([, value]) => value !== null && value !== '')
      .map(([term, value]) => make('div', {}, make('dt', {}, term), make('dd', {}, value))),
  );

const billingUi = ({ status }) => [
  ['result', status === null ? 'no URL' : 'a URL was made; it is a credential, so it is not kept here'],
];

function inLedger(write) {
  const { kind, key, otherKey, status, replayed } = write;
  const code = (text) => (text === null ? null : make('code', {}, text));
  if (otherKey !== null) {
    return [
      ['write', kind],
      ['key', code(key)],
      ['result', 'nothing was sent'],
      ['the earlier write', code(otherKey)],
      ['its status', status],
    ];
  }
  if (kind === 'RECONCILE' || kind === 'RESOLVE') {
    return [
      ['task', kind === 'RECONCILE' ? 'reconcile with the history' : "record an operator's decision"],
      ['key', code(key)],
      ['the write is now', status || 'not in the ledger'],
    ];
  }
  return [
    ['write', kind],
    ['status', status || 'no row: nothing was sent'],
    ['replayed', status === null ? null : replayed ? 'yes: nothing was sent' : 'no'],
    ['key', code(key)],
    ['claimed', replayed ? null : milliseconds(write.createdMs)],
    ['sent', replayed ? null : milliseconds(write.sentMs)],
    ['completed', replayed ? null : milliseconds(write.completedMs)],
  ];
}

function ledger(operation) {
  return operation.writes.map((write) =>
    make(
      'div',
      {},
      make('h2', {}, write.kind === 'OPEN_BILLING_UI' ? 'Billing UI' : 'Ledger'),
      pairs(write.kind === 'OPEN_BILLING_UI' ? billingUi(write) : inLedger(write)),
    ),
  );
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(operation) {
  const body = {
    query: operation.text,
    ...(operation.variables ? { variables: JSON.parse(operation.variables) } : {}),
  };
  const headers = ['content-type: application/json', ...settings.curlHeaders]
    .map((header) => ` \\\n  -H ${quoted(header)}`)
    .join('');
  return `curl -s ${location.origin}/graphql${headers} \\\n  -d ${quoted(JSON.stringify(body))}`;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say('Copied. Replace masked values and placeholders by your own.');
  } catch {
    say('The browser does not allow copying here; the line stands below the operation.', true);
  }
}

function actions(operation) {
  if (operation.text === null) return null;
  const line = curl(operation);
  const button = make('button', { type: 'button', class: 'secondary' }, 'Copy as curl');
  button.addEventListener('click', () => copy(line));
  const tab = encodeURIComponent(JSON.stringify({ query: operation.text, variables: operation.variables || '' }));
  return make(
    'div',
    { class: 'tools' },
    settings.hasExplorer
      ? make('a', { class: 'button', href: `/graphiql#operation=${tab}`, target: 'graphiql' }, 'Open in GraphiQL')
      : null,
    button,
  );
}

function texts(operation) {
  if (operation.text === null) {
    const why =
      operation.state === 'refused'
        ? 'The gateway refused it before reading it.'
        : operation.state === 'running'
          ? ''
          : 'Its text could not be read, or is too long to be kept.';
    return make('p', { class: 'hint' }, why);
  }
  return make(
    'div',
    { class: 'columns' },
    make('div', {}, make('h2', {}, 'Operation'), make('pre', { tabindex: '0' }, operation.text)),
    make(
      'div',
      {},
      operation.variables ? [make('h2', {}, 'Variables'), make('pre', { tabindex: '0' }, operation.variables)] : null,
      make('h2', {}, 'curl'),
      make('pre', { tabindex: '0' }, curl(operation)),
    ),
  );
}

/** Meaning of codes outside the schema: those of GraphQL and of persisted queries. */
const NOT_OURS = 'The request is no valid GraphQL, or no valid HTTP for it.';

/** Codes with the number of their occurrences and their meaning. */
function meanings(codes) {
  if (codes.length === 0) return null;
  return make(
    'dl',
    { class: 'codes' },
    codes.map(([code, count]) =>
      make(
        'div',
        {},
        make('dt', {}, badge(`${code} ×${count}`, 'bad')),
        make('dd', {}, (settings.meanings[code] || NOT_OURS).replaceAll('`', '')),
      ),
    ),
  );
}

function detail(operation) {
  const drift = Object.entries(operation.drift)
    .map(([name, count]) => `${name} ×${count}`)
    .join(', ');
  return make(
    'div',
    { class: 'detail' },
    waterfall(operation),
    operation.callsLeftOut > 0
      ? make('p', { class: 'hint' }, `${counted(operation.callsLeftOut, 'further call')} not shown`)
      : null,
    ledger(operation),
    make('h2', {}, 'Response'),
    pairs([
      ['HTTP', operation.httpStatus === null ? '' : String(operation.httpStatus)],
      ['at', operation.errorPaths.join(', ')],
      ['unforeseen upstream', drift],
      ['request', make('code', {}, operation.requestId)],
      ['tenant', operation.tenantId === null ? null : make('code', {}, operation.tenantId)],
    ]),
    meanings(Object.entries(operation.errors)),
    actions(operation),
    texts(operation),
  );
}

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

const MINUTES = 15;

/** The percentile: this share of the sorted numbers is not above it. */
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** Figures over all kept operations: bars by minute, times, calls made and saved, errors by code. */
function overview() {
  const nowMs = Date.now();
  const recent = [...shown.values()]
    .map(({ operation }) => operation)
    .filter((operation) => !isIntrospection(operation) && nowMs - Date.parse(operation.startedAt) < MINUTES * 60_000);
  byId('overview').hidden = recent.length === 0;
  if (recent.length === 0) return;
  const minutes = Array.from({ length: MINUTES }, () => ({ all: 0, failed: 0 }));
  const codes = new Map();
  for (const operation of recent) {
    const minute = minutes[MINUTES - 1 - Math.floor(Math.max(0, nowMs - Date.parse(operation.startedAt)) / 60_000)];
    minute.all += 1;
    if (isFailed(operation)) minute.failed += 1;
    for (const [code, count] of Object.entries(operation.errors)) codes.set(code, (codes.get(code) || 0) + count);
  }
  const most = Math.max(...minutes.map(({ all }) => all));
  const bars = minutes.map(({ all, failed }, index) => {
    const ago = MINUTES - 1 - index;
    const node = make(
      'span',
      { title: `${ago} min ago: ${counted(all, 'operation')}, ${failed} failed` },
      make('i', {}),
    );
    node.style.height = `${Math.max(all > 0 ? 12 : 2, (all / most) * 100)}%`;
    node.firstChild.style.height = `${all === 0 ? 0 : (failed / all) * 100}%`;
    return node;
  });
  const times = recent.flatMap(({ durationMs }) => durationMs ?? []).sort((a, b) => a - b);
  const failedCount = recent.filter(isFailed).length;
  const unknown = recent.filter(({ writes }) => writes.some(({ status }) => status === 'OUTCOME_UNKNOWN')).length;
  const label = `${counted(recent.length, 'operation')} in the last ${MINUTES} minutes, ${failedCount} with errors`;
  byId('overview').replaceChildren(
    make('div', { class: 'minutes', role: 'img', 'aria-label': label }, bars),
    make('p', { class: 'scale' }, make('span', {}, `${MINUTES} minutes ago`), make('span', {}, 'now')),
    pairs([
      ['operations', String(recent.length)],
      ['with errors', make('span', { class: failedCount > 0 ? 'bad' : 'good' }, failedCount)],
      ['p50', times.length === 0 ? '' : milliseconds(percentile(times, 0.5))],
      ['p95', times.length === 0 ? '' : milliseconds(percentile(times, 0.95))],
      ['upstream calls made', String(recent.reduce((sum, operation) => sum + made(operation), 0))],
      ['saved', String(recent.reduce((sum, operation) => sum + operation.callsSaved, 0))],
      ['unknown outcomes met', make('span', { class: unknown > 0 ? 'bad' : '' }, unknown)],
    ]),
    ...[meanings([...codes].sort((a, b) => b[1] - a[1]))].filter((node) => node !== null),
  );
}

function filter() {
  for (const { node, operation } of shown.values()) node.hidden = !isWanted(operation);
  const visible = [...shown.values()].filter(({ node }) => !node.hidden).length;
  const text =
    shown.size === 0
      ? 'No operations yet: run one in GraphiQL.'
      : visible === 0
        ? `No operation matches this filter; ${counted(shown.size, 'operation')} hidden.`
        : counted(visible, 'operation');
  overview();
  // An unchanged text is not announced again. Every second it would interrupt everybody who uses a screen reader.
  if (text === summary && byId('status').className === '') return;
  summary = text;
  say(text);
}

/** Makes the details when they are opened, because most never are. */
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
  const node = make('details', { id: `operation-${operation.id}` }, make('summary', {}, heading(operation)));
  const entry = { node, operation };
  node.addEventListener('toggle', () => fill(entry));
  shown.set(operation.id, entry);
  byId('operations').prepend(node);
}

async function refresh() {
  const response = await fetch(`/debug/operations?since=${revision}&run=${run}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
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

/** Opens the newest operation once, so that a first visitor sees the details. */
function openNewest() {
  if (hasOpened) return;
  const newest = [...shown.values()].findLast(
    ({ operation }) => operation.state === 'answered' && operation.calls.length > 0,
  );
  if (newest === undefined) return;
  hasOpened = true;
  newest.node.open = true;
}

byId('only').addEventListener('change', filter);
byId('wanted').addEventListener('input', filter);
setInterval(() => {
  if (byId('live').checked && document.visibilityState === 'visible')
    refresh().catch((error) => say(`The gateway does not respond: ${error.message}`, true));
}, 1000);
refresh().catch((error) => say(`The gateway does not respond: ${error.message}`, true));
