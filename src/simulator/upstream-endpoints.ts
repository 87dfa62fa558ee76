import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { issueToken, purchaseCredits, unauthorised } from './credits-endpoints.js';
import type { Dialect } from './fault-effects.js';
import { changeBytes, changeContent, deliver, replacement } from './fault-effects.js';
import { type Fault, isOn, numberOf, readFaultHeader, strikesAt, textOf } from './fault-kinds.js';
import { type Endpoint, magicFault, magicPurchaseFault } from './fault-rules.js';
import { type Form, isObject, type ReceivedRequest, readForm, readJson } from './request.reader.js';
import { type EndpointResponse, encode, htmlResponse, jsonResponse, refusal } from './response.js';
import type { World } from './world.js';
import { flattenJson, journalHeaders, mask, maskForm } from './world-journal.js';
import type { WorldRegistry } from './world-registry.js';
import { DEFAULT_TOGGLES, type Toggles, withToggles } from './world-toggles.js';
import { listPlans, openBillingUi, orderBooster, readUsage, updatePlan } from './xtracta-endpoints.js';
import { readHistory } from './xtracta-history.js';
import type { XtractaRequest } from './xtracta-parameters.js';
import { Refused } from './xtracta-parameters.js';

/**
 * Serves one request to an upstream: finds the world, records the request, applies faults, does the work once, sends
 * the response.
 */
export async function serveUpstream(
  endpoint: Endpoint,
  request: ReceivedRequest,
  response: ServerResponse,
  context: { readonly registry: WorldRegistry; readonly publicUrl: string; readonly signal: AbortSignal },
): Promise<void> {
  const { registry, signal } = context;
  const call = readCall(endpoint, request, registry, context.publicUrl);
  // The header and the rows use the same clock.
  if (call.world !== null) response.setHeader('Date', new Date(call.world.now()).toUTCString());
  const journal = call.world?.journal ?? registry.strangers;
  const faults = call.world === null ? [] : faultsOf(call, call.world, request);
  const entry = journal.open({
    at: new Date(call.world?.now() ?? registry.systemNow()).toISOString(),
    endpoint,
    method: request.method,
    path: request.path,
    params: call.params,
    headers: journalHeaders(request.headers),
    faults: faults.map((fault) => fault.kind),
  });

  for (const fault of faults) if (fault.kind === 'delay' && !isOn(fault, 'after')) await pause(fault, signal);
  const replaced = faults.find(strikesAt('replace')) ?? null;
  const delivery = faults.find(strikesAt('delivery')) ?? null;
  const skipsWork = [replaced, delivery].some((fault) => fault !== null && !isOn(fault, 'commit'));
  const worked = skipsWork ? null : work(call, faults);
  if (worked?.committed === true) journal.commit(entry);
  entry.note = worked?.note ?? 'not done';

  let decided =
    replaced === null
      ? (worked ?? htmlResponse(500, 'Nothing', false, ''))
      : replacement(replaced, call.dialect, call.root);
  for (const fault of faults.filter(strikesAt('content'))) decided = changeContent(decided, fault);
  let wire = encode(decided);
  for (const fault of faults.filter(strikesAt('bytes'))) wire = changeBytes(wire, fault);
  for (const fault of faults) if (fault.kind === 'delay' && isOn(fault, 'after')) await pause(fault, signal);
  const isSilent = delivery !== null && ['reset', 'hang', 'commit_then_drop'].includes(delivery.kind);
  entry.status = isSilent ? null : wire.status;
  await deliver(response, wire, delivery, signal);
}

/** The faults of a request: its header's, those of a magic id, and those of the world's rules, in this order. */
function faultsOf(call: UpstreamCall, world: World, request: ReceivedRequest): Fault[] {
  const header = request.headers['x-sim-fault'];
  return [
    ...(typeof header === 'string' ? readFaultHeader(header) : []),
    ...(call.magic === null ? [] : [call.magic]),
    ...world.matchFaults(call.endpoint, call.groupId),
  ];
}

function work(call: UpstreamCall, faults: readonly Fault[]): EndpointResponse {
  let toggles = call.world?.toggles() ?? DEFAULT_TOGGLES;
  for (const fault of faults) {
    if (fault.kind === 'toggle') toggles = withToggles(toggles, { [textOf(fault, 'name')]: textOf(fault, 'value') });
  }
  try {
    return call.work(toggles);
  } catch (error) {
    if (error instanceof Refused) return refusal(call.root, error.status, error.message);
    throw error;
  }
}

async function pause(fault: Fault, signal: AbortSignal): Promise<void> {
  await wait(numberOf(fault, 'ms'), undefined, { signal });
}

const PATHS: Readonly<Record<string, Endpoint>> = {
  '/v1/billings/booster': 'booster',
  '/v1/billings/update': 'update',
  '/v1/billings/billing_ui': 'billing_ui',
  '/v1/billings/history': 'history',
  '/v1/billings/usage': 'usage',
  '/v1/billings/plans': 'plans',
  '/v1/billings/index.html': 'ui_page',
  '/Token': 'token',
  '/api/v1/AccountAdminAPI/PurchaseCredits': 'purchase_credits',
};

const XTRACTA_WORK: Readonly<Partial<Record<Endpoint, (request: XtractaRequest) => EndpointResponse>>> = {
  booster: orderBooster,
  update: updatePlan,
  billing_ui: openBillingUi,
  history: readHistory,
  usage: readUsage,
  plans: listPlans,
};

