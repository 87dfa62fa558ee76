import type { ExaminedDocument, ExaminedElement } from '../upstreams/xtracta/document-examination.js';
import type { Reading } from './reading.js';

/** The elements of a record in the documented order; `optional` ones may be absent by the schema. */
interface DocumentedRecord {
  readonly elements: readonly string[];
  readonly optional: readonly string[];
}

export const DOCUMENTED = {
  history: {
    elements: [
      ...['id', 'plan', 'plan_type', 'price', 'credit_amount', 'price_currency', 'allowed_documents'],
      ...['used_documents', 'plan_activity', 'start_date', 'expiry_date', 'group_name', 'group_id'],
    ],
    optional: ['group_id'],
  },
  usage: {
    elements: [
      ...['id', 'plan_name', 'price', 'price_currency', 'allowed_documents', 'used_documents'],
      ...['available_documents', 'start_date', 'expiry_date', 'group_id'],
    ],
    optional: ['plan_type'],
  },
  plans: {
    elements: [
      ...['id', 'plan_name', 'pack_name', 'plan_type', 'allowed_documents'],
      ...['price', 'wholesale_price', 'group_id'],
    ],
    optional: ['plan_name', 'pack_name', 'plan_type', 'wholesale_price', 'group_id', 'price_currency'],
  },
} as const satisfies Record<string, DocumentedRecord>;

/** Differences between records and the documents; no list has duplicates. */
export interface RecordForm {
  readonly unknown: readonly string[];
  readonly missing: readonly string[];
  /** Whether some record has its elements in another order. */
  readonly otherOrder: boolean;
  readonly repeated: readonly string[];
}

export function recordForm(endpoint: keyof typeof DOCUMENTED, records: readonly ExaminedElement[]): RecordForm {
  const { elements, optional }: DocumentedRecord = DOCUMENTED[endpoint];
  const known = new Set([...elements, ...optional]);
  const unknown = new Set<string>();
  const missing = new Set<string>();
  const repeated = new Set<string>();
  let otherOrder = false;
  for (const record of records) {
    const names = record.children.map(({ name }) => name);
    for (const name of names) if (!known.has(name)) unknown.add(name);
    for (const name of elements) if (!optional.includes(name) && !names.includes(name)) missing.add(name);
    for (const name of names) if (names.indexOf(name) !== names.lastIndexOf(name)) repeated.add(name);
    // Only the history has a public sample, so the order in catalogue and usage is not documented.
    if (endpoint === 'history') otherOrder ||= !isAscending(names.map((name) => elements.indexOf(name)));
  }
  return { unknown: [...unknown], missing: [...missing], otherOrder, repeated: [...repeated] };
}

function isAscending(positions: readonly number[]): boolean {
  const known = positions.filter((position) => position >= 0);
  return known.every((position, index) => position >= (known[index - 1] ?? -1));
}

/** The records of a read's document, at any depth. */
export function recordsOf(endpoint: keyof typeof DOCUMENTED, { root }: ExaminedDocument): readonly ExaminedElement[] {
  if (root === null) return [];
  switch (endpoint) {
    case 'history':
      return childrenOf(root, 'plans').flatMap((plans) => [
        ...childrenOf(plans, 'activity'),
        ...childrenOf(plans, 'plan'),
      ]);
    case 'usage':
      return childrenOf(root, 'plan').filter(({ children }) => children.length > 0);
    case 'plans': {
      const places = [root, ...childrenOf(root, 'plans'), ...childrenOf(root, 'packs')];
      return places.flatMap((place) => [...childrenOf(place, 'plan'), ...childrenOf(place, 'pack')]);
    }
  }
}

export function childrenOf(element: ExaminedElement, name: string): readonly ExaminedElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of a record's element; null when it is missing. */
export function textOf(record: ExaminedElement, name: string): string | null {
  return record.children.find((child) => child.name === name)?.text.trim() ?? null;
}

export type DateForm = 'atom' | 'offset' | 'gmt' | 'naive' | 'zulu' | 'other';

const DATE_FORMS: readonly (readonly [DateForm, RegExp])[] = [
  ['atom', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00$/],
  ['offset', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:?\d\d$/],
  ['zulu', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/],
  ['gmt', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \((?:GMT|UTC)\)$/],
  ['naive', /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?$/],
];

/** The forms of the records' dates, without duplicates; blank dates do not count. */
export function dateForms(records: readonly ExaminedElement[]): readonly DateForm[] {
  const texts = records.flatMap((record) => [textOf(record, 'start_date'), textOf(record, 'expiry_date')]);
  const forms = texts
    .filter((text): text is string => text !== null && text !== '')
    .map((text) => DATE_FORMS.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other');
  return [...new Set(forms)];
}

export type CreditForm = 'whole' | 'zero' | 'decimal' | 'negative' | 'empty';

/** The form of `credit_amount`; `whole` if there is a plain positive number. */
export function creditForm(records: readonly ExaminedElement[]): CreditForm | null {
  const texts = records.map((record) => textOf(record, 'credit_amount')).filter((text) => text !== null);
  if (texts.length === 0) return null;
  if (texts.some((text) => text === '')) return 'empty';
  if (texts.some((text) => text.startsWith('-'))) return 'negative';
  if (texts.some((text) => text.includes('.'))) return 'decimal';
  return texts.every((text) => /^0+$/.test(text)) ? 'zero' : 'whole';
}

/** The form of a response without its figures. It differs only after a change at the upstream. */
export interface ResponseForm {
  /** `value`, or the error code of the read. */
  readonly result: string;
  readonly root: string;
  readonly records: number;
  /** Names of the records' elements. */
  readonly elements: readonly string[];
  readonly dates: readonly DateForm[];
  /** Elements that the gateway counted as drift. */
  readonly drift: readonly string[];
}

export function responseForm(
  endpoint: keyof typeof DOCUMENTED,
  document: ExaminedDocument,
  reading: Pick<Reading, 'result' | 'drift'>,
): ResponseForm {
  const records = recordsOf(endpoint, document);
  const names = records.flatMap(({ children }) => children.map(({ name }) => name));
  return {
    result: reading.result.kind === 'error' ? reading.result.code : 'value',
    root: document.root?.name ?? '',
    records: records.length,
    elements: [...new Set(names)].sort(),
    dates: dateForms(records).toSorted(),
    drift: Object.keys(reading.drift).sort(),
  };
}

/**
 * The differences of the second response from the first, in words. Facts that the first could not show, without any
 * record, do not count.
 */
export function formDifferences(before: ResponseForm, after: ResponseForm): readonly string[] {
  const differences: string[] = [];
  const compare = (what: string, one: string, other: string): void => {
    if (one !== other) differences.push(`${what}: ${one} became ${other}`);
  };
  compare('result', before.result, after.result);
  compare('root', before.root, after.root);
  if (before.records > 0 && after.records > 0) {
    compare('elements', before.elements.join(' '), after.elements.join(' '));
    compare('dates', before.dates.join(' '), after.dates.join(' '));
  }
  const isNew = after.drift.filter((field) => !before.drift.includes(field));
  if (isNew.length > 0) differences.push(`drift: ${isNew.join(' ')}`);
  return differences;
}
