import type { ExaminedElement } from '../upstreams/xtracta/document-examination.js';
import { type Check, check, isRead, listed, open, type Probe, responseText, statusCode } from './doctor-checks.js';
import { foreignDocument } from './reading-reasons.js';
import { childrenOf, creditForm, type DateForm, dateForms, recordForm, recordsOf, textOf } from './response-form.js';

const DATE_WORDS: Readonly<Record<DateForm, string>> = {
  atom: 'in UTC with +00:00',
  offset: 'with an offset that is not +00:00',
  gmt: 'with the word GMT',
  naive: 'without an offset',
  zulu: 'in UTC with Z',
  other: 'in an unknown form',
};

export function envelopeChecks(probes: readonly Probe[]): readonly Check[] {
  const responses = probes.filter(
    ({ result, document }) => result.kind === 'response' && foreignDocument(document) === null,
  );
  const roots = new Set(responses.map(({ document }) => document.root?.name ?? ''));
  const statuses = responses.map((probe) => ({ http: probe.result.status, xml: statusCode(probe) }));
  const differing = statuses.filter(({ http, xml }) => xml !== null && Number(xml) !== http);
  const without = statuses.filter(({ xml }) => xml === null).length;
  const extra = ['result', 'error_code'].filter((name) =>
    responses.some(({ document }) => document.root !== null && childrenOf(document.root, name).length > 0),
  );
  return [
    check(
      'root',
      'ok',
      [...roots].join(','),
      `the root is ${listed([...roots])}`,
      'both documented roots are accepted',
    ),
    check(
      'statusForm',
      'ok',
      differing.length > 0 ? 'differs' : without > 0 ? 'absent' : 'as HTTP',
      differing.length > 0
        ? 'the XML status differs from the HTTP status'
        : without > 0
          ? `${without} responses have no status that is a number`
          : 'the XML status is the HTTP status',
      'a failure in either is a failure',
    ),
    check(
      'envelope',
      'ok',
      extra.length === 0 ? 'as documented' : extra.join(','),
      extra.length === 0 ? 'neither <result> nor <error_code> is there' : `there is ${listed(extra)}`,
      'the gateway handles both',
    ),
  ];
}

export function formChecks(records: readonly ExaminedElement[], probes: readonly (Probe | null)[]): readonly Check[] {
  if (records.length === 0) return [open('elements', 'there is no row')];
  const form = recordForm('history', records);
  const dates = dateForms(records);
  const zeros = records.some((record) => /^0\d/.test(textOf(record, 'id') ?? ''));
  const credit = creditForm(records);
  // The check of words counts these.
  const drift = new Set(probes.flatMap((probe) => Object.keys(probe?.reading?.drift ?? {})));
  for (const word of ['plan_type', 'plan_activity']) drift.delete(word);
  const odd = [
    ...form.unknown.map((name) => `<${name}> is unknown`),
    ...form.missing.map((name) => `<${name}> is missing`),
    ...form.repeated.map((name) => `<${name}> stands twice`),
    ...(form.otherOrder ? ["another order than the schema's"] : []),
  ];
  return [
    check(
      'elements',
      form.missing.length > 0 || form.repeated.length > 0 ? 'doubt' : 'ok',
      odd.length === 0 ? 'as documented' : 'differs',
      odd.length === 0 ? "the elements and their order are the documents'" : listed(odd),
      odd.length === 0
        ? 'nothing differs'
        : 'the order does not matter, unknown elements are left out, missing ones are null',
    ),
    check(
      'values',
      drift.size === 0 ? 'ok' : 'doubt',
      drift.size === 0 ? 'readable' : 'drift',
      drift.size === 0 ? 'every value could be read' : `counted as drift: ${listed([...drift])}`,
      'a value that cannot be read is null with an error at its field; billing_upstream_drift_total counts it',
    ),
    check(
      'dateFormat',
      dates.includes('other') ? 'doubt' : 'ok',
      dates.join(','),
      `dates are written ${listed(dates.map((form) => DATE_WORDS[form]))}`,
      dates.includes('other')
        ? 'a date in a form that the gateway does not know is null'
        : dates.includes('naive')
          ? 'dates without an offset are read as UTC'
          : 'an offset is taken into account',
    ),
    rowIdCheck(records),
    check(
      'activityIdZeros',
      'ok',
      zeros ? 'yes' : 'no',
      zeros ? 'ids have leading zeros' : 'ids have no leading zeros',
      'ids are passed on as text',
    ),
    check(
      'creditAmount',
      'ok',
      credit,
      `credit_amount is ${credit ?? 'nowhere'}`,
      'it is passed on unchanged; its unit is not documented',
    ),
  ];
}

