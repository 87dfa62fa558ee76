import { DEFAULT_TOGGLES, withToggles } from './world-toggles.js';

/** The stage of a fault: instead of the work, in the content, the bytes or the delivery of the response, or in time. */
export type FaultStage = 'replace' | 'content' | 'bytes' | 'delivery' | 'wait' | 'toggle';

export type FaultParam = string | number | boolean;

interface FaultKindSpec {
  readonly stage: FaultStage;
  readonly about: string;
  /** Every parameter with its default, which also fixes its type. */
  readonly params: Readonly<Record<string, FaultParam>>;
}

/**
 * All faults that a test can request. Where a kind has the parameter `commit`, `true` does the work first: the charge
 * is made, but the client receives another response.
 */
export const FAULT_KINDS = {
  // These replace the response.
  status: {
    stage: 'replace',
    about: 'An HTTP status with a body of its own: html, xml (the upstream’s shape), json, text or empty.',
    params: { code: 503, body: 'html', message: 'Simulated failure', retryAfter: '', commit: false },
  },
  xml_status: {
    stage: 'replace',
    about: 'HTTP 200 whose XML status says no, without a payload.',
    params: { code: 400, message: 'Simulated refusal', http: 200, commit: false },
  },
  rate_limit: { stage: 'replace', about: '429 with Retry-After in seconds.', params: { retryAfter: 1, commit: false } },
  redirect: {
    stage: 'replace',
    about: 'A redirect to another URL.',
    params: { code: 307, location: 'http://127.0.0.1:9/elsewhere', commit: false },
  },
  html: { stage: 'replace', about: 'A login page with status 200.', params: { code: 200, commit: false } },
  no_content: { stage: 'replace', about: 'An empty 204 (or 205, 304).', params: { code: 204, commit: false } },
  not_xml: { stage: 'replace', about: 'JSON instead of XML, or XML instead of JSON.', params: { commit: true } },
  empty: { stage: 'replace', about: '200 with an empty body.', params: { commit: true } },
  model_state: { stage: 'replace', about: 'The credits framework’s 400 with ModelState.', params: { commit: false } },
  server_error: {
    stage: 'replace',
    about: 'The credits framework’s 500, with a stack trace when asked.',
    params: { trace: false, commit: false },
  },
  // The connection.
  reset: { stage: 'delivery', about: 'A TCP reset before any response.', params: { commit: false } },
  hang: { stage: 'delivery', about: 'No response, ever.', params: { commit: false } },
  commit_then_drop: {
    stage: 'delivery',
    about: 'The work is done, then the socket is closed.',
    params: { commit: true },
  },
  cut: {
    stage: 'delivery',
    about:
      "The body ends early: under a Content-Length, inside a chunked body, or by closing the connection (the client can't see it).",
    params: { mode: 'length', at: 0.5, commit: true },
  },
  stall: {
    stage: 'delivery',
    about: 'Headers and a part of the body, then silence.',
    params: { at: 0.5, commit: true },
  },
  drip: { stage: 'delivery', about: 'A few bytes at a time.', params: { bytes: 1, ms: 50, commit: true } },
  oversize: {
    stage: 'delivery',
    about: 'A well-formed response with an endless comment.',
    params: { bytes: 20_000_000, commit: true },
  },
  // Time.
  delay: { stage: 'wait', about: 'Waits before the work, or after it.', params: { ms: 200, after: false } },
  // The bytes of a finished response.
  http_status: { stage: 'bytes', about: 'Another HTTP status over the right body.', params: { code: 500 } },
  content_type: { stage: 'bytes', about: 'Another content type, or none.', params: { value: 'text/plain' } },
  gzip: {
    stage: 'bytes',
    about: 'Content-Encoding gzip, with this many bytes of padding inside.',
    params: { bytes: 0 },
  },
  big_header: { stage: 'bytes', about: 'A response header of this size.', params: { bytes: 20_000 } },
  doctype: { stage: 'bytes', about: 'A DOCTYPE, with an entity when asked.', params: { entity: false } },
  php_warning: { stage: 'bytes', about: 'A PHP warning before the prolog.', params: {} },
  bom: { stage: 'bytes', about: 'A UTF-8 byte order mark.', params: {} },
  blank_line: { stage: 'bytes', about: 'An empty line before the prolog.', params: {} },
  utf16: { stage: 'bytes', about: 'The body in UTF-16.', params: {} },
  invalid_utf8: { stage: 'bytes', about: 'A byte that UTF-8 does not have.', params: {} },
  trailing: { stage: 'bytes', about: 'Text after the end.', params: { text: 'garbage' } },
  two_roots: { stage: 'bytes', about: 'A second root element.', params: {} },
  references: { stage: 'bytes', about: 'Character references instead of non-ASCII characters (&#233;).', params: {} },
  // The content of an XML response.
  status_element: {
    stage: 'content',
    about: 'The XML status as true, false, missing, duplicated, or any text.',
    params: { value: 'true' },
  },
  wrong_root: { stage: 'content', about: 'Another root element.', params: { name: 'documents_response' } },
  missing_payload: { stage: 'content', about: 'Only status and message.', params: {} },
  element: {
    stage: 'content',
    about: 'Another text in every element of a name.',
    params: { name: 'price', value: '' },
  },
  omit: { stage: 'content', about: 'Leaves out every element of a name.', params: { name: 'group_id' } },
  unknown_words: { stage: 'content', about: 'plan_type and plan_activity with unknown words.', params: {} },
  extra: { stage: 'content', about: 'Elements and fields that no document names.', params: {} },
  // The content of a credits response.
  error_beside: {
    stage: 'content',
    about: 'An Error beside the purchase.',
    params: { code: 'W100', reason: 'Simulated error beside a result' },
  },
  detail_null: { stage: 'content', about: 'Detail is null and no Error says why.', params: {} },
  json_value: {
    stage: 'content',
    about: 'Result, or a field of Detail, as this raw JSON text (12345678901234567.89).',
    params: { name: 'Quantity', raw: 'null' },
  },
  camel_case: { stage: 'content', about: 'Field names in camelCase.', params: {} },
  // One request with another value of a toggle.
  toggle: { stage: 'toggle', about: 'A toggle for this request alone.', params: { name: 'dateFormat', value: 'gmt' } },
} as const satisfies Record<string, FaultKindSpec>;

