import { describe, expect, it } from '@jest/globals';
import got from 'got';
import { BillingError } from '../../../src/domain/errors.js';
import { createLogger } from '../../../src/observability/logger.js';
import { errorFields } from '../../../src/observability/redact.js';

async function logged(
  format: 'json' | 'pretty',
  write: (logger: Awaited<ReturnType<typeof createLogger>>) => void,
): Promise<string> {
  const lines: string[] = [];
  write(await createLogger({ level: 'debug', format, destination: { write: (line) => lines.push(line) } }));
  return lines.join('');
}

describe('a log line', () => {
  it('is one JSON object with level and time in words', async () => {
    const line = await logged('json', (logger) => logger.info({ requestId: 'r-1' }, 'request'));
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      requestId: 'r-1',
      msg: 'request',
    });
  });

  it("of an HTTP client's error holds neither its options, body, headers, URL nor message", async () => {
    const error: unknown = await got
      .post('http://127.0.0.1:1/CANARY?key=CANARY', {
        headers: { authorization: 'Bearer CANARY' },
        json: { secret: 'CANARY' },
        retry: { limit: 0 },
      })
      .catch((thrown: unknown) => thrown);
    const line = await logged('json', (logger) => logger.error({ err: error }, 'failed'));
    expect(JSON.parse(line)).toMatchObject({ err: { name: 'RequestError', code: 'ECONNREFUSED' } });
    expect(line).not.toContain('CANARY');
  });

  it('of an error keeps where it was thrown, and its causes, without a word of theirs', async () => {
    const cause = Object.assign(new TypeError('CANARY\n    at CANARY'), { code: 'E_CAUSE', body: 'CANARY' });
    const line = await logged('json', (logger) => {
      logger.error({ err: new BillingError('UPSTREAM_TIMEOUT', 'CANARY', { cause }) }, 'failed');
    });
    expect(JSON.parse(line)).toMatchObject({
      err: { name: 'BillingError', code: 'UPSTREAM_TIMEOUT', cause: { name: 'TypeError', code: 'E_CAUSE' } },
    });
    expect(line).toContain('logger.test');
    expect(line).not.toContain('CANARY');
  });
});

describe('the fields of something thrown', () => {
  it.each([
    ['a text', 'CANARY', { name: 'string' }],
    ['null', null, { name: 'null' }],
    ['an object', { message: 'CANARY', code: 'CANARY' }, { name: 'object' }],
    [
      'a name that is a sentence',
      Object.assign(new Error('x'), { name: 'Bearer CANARY x', stack: undefined }),
      { name: 'Error' },
    ],
    [
      'a code that is a URL',
      Object.assign(new Error('x'), { code: 'https://u:CANARY@x/', stack: undefined }),
      { name: 'Error' },
    ],
    ['a status', Object.assign(new Error('x'), { statusCode: 413, stack: undefined }), { name: 'Error', status: 413 }],
  ])('that is %s are chosen', (_name, thrown, fields) => {
    expect(errorFields(thrown)).toEqual(fields);
  });

  it('end, also for errors that cause each other', () => {
    const one = new Error('one');
    one.cause = one;
    expect(JSON.stringify(errorFields(one)).match(/"name"/g)).toHaveLength(4);
  });
});
