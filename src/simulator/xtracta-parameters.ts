import type { Form } from './request.reader.js';
import type { World } from './world.js';
import { isWithin } from './world-state.js';
import type { Toggles } from './world-toggles.js';

/** The refusal of an endpoint: status and message of its XML. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One request to an Xtracta endpoint with a valid key. */
export interface XtractaRequest {
  readonly world: World;
  /** The group of the key. */
  readonly keyGroupId: string;
  readonly form: Form;
  readonly toggles: Toggles;
  /** The world's time at the start of the request, epoch ms, whole seconds: the upstream has no smaller unit. */
  readonly now: number;
  /** The simulator's own address, the start of billing UI URLs. */
  readonly publicUrl: string;
}

type Parameters = Readonly<Record<string, string>>;

/**
 * The parameters of a request, without the key. Each must be on the endpoint's page in the manual.
 *
 * @throws Refused 400 for a parameter that the endpoint doesn't have.
 */
export function parametersOf(request: XtractaRequest, allowed: readonly string[]): Parameters {
  const found: Record<string, string> = {};
  for (const [name, value] of request.form) {
    if (name === 'api_key') continue;
    if (!allowed.includes(name)) throw new Refused(400, `Unknown parameter ${name}`);
    found[name] = value;
  }
  return found;
}

/** A whole number in digits, within bounds. Returns undefined where it wasn't sent. */
export function integerOf(parameters: Parameters, name: string, min: number, max: number): number | undefined {
  const text = parameters[name];
  if (text === undefined) return undefined;
  const value = /^\d{1,18}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new Refused(400, `Invalid value for ${name}`);
  return value;
}

/** An id in its plain form: digits without leading zeros, greater than 0. */
export function idOf(parameters: Parameters, name: string): string | undefined {
  const text = parameters[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,18}$/.test(text) || /^0+$/.test(text)) throw new Refused(400, `Invalid value for ${name}`);
  return text.replace(/^0+/, '');
}

/** Like {@link idOf}, for a required parameter. */
export function requiredId(parameters: Parameters, name: string): string {
  const id = idOf(parameters, name);
  if (id === undefined) throw new Refused(400, `Missing parameter ${name}`);
  return id;
}

/**
 * The group of a request: the named group, or the key's own.
 *
 * @throws Refused 404 for a group that doesn't exist, 403 (or 404, by toggle) for one outside of the key's tree.
 */
export function groupOf(request: XtractaRequest, parameters: Parameters): string {
  const groupId = idOf(parameters, 'group_id') ?? request.keyGroupId;
  const state = request.world.state();
  if (state.groups[groupId] === undefined) throw new Refused(404, 'Group not found');
  if (!isWithin(state, groupId, request.keyGroupId)) {
    if (request.toggles.foreignGroup === 'not_found') throw new Refused(404, 'Group not found');
    throw new Refused(403, 'The API key has no access to this group');
  }
  return groupId;
}

/** The treatment of documents on hold; null keeps them on hold. */
export function purgeOf(request: XtractaRequest, parameters: Parameters): 'process' | 'delete' | null {
  const purge = parameters['purge'];
  if (purge === 'process' || purge === 'delete') return purge;
  if (purge !== undefined) throw new Refused(400, 'Invalid value for purge');
  switch (request.toggles.purgeOmitted) {
    case 'keep':
      return null;
    case 'process':
      return 'process';
    case 'refuse':
      throw new Refused(400, 'Missing parameter purge');
  }
}