function rowIdCheck(records: readonly ExaminedElement[]): Check {
  const byId = Map.groupBy(records, (record) => textOf(record, 'id'));
  // The history and the recursive history may hold the same row.
  const shared = [...byId.values()].some((rows) => new Set(rows.map((row) => textOf(row, 'start_date'))).size > 1);
  return shared
    ? check(
        'rowIds',
        'doubt',
        'shared',
        'rows of different periods have one id',
        'an id names no single row: evidence of an unknown write is weaker',
      )
    : check('rowIds', 'ok', 'own', 'each row has an id of its own', 'an id names one event');
}

export function catalogueChecks(probe: Probe | null): readonly Check[] {
  if (!isRead(probe)) {
    return [
      check(
        'catalogue',
        'doubt',
        'no',
        responseText(probe),
        'availablePlans, availablePacks, previews and expected prices do not work, and no unknown write can be proved by the history',
        'XTRACTA_CATALOGUE_PATH',
      ),
    ];
  }
  const { root } = probe.document;
  const records = recordsOf('plans', probe.document);
  const nested = root !== null && [...childrenOf(root, 'plans'), ...childrenOf(root, 'packs')].length > 0;
  const currencies = records.filter((record) => textOf(record, 'price_currency') !== null).length;
  const wholesale = records.some((record) => textOf(record, 'wholesale_price') !== null);
  const form = recordForm('plans', records);
  return [
    check(
      'catalogue',
      records.length === 0 ? 'doubt' : 'ok',
      records.length === 0 ? 'empty' : 'yes',
      `${responseText(probe)}: ${records.length} plans and packs`,
      records.length === 0 ? 'nothing is offered to this group' : 'the catalogue is there',
      records.length === 0 ? 'XTRACTA_CATALOGUE_PATH' : null,
    ),
    ...(records.length === 0
      ? []
      : [
          check(
            'catalogueShape',
            'ok',
            nested ? 'nested' : 'flat',
            nested ? 'items stand in <plans> and <packs>' : 'items stand below the root',
            'both are read',
          ),
          check(
            'catalogueCurrency',
            'ok',
            currencies > 0 ? 'yes' : 'no',
            currencies > 0 ? 'prices name a currency' : 'prices name no currency',
            currencies > 0
              ? 'the gateway passes it on'
              : 'Money.currency is null; spending limits by currency cannot be counted',
          ),
          check(
            'wholesale',
            'ok',
            wholesale ? 'yes' : 'no',
            wholesale ? 'wholesale prices are there' : 'no wholesale prices are there',
            'they are shown to the scope billing:wholesale alone',
          ),
          check(
            'catalogueElements',
            form.missing.length > 0 ? 'doubt' : 'ok',
            form.unknown.length + form.missing.length === 0 ? 'as documented' : 'differs',
            form.unknown.length + form.missing.length === 0
              ? "the elements are the documents'"
              : listed([
                  ...form.unknown.map((name) => `<${name}> is unknown`),
                  ...form.missing.map((name) => `<${name}> is missing`),
                ]),
            'unknown elements are left out',
          ),
        ]),
  ];
}
