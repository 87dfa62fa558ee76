import { type Fault, makeFault } from './fault-kinds.js';

/** The endpoints of both upstreams, as rules and the journal name them. */
export const ENDPOINTS = [
  'booster',
  'update',
  'billing_ui',
  'history',
  'usage',
  'plans',
  'ui_page',
  'token',
  'purchase_credits',
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** A posted rule. Without `first`, `nth`, `every` and `probability` it strikes every request. */
export interface FaultRuleInput {
  /** An endpoint, or `*` for all. */
  readonly endpoint?: string;
  /** Only requests for this group. */
  readonly group?: string;
  /** Strikes this number of first requests, like a flaky upstream that recovers. */
  readonly first?: number;
  /** Strikes only the request with this number, counted from 1. */
  readonly nth?: number;
  /** Strikes every request whose number is a multiple of this. */
  readonly every?: number;
  /** 0 to 1; the same `seed` strikes the same requests in each run. */
  readonly probability?: number;
  readonly seed?: number;
  readonly kind: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface FaultRule {
  readonly id: string;
  readonly endpoint: string;
  readonly group: string | null;
  readonly first: number | null;
  readonly nth: number | null;
  readonly every: number | null;
  readonly probability: number | null;
  readonly seed: number;
  readonly fault: Fault;
  /** Number of requests that matched the rule's conditions, and of those that it struck. */
  seen: number;
  struck: number;
  /** State of the rule's own random numbers. */
  random: number;
}

/** The fault rules of one world, in the order in which they were added. Counts are kept in the rules. */
export class FaultRules {
  #rules: FaultRule[];
  #number: number;

  constructor(rules: readonly FaultRule[] = []) {
    this.#rules = rules.map((rule) => ({ ...rule }));
    this.#number = Math.max(0, ...rules.map((rule) => Number(rule.id.slice('fault-'.length))));
  }

  /** @throws RangeError naming what can't be read. */
  add(input: FaultRuleInput): FaultRule {
    const endpoint = input.endpoint ?? '*';
    if (endpoint !== '*' && !ENDPOINTS.some((known) => known === endpoint)) {
      throw new RangeError(`unknown endpoint '${endpoint}'; there are *, ${ENDPOINTS.join(', ')}`);
    }
    if (input.probability !== undefined && !(input.probability >= 0 && input.probability <= 1)) {
      throw new RangeError('probability is a number from 0 to 1');
    }
    const fault = makeFault(input.kind, input.params);
    const seed = input.seed ?? 1;
    this.#number += 1;
    const rule: FaultRule = {
      id: `fault-${this.#number}`,
      endpoint,
      group: input.group ?? null,
      first: count('first', input.first),
      nth: count('nth', input.nth),
      every: count('every', input.every),
      probability: input.probability ?? null,
      seed,
      fault,
      seen: 0,
      struck: 0,
      random: seed,
    };
    this.#rules.push(rule);
    return rule;
  }

  list(): readonly FaultRule[] {
    return this.#rules;
  }

  copy(): FaultRule[] {
    return this.#rules.map((rule) => ({ ...rule }));
  }

  clear(id?: string): number {
    const before = this.#rules.length;
    this.#rules = id === undefined ? [] : this.#rules.filter((rule) => rule.id !== id);
    return before - this.#rules.length;
  }

  /** The faults for a request. Each matching rule counts the request. */
  match(endpoint: string, groupId: string | null): Fault[] {
    const faults: Fault[] = [];
    for (const rule of this.#rules) {
      if (rule.endpoint !== '*' && rule.endpoint !== endpoint) continue;
      if (rule.group !== null && rule.group !== groupId) continue;
      rule.seen += 1;
      if (!strikes(rule)) continue;
      rule.struck += 1;
      faults.push(rule.fault);
    }
    return faults;
  }
}

function strikes(rule: FaultRule): boolean {
  if (rule.first !== null && rule.seen > rule.first) return false;
  if (rule.nth !== null && rule.seen !== rule.nth) return false;
  if (rule.every !== null && rule.seen % rule.every !== 0) return false;
  if (rule.probability === null) return true;
  // Mulberry32: small, good enough for choosing requests, and the same on every machine.
  rule.random = (rule.random + 0x6d2b79f5) | 0;
  let mixed = Math.imul(rule.random ^ (rule.random >>> 15), 1 | rule.random);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296 < rule.probability;
}

function count(name: string, value: number | undefined): number | null {
  if (value === undefined) return null;
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`'${name}' is a whole number, 1 or more`);
  return value;
}

/**
 * Ids that cause a fault without any rule. As a pack or plan id they are sold as pack 1223 or plan 112. A PurchaseID
 * must end in the id (`00000000-0000-4000-8000-000000990001`).
 */
export const MAGIC_FAULTS: Readonly<Record<string, Fault>> = {
  '990001': makeFault('commit_then_drop'),
  '990002': makeFault('reset'),
  '990003': makeFault('hang'),
  '990004': makeFault('hang', { commit: true }),
  '990005': makeFault('cut'),
  '990006': makeFault('cut', { mode: 'close' }),
  '990007': makeFault('html'),
  '990008': makeFault('status_element', { value: 'true' }),
  '990009': makeFault('redirect'),
  '990010': makeFault('missing_payload'),
  '990011': makeFault('oversize'),
  '990012': makeFault('status', { code: 502, commit: true }),
  '990400': makeFault('xml_status', { code: 400, message: 'Simulated refusal' }),
  '990402': makeFault('status', { code: 402, body: 'xml', message: 'Payment required' }),
  '990429': makeFault('rate_limit'),
  '990500': makeFault('status', { code: 500, body: 'xml', message: 'Simulated server error' }),
  '990503': makeFault('status', { code: 503 }),
};

const MAGIC_PURCHASE = /^00000000-0000-4000-8000-000000(99\d{4})$/;

/** The fault of a magic pack or plan id. */
export function magicFault(id: string | undefined): Fault | null {
  return (id === undefined ? undefined : MAGIC_FAULTS[id]) ?? null;
}

/**
 * The fault of a magic PurchaseID. For `…990402` and `…990010` see the credits endpoint, whose responses have their own
 * shape.
 */
export function magicPurchaseFault(purchaseId: string): Fault | null {
  const number = MAGIC_PURCHASE.exec(purchaseId.toLowerCase())?.[1];
  switch (number) {
    case undefined:
    case '990400':
    case '990402':
      return null;
    case '990008':
      return makeFault('error_beside');
    case '990010':
      return makeFault('detail_null');
    case '990500':
      return makeFault('server_error');
    default:
      return magicFault(number);
  }
}
