import {
  allowedOf,
  currentPeriod,
  heldDocuments,
  packTotals,
  receiveDocuments,
  remainingCapacity,
} from './billing-periods.js';
import { FAULT_KINDS } from './fault-kinds.js';
import { ENDPOINTS, type FaultRule, type FaultRuleInput } from './fault-rules.js';
import { isObject, mediaType, type ReceivedRequest, readJson } from './request.reader.js';
import { FIXTURES } from './simulator-fixtures.js';
import type { ClockStep, World } from './world.js';
import type { WorldRegistry } from './world-registry.js';
import { TOGGLE_WORDS, TOGGLES } from './world-toggles.js';

/** A finished response of the simulator's own pages and admin interface. */
export interface OwnReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The refusal of an admin request, with its HTTP status. */
class AdminProblem extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The gateway that one program started together with the simulator. */
export interface NeighbouringGateway {
  /** Address of its start page, without a slash at the end. */
  readonly url: string;
  /** Requests a restart with an empty ledger from the program that started both. */
  readonly reset: () => void;
}

type Handler = (
  world: World,
  body: Record<string, unknown>,
  request: ReceivedRequest,
  gateway: NeighbouringGateway | null,
) => unknown;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'GET state': (world) => describe(world),
  'GET clock': (world) => ({ now: iso(world.now()) }),
  'POST clock': (world, body) => moveClock(world, body),
  'GET faults': (world) => world.faults().map(describeRule),
  'POST faults': (world, body) => describeRule(world.addFault(readRule(body))),
  'DELETE faults': (world, _body, request) => ({ removed: world.clearFaults(request.query.get('id') ?? undefined) }),
  'GET fault-kinds': () => FAULT_KINDS,
  'GET endpoints': () => ENDPOINTS,
  'GET toggles': (world) => ({ values: world.toggles(), choices: TOGGLES, about: TOGGLE_WORDS }),
  'POST toggles': (world, body) => ({ values: world.setToggles(body), choices: TOGGLES }),
  'GET journal': (world, _body, request) => readJournal(world, request),
  'DELETE journal': (world) => {
    world.journal.clear();
    return { cleared: true };
  },
  'POST documents': (world, body) => documentsArrive(world, body),
  'POST prices': (world, body) => changePrice(world, body),
  'POST reset': (world, body, _request, gateway) => {
    const alsoGateway = body['gateway'] === true;
    if (alsoGateway && gateway === null) throw new AdminProblem(409, 'no gateway was started beside this simulator');
    world.reset();
    if (alsoGateway) gateway?.reset();
    return { reset: true, gateway: alsoGateway, now: iso(world.now()) };
  },
  'POST snapshot': (world) => ({ id: world.snapshot() }),
  'POST restore': (world, body) => {
    if (!world.restore(textOf(body, 'id'))) throw new AdminProblem(404, 'no such snapshot');
    return { restored: true, now: iso(world.now()) };
  },
};

/** Serves `/__sim/…`. `?world=<api key>` chooses the world; the default is the fixtures' world. */
export function serveAdmin(
  request: ReceivedRequest,
  registry: WorldRegistry,
  gateway: NeighbouringGateway | null,
): OwnReply {
  const name = request.path.replace(/^\/__sim\/?/, '').replace(/\/$/, '');
  try {
    if (request.method === 'GET' && name === '') return json(200, index(registry, gateway));
    if (request.method === 'GET' && name === 'journal' && request.query.get('world') === 'unknown') {
      return json(200, { counts: registry.strangers.counts(), entries: registry.strangers.list() });
    }
    const key = `${request.method} ${name}`;
    const handler = Object.hasOwn(HANDLERS, key) ? HANDLERS[key] : undefined;
    if (handler === undefined) throw new AdminProblem(404, `there is no ${key}; see GET /__sim/`);
    const found = registry.byApiKey(request.query.get('world') ?? FIXTURES.apiKey);
    if (found === null) throw new AdminProblem(404, 'no such world; use the fixtures’ key or sim-<anything>');
    return json(200, handler(found.world, readBody(request), request, gateway));
  } catch (error) {
    if (error instanceof AdminProblem) return json(error.status, { error: error.message });
    if (error instanceof RangeError) return json(400, { error: error.message });
    throw error;
  }
}

function index(registry: WorldRegistry, gateway: NeighbouringGateway | null): unknown {
  return {
    simulator: true,
    fixtures: FIXTURES,
    worlds: registry.names(),
    gatewayUrl: gateway?.url ?? null,
    admin: Object.keys(HANDLERS),
  };
}

/** Reads a body, whose content type must be JSON. Against CSRF: a page of another site then needs a preflight. */
function readBody(request: ReceivedRequest): Record<string, unknown> {
  if (request.method === 'GET' || request.method === 'DELETE' || request.body?.length === 0) return {};
  if (mediaType(request) !== 'application/json') throw new AdminProblem(415, 'send application/json');
  const body = readJson(request);
  if (!isObject(body)) throw new AdminProblem(400, 'send a JSON object');
  return body;
}