/** The facts of a request, after the check of its key. */
export interface UpstreamCall {
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  /** Root element of the endpoint's XML. */
  readonly root: string;
  readonly world: World | null;
  readonly groupId: string | null;
  /** Parameters for the journal, with masked secrets. */
  readonly params: Form;
  readonly magic: Fault | null;
  /**
   * Does the work, with the toggles of this request. Synchronous, so that no request sees half of another request's
   * work.
   *
   * @throws Refused
   */
  readonly work: (toggles: Toggles) => EndpointResponse;
}

/** The endpoint of a path, or null. */
export function endpointOf(path: string): Endpoint | null {
  return Object.hasOwn(PATHS, path) ? (PATHS[path] ?? null) : null;
}

/** Reads as much of a request as is needed to find its key. Does no work yet. */
function readCall(
  endpoint: Endpoint,
  request: ReceivedRequest,
  registry: WorldRegistry,
  publicUrl: string,
): UpstreamCall {
  switch (endpoint) {
    case 'token':
      return tokenCall(request, registry);
    case 'purchase_credits':
      return purchaseCall(request, registry);
    case 'ui_page':
      return uiPageCall(request, registry);
    case 'booster':
    case 'update':
    case 'billing_ui':
    case 'history':
    case 'usage':
    case 'plans':
      return xtractaCall(endpoint, request, registry, publicUrl);
  }
}

function xtractaCall(
  endpoint: Endpoint,
  request: ReceivedRequest,
  registry: WorldRegistry,
  publicUrl: string,
): UpstreamCall {
  const { form, problem } = readForm(request);
  const fields: Record<string, string> = Object.fromEntries(form);
  const apiKey = fields['api_key'];
  const identity = apiKey === undefined ? null : registry.byApiKey(apiKey);
  // The sample response of this endpoint has another root than its schema. Its refusals have the root of its responses.
  const { billingUiRoot } = identity?.world.toggles() ?? DEFAULT_TOGGLES;
  const root = endpoint === 'billing_ui' ? billingUiRoot : 'billings_response';
  const base = { endpoint, dialect: 'xml', root, world: identity?.world ?? null, params: maskForm(form) } as const;
  const magicId = endpoint === 'booster' ? fields['pack_id'] : endpoint === 'update' ? fields['plan_id'] : undefined;
  return {
    ...base,
    groupId: fields['group_id'] ?? identity?.groupId ?? null,
    magic: magicFault(magicId),
    work: (toggles) => {
      if (request.method !== 'POST') return methodNotAllowed(root);
      if (request.body === null) return refusal(root, 413, 'The request is too large');
      if (request.query.size > 0) return refusal(root, 400, 'Parameters belong into the body');
      if (problem !== null) return refusal(root, 400, problem);
      if (apiKey === undefined || apiKey === '') return refusal(root, 401, 'Missing API key');
      const xtractaWork = XTRACTA_WORK[endpoint];
      if (identity === null || xtractaWork === undefined) return refusal(root, 401, 'Invalid API key');
      const now = Math.floor(identity.world.now() / 1000) * 1000;
      return xtractaWork({ world: identity.world, keyGroupId: identity.groupId, form, toggles, now, publicUrl });
    },
  };
}

function methodNotAllowed(root: string): EndpointResponse {
  return { ...refusal(root, 405, 'Method not allowed'), headers: { Allow: 'POST' } };
}

function uiPageCall(request: ReceivedRequest, registry: WorldRegistry): UpstreamCall {
  const token = request.query.get('t') ?? '';
  const world = registry.byUiToken(token);
  const found = world?.state().uiTokens.find((known) => known.token === token);
  return {
    endpoint: 'ui_page',
    dialect: 'xml',
    root: 'billings_response',
    world,
    groupId: found?.groupId ?? null,
    params: token === '' ? [] : [['t', mask(token)]],
    magic: null,
    work: () => {
      if (request.method !== 'GET') return methodNotAllowed('billings_response');
      if (world === null || found === undefined)
        return htmlResponse(403, 'This link is not valid', false, 'unknown token');
      if (world.now() >= found.expiresAt) return htmlResponse(403, 'This link has expired', false, 'expired token');
      return htmlResponse(200, `Billing of group ${found.groupId} (simulated)`, true, 'billing UI opened');
    },
  };
}

function tokenCall(request: ReceivedRequest, registry: WorldRegistry): UpstreamCall {
  const fields: Record<string, string> = Object.fromEntries(readForm(request).form);
  return {
    endpoint: 'token',
    dialect: 'json',
    root: 'error',
    world: registry.byClientId(fields['client_id'] ?? ''),
    groupId: null,
    params: maskForm(readForm(request).form),
    magic: null,
    work: () =>
      request.method === 'POST' ? issueToken(request, (id) => registry.byClientId(id)) : getNotSupported(request),
  };
}

function purchaseCall(request: ReceivedRequest, registry: WorldRegistry): UpstreamCall {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const world = bearer === undefined ? null : registry.byBearerToken(bearer);
  const body = readJson(request);
  const idField = isObject(body)
    ? Object.entries(body).find(([name]) => name.toLowerCase() === 'purchaseid')?.[1]
    : null;
  return {
    endpoint: 'purchase_credits',
    dialect: 'json',
    root: 'error',
    world,
    groupId: null,
    params: flattenJson(body),
    magic: typeof idField === 'string' ? magicPurchaseFault(idField) : null,
    work: (toggles) => {
      if (request.method !== 'POST') return getNotSupported(request);
      if (world === null) return unauthorised(bearer === undefined ? 'no token' : 'unknown or expired token');
      return purchaseCredits(request, world, toggles);
    },
  };
}

function getNotSupported(request: ReceivedRequest): EndpointResponse {
  const message = `The requested resource does not support http method '${request.method}'.`;
  return { ...jsonResponse(405, { Message: message }, false, message), headers: { Allow: 'POST' } };
}
