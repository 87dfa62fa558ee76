import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readStored } from '../../src/ops/reading.js';
import type { RecordedResponse, Recording } from '../../src/ops/recording.js';
import { formDifferences, responseForm } from '../../src/ops/response-form.js';
import { examineDocument } from '../../src/upstreams/xtracta/document-examination.js';

/**
 * Responses that `doctor --record test/fixtures/recorded/NAME.json` has kept, masked. The gateway must read each as it
 * did then. A new recording in `RECORDED_RESPONSES` must have the same forms as the recording of the same name in this
 * folder. So a change at the vendor fails a nightly test (docs/operations.md).
 */
const FOLDER = join(import.meta.dirname, '../fixtures/recorded');
const RECORDINGS = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const TONIGHT = process.env['RECORDED_RESPONSES'];

function recordingOf(file: string): Recording {
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function formOf({ endpoint, response }: RecordedResponse): Promise<RecordedResponse['form']> {
  const bytes = Buffer.from(response);
  const options = { xtractaUrl: 'https://api-app.xtracta.com', quantity: null, groupId: null };
  const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  return responseForm(endpoint, examineDocument(body), await readStored(endpoint, bytes, options));
}

describe.each(RECORDINGS)('the recorded responses of %s', (name) => {
  const { responses } = recordingOf(join(FOLDER, name));

  it.each(responses.map((response) => [response.call, response] as const))(
    'are read as ever: %s',
    async (_call, response) => {
      expect(await formOf(response)).toEqual(response.form);
    },
  );

  it('hold a read of each endpoint', () => {
    expect(new Set(responses.map(({ endpoint }) => endpoint))).toEqual(new Set(['history', 'usage', 'plans']));
  });
});

if (TONIGHT !== undefined) {
  describe(`tonight's recording ${basename(TONIGHT)}`, () => {
    it('has the forms of the one that is kept', () => {
      const kept = new Map(recordingOf(join(FOLDER, basename(TONIGHT))).responses.map((one) => [one.call, one.form]));
      const differences = recordingOf(TONIGHT).responses.flatMap(({ call, form }) => {
        const before = kept.get(call);
        return before === undefined ? [] : formDifferences(before, form).map((difference) => `${call}: ${difference}`);
      });
      expect(differences).toEqual([]);
    });
  });
}

describe('a recording that differs', () => {
  const [{ form }] = recordingOf(join(FOLDER, 'simulator.json')).responses.filter(
    ({ endpoint }) => endpoint === 'history',
  ) as [RecordedResponse];

  it.each([
    [{ ...form, elements: [...form.elements, 'tax'] }, /elements: .* became .* tax/],
    [{ ...form, elements: form.elements.slice(1) }, /elements/],
    [{ ...form, dates: ['gmt' as const] }, /dates: atom became gmt/],
    [{ ...form, drift: ['price'] }, /drift: price/],
    [{ ...form, root: 'html' }, /root: billings_response became html/],
    [{ ...form, result: 'UPSTREAM_INVALID_RESPONSE' }, /result/],
  ])('is told in words', (after, words) => {
    expect(formDifferences(form, form)).toEqual([]);
    expect(formDifferences(form, after).join()).toMatch(words);
  });
});