export type FaultKind = keyof typeof FAULT_KINDS;

/** A fault with a value for each parameter. */
export interface Fault {
  readonly kind: FaultKind;
  readonly stage: FaultStage;
  readonly params: Readonly<Record<string, FaultParam>>;
}

/** The kinds that strike at a stage. */
type KindAt<Stage extends FaultStage> = {
  [Kind in FaultKind]: (typeof FAULT_KINDS)[Kind]['stage'] extends Stage ? Kind : never;
}[FaultKind];

/** A fault that strikes at a known stage. */
export type FaultAt<Stage extends FaultStage> = Fault & { readonly kind: KindAt<Stage>; readonly stage: Stage };

/** Whether a fault strikes at a stage. */
export function strikesAt<Stage extends FaultStage>(stage: Stage): (fault: Fault) => fault is FaultAt<Stage> {
  return (fault): fault is FaultAt<Stage> => fault.stage === stage;
}

export function isFaultKind(kind: string): kind is FaultKind {
  return Object.hasOwn(FAULT_KINDS, kind);
}

/**
 * Fills in the defaults of a fault.
 *
 * @param given parameters; text is read as the number or boolean that the parameter is.
 * @throws RangeError for an unknown kind or parameter, or a value of another type.
 */
export function makeFault(kind: string, given: Readonly<Record<string, unknown>> = {}): Fault {
  if (!isFaultKind(kind))
    throw new RangeError(`unknown fault '${kind}'; there are ${Object.keys(FAULT_KINDS).join(', ')}`);
  const spec: FaultKindSpec = FAULT_KINDS[kind];
  const params: Record<string, FaultParam> = { ...spec.params };
  for (const [name, value] of Object.entries(given)) {
    const fallback = spec.params[name];
    if (fallback === undefined) {
      throw new RangeError(
        `fault '${kind}' has no parameter '${name}'; it has ${Object.keys(spec.params).join(', ') || 'none'}`,
      );
    }
    params[name] = readParam(kind, name, value, fallback);
    const rule = PARAM_RULES[`${kind}.${name}`];
    if (rule?.holds(params[name]) === false) {
      throw new RangeError(`parameter '${name}' of fault '${kind}' is ${rule.is}`);
    }
  }
  if (kind === 'toggle') withToggles(DEFAULT_TOGGLES, { [String(params['name'])]: params['value'] });
  return { kind, stage: spec.stage, params };
}

