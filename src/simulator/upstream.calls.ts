import { type Answer, htmlAnswer, jsonAnswer, refusal } from './answer.js';
import { issueToken, purchaseCredits, unauthorised } from './credits.endpoints.js';
import type { Dialect } from './fault.answer.js';
import type { Fault } from './fault.kinds.js';
import { type Endpoint, magicFault, magicPurchaseFault } from './fault.rules.js';
import { flattenJson, mask, maskForm } from './request.journal.js';
import { type Form, isObject, type ReceivedRequest, readForm, readJson } from './request.reader.js';
import type { World } from './world.js';
import type { WorldRegistry } from './world.registry.js';
import { DEFAULT_TOGGLES, type Toggles } from './world.toggles.js';
import { listPlans, openBillingUi, orderBooster, readUsage, updatePlan } from './xtracta.endpoints.js';
import { readHistory } from './xtracta.history.js';
import type { XtractaRequest } from './xtracta.parameters.js';

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

const XTRACTA_WORK: Readonly<Partial<Record<Endpoint, (request: XtractaRequest) => Answer>>> = {
  booster: orderBooster,
  update: updatePlan,
  billing_ui: openBillingUi,
  history: readHistory,
  usage: readUsage,
  plans: listPlans,
};

/** What a request is about, once its sender is known or found to be a stranger. */
export interface UpstreamCall {
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  /** Root element of the endpoint's XML. */
  readonly root: string;
  readonly world: World | null;
  readonly groupId: string | null;
  /** For the journal: secrets are masked. */
  readonly params: Form;
  readonly magic: Fault | null;
  /**
   * Does the work, with the toggles of this request. Synchronous: no request sees half of another's work.
   *
   * @throws Refused
   */
  readonly work: (toggles: Toggles) => Answer;
}

/** The endpoint of a path, or null. */
export function endpointOf(path: string): Endpoint | null {
  return Object.hasOwn(PATHS, path) ? (PATHS[path] ?? null) : null;
}

/** Reads a request as far as is needed to know whose it is. Does nothing yet. */
export function readCall(
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
  // The sample of this one endpoint answers with another root than its schema names; its refusals have the root of its
  // answers.
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

function methodNotAllowed(root: string): Answer {
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
        return htmlAnswer(403, 'This link is not valid', false, 'unknown token');
      if (world.now() >= found.expiresAt) return htmlAnswer(403, 'This link has expired', false, 'expired token');
      return htmlAnswer(200, `Billing of group ${found.groupId} (simulated)`, true, 'billing UI opened');
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

function getNotSupported(request: ReceivedRequest): Answer {
  const message = `The requested resource does not support http method '${request.method}'.`;
  return { ...jsonAnswer(405, { Message: message }, false, message), headers: { Allow: 'POST' } };
}