function describe(world: World): unknown {
  const state = world.state();
  const now = world.now();
  return {
    world: world.name,
    now: iso(now),
    keys: state.keys,
    groups: Object.values(state.groups).map((group) => {
      const period = currentPeriod(state, group.id, now);
      return {
        ...group,
        plan:
          period === null
            ? null
            : {
                planId: period.planId,
                name: state.plans[period.planId]?.name ?? '',
                activity: period.activity,
                allowed: allowedOf(state, period),
                used: period.used,
                start: iso(period.start),
                expiry: iso(period.expiry),
              },
        periods: state.periods[group.id]?.length ?? 0,
        packs: packTotals(state, group.id),
        remaining: remainingCapacity(state, group.id, now),
        held: heldDocuments(state, group.id).length,
      };
    }),
    plans: Object.values(state.plans),
    packs: Object.values(state.packs),
    packOrders: state.packOrders.map((order) => ({ ...order, orderedAt: iso(order.orderedAt) })),
    documents: countDocuments(world),
    billingUi: state.uiTokens.map((token) => ({
      groupId: token.groupId,
      purge: token.purge,
      expiresAt: iso(token.expiresAt),
    })),
    purchases: state.purchases.map((purchase) => ({ ...purchase, at: iso(purchase.at) })),
    creditBalance: state.creditBalance,
    counts: world.journal.counts(),
  };
}

function countDocuments(world: World): Record<string, number> {
  const counts: Record<string, number> = { on_hold: 0, processed: 0, deleted: 0 };
  for (const document of world.state().documents) counts[document.state] = (counts[document.state] ?? 0) + 1;
  return counts;
}

function moveClock(world: World, body: Record<string, unknown>): unknown {
  const changes =
    typeof body['set'] === 'string' ? world.setClock(Date.parse(body['set'])) : world.advance(readStep(body));
  return { now: iso(world.now()), changes };
}

function readStep(body: Record<string, unknown>): ClockStep {
  const step = isObject(body['advance']) ? body['advance'] : body;
  const names = Object.keys(step);
  if (names.length === 0 || names.some((name) => !['seconds', 'days', 'months'].includes(name))) {
    throw new AdminProblem(400, 'send {"set": ISO date} or {"advance": {"seconds"|"days"|"months": N}}');
  }
  return {
    ...optionalNumber(step, 'seconds'),
    ...optionalNumber(step, 'days'),
    ...optionalNumber(step, 'months'),
  };
}

function readRule(body: Record<string, unknown>): FaultRuleInput {
  const known = ['endpoint', 'group', 'first', 'nth', 'every', 'probability', 'seed', 'kind', 'params'];
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new AdminProblem(400, `a rule has no '${unknown}'; it has ${known.join(', ')}`);
  const { params = {} } = body;
  if (!isObject(params)) throw new AdminProblem(400, "'params' is an object");
  return {
    kind: textOf(body, 'kind'),
    ...(body['endpoint'] === undefined ? {} : { endpoint: textOf(body, 'endpoint') }),
    ...(body['group'] === undefined ? {} : { group: textOf(body, 'group') }),
    ...optionalNumber(body, 'first'),
    ...optionalNumber(body, 'nth'),
    ...optionalNumber(body, 'every'),
    ...optionalNumber(body, 'probability'),
    ...optionalNumber(body, 'seed'),
    params,
  };
}

function describeRule(rule: FaultRule): unknown {
  const { fault, random: _random, ...rest } = rule;
  return { ...rest, kind: fault.kind, params: fault.params };
}

function readJournal(world: World, request: ReceivedRequest): unknown {
  const endpoint = request.query.get('endpoint');
  const limit = Number(request.query.get('limit') ?? '500');
  if (!Number.isSafeInteger(limit) || limit < 1) throw new AdminProblem(400, 'limit is a whole number, 1 or more');
  return {
    counts: world.journal.counts(),
    entries: world.journal.list({ ...(endpoint === null ? {} : { endpoint }), limit }),
  };
}

function documentsArrive(world: World, body: Record<string, unknown>): unknown {
  const group = textOf(body, 'group');
  const count = body['count'];
  if (!Object.hasOwn(world.state().groups, group)) throw new AdminProblem(404, 'no such group');
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1 || count > 10_000) {
    throw new AdminProblem(400, 'count is a whole number from 1 to 10000');
  }
  return receiveDocuments(world.state(), group, count, world.now());
}

/** Changes the price of a plan or pack in the catalogue. Sold plans and packs keep their price. */
function changePrice(world: World, body: Record<string, unknown>): unknown {
  const { plans, packs } = world.state();
  const id = textOf(body, 'id');
  const price = textOf(body, 'price');
  if (!/^\d{1,9}(?:\.\d{1,4})?$/.test(price)) throw new AdminProblem(400, 'price is a decimal number in text: "99.50"');
  const plan = Object.hasOwn(plans, id) ? plans[id] : undefined;
  const pack = Object.hasOwn(packs, id) ? packs[id] : undefined;
  if (plan === undefined && pack === undefined) throw new AdminProblem(404, 'no such plan or pack');
  if (plan !== undefined) plans[id] = { ...plan, price };
  if (pack !== undefined) packs[id] = { ...pack, price };
  return { id, price };
}

function textOf(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new AdminProblem(400, `'${name}' is text`);
  return value;
}

function optionalNumber<Name extends string>(body: Record<string, unknown>, name: Name): { [Key in Name]?: number } {
  const value = body[name];
  if (value === undefined) return {};
  if (typeof value !== 'number') throw new AdminProblem(400, `'${name}' is a number`);
  const result: { [Key in Name]?: number } = {};
  result[name] = value;
  return result;
}

function json(status: number, value: unknown): OwnReply {
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    },
    body: `${JSON.stringify(value, null, 2)}\n`,
  };
}

function iso(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
