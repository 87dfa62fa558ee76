import type { Form } from './request.reader.js';
import type { World } from './world.js';
import { isWithin } from './world.state.js';
import type { Toggles } from './world.toggles.js';

/** A refusal on its way out of an endpoint: status and human text, as the XML will carry them. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One request to an Xtracta endpoint, after its key was recognised. */
export interface XtractaRequest {
  readonly world: World;
  /** The group that the key is bound to. */
  readonly keyGroupId: string;
  readonly form: Form;
  readonly toggles: Toggles;
  /** The world's time at the start of the request, epoch ms, whole seconds: the upstream knows no smaller unit. */
  readonly now: number;
  /** Where the simulator itself is reached; billing UI addresses begin with it. */
  readonly publicUrl: string;
}

type Parameters = Readonly<Record<string, string>>;

/**
 * The parameters of a request, none of which the endpoint's page leaves out. The key is not among them.
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

/** As {@link idOf}, for a parameter that must be there. */
export function requiredId(parameters: Parameters, name: string): string {
  const id = idOf(parameters, name);
  if (id === undefined) throw new Refused(400, `Missing parameter ${name}`);
  return id;
}

/**
 * The group that a request is about: the one asked for, or the key's own.
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

/** What to do with documents on hold; null leaves them there. */
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