/** The values that a parameter may have, where its type alone has more than a response can carry. */
interface ParamRule {
  readonly is: string;
  readonly holds: (value: FaultParam) => boolean;
}

function numberRule(min: number, max: number): ParamRule {
  const holds = (value: FaultParam): boolean => Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  return { is: `a whole number from ${min} to ${max}`, holds };
}

function wordRule(...words: readonly string[]): ParamRule {
  return { is: `one of ${words.join(', ')}`, holds: (value) => words.includes(String(value)) };
}

/** The final statuses that Node sends. */
const STATUS = numberRule(200, 999);
/** Longest time of a timer of Node, in milliseconds. */
const TIME = numberRule(0, 2_147_483_647);
const HEADER: ParamRule = {
  is: 'text that a header may hold (RFC 9110, 5.5)',
  holds: (value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(String(value)),
};

const PARAM_RULES: Readonly<Record<string, ParamRule>> = {
  'status.code': STATUS,
  'status.body': wordRule('html', 'xml', 'json', 'text', 'empty'),
  'status.retryAfter': HEADER,
  'xml_status.http': STATUS,
  'redirect.code': STATUS,
  'redirect.location': HEADER,
  'html.code': STATUS,
  'no_content.code': STATUS,
  'http_status.code': STATUS,
  'content_type.value': HEADER,
  'big_header.bytes': numberRule(0, 50_000_000),
  'cut.mode': wordRule('length', 'chunked', 'close'),
  'drip.ms': TIME,
  'delay.ms': TIME,
};

/**
 * Reads the `x-sim-fault` header: `drip;bytes=10;ms=5, status_element;value=true`. Values are percent-decoded, so that
 * they may hold commas and semicolons.
 *
 * @throws RangeError as {@link makeFault}.
 */
export function readFaultHeader(header: string): Fault[] {
  const faults: Fault[] = [];
  for (const item of header.split(',')) {
    const [kind = '', ...pairs] = item.split(';').map((part) => part.trim());
    if (kind === '') continue;
    const given: Record<string, string> = {};
    for (const pair of pairs) {
      const at = pair.indexOf('=');
      if (at < 1) throw new RangeError(`parameter '${pair}' of fault '${kind}' is not name=value`);
      given[pair.slice(0, at)] = decodeURIComponent(pair.slice(at + 1));
    }
    faults.push(makeFault(kind, given));
  }
  return faults;
}

/** A parameter that is a number; 0 if it isn't. */
export function numberOf(fault: Fault, name: string): number {
  const value = fault.params[name];
  return typeof value === 'number' ? value : 0;
}

/** A parameter as text; empty if there is none. */
export function textOf(fault: Fault, name: string): string {
  const value = fault.params[name];
  return value === undefined ? '' : String(value);
}

/** A parameter that is a switch. */
export function isOn(fault: Fault, name: string): boolean {
  return fault.params[name] === true;
}

function readParam(kind: string, name: string, value: unknown, fallback: FaultParam): FaultParam {
  const problem = new RangeError(`parameter '${name}' of fault '${kind}' is a ${typeof fallback}`);
  if (typeof fallback === 'number') {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) throw problem;
    return number;
  }
  if (typeof fallback === 'boolean') {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw problem;
  }
  if (typeof value !== 'string' && typeof value !== 'number') throw problem;
  return String(value);
}
