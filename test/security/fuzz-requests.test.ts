import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { BILLING_ERROR_CODES } from '../../src/domain/errors.js';
import { PROTOCOL_CATALOGUE } from '../../src/graphql/error-catalogue.js';
import type { TestGateway } from '../support/start-gateway.js';
import { FUZZ_PATIENCE_MS, fuzzSettings } from '../support/suite.sizes.js';
import { property } from './http-probe.js';
import { type FuzzedRequest, fuzzedRequest } from './request.arbitrary.js';
import { openStand } from './security.harness.js';

const { runs, seed } = fuzzSettings('fuzzed requests');
// The blank prevents it from being a key, an id or a name, which a response may repeat.
const CANARY = 'canary value 5f1e09';
const AT_ONCE = 10;
const CODES: ReadonlySet<unknown> = new Set([...BILLING_ERROR_CODES, ...Object.keys(PROTOCOL_CATALOGUE)]);

const stand = await openStand('fuzz');
let gateway: TestGateway;
let agent: Agent;
const tally = new Map<string, number>();

beforeAll(async () => {
  agent = new Agent({ connections: AT_ONCE, headersTimeout: 120_000, bodyTimeout: 120_000 });
  gateway = await stand.start({
    XTRACTA_ROOT_GROUP_ID: stand.world.rootGroupId,
    // GraphiQL's page is nine megabytes.
    EXPLORER: 'false',
    RATE_LIMIT_WRITES_PER_MINUTE: '0',
    RATE_LIMIT_BILLING_UI_PER_MINUTE: '0',
  });
});

afterAll(async () => {
  await agent.close();
  await stand.close();
});

const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);

interface GraphqlResult {
  readonly status: number;
  readonly text: string;
  readonly type: string;
}

async function send({ method, path, headers, body }: FuzzedRequest): Promise<GraphqlResult> {
  const response = await request(`${gateway.url}${path}`, {
    dispatcher: agent,
    method,
    headers: { ...headers },
    body,
  });
  return {
    status: response.statusCode,
    text: await response.body.text(),
    type: String(response.headers['content-type']),
  };
}

/** The fault of a response in a few words; null without a fault. */
function problemOf({ path }: FuzzedRequest, { status, text, type }: GraphqlResult): string | null {
  count(`status ${status}`);
  if (status >= 500) return `status ${status}: ${text.slice(0, 300)}`;
  if (text.includes(CANARY)) return `a value is repeated: ${text.slice(0, 300)}`;
  if (/node_modules|\.[jt]s:\d+:\d+|\bat \w+ \(/.test(text)) return `code is named: ${text.slice(0, 300)}`;
  if ((!path.startsWith('/graphql?') && path !== '/graphql') || text === '' || !type.includes('json')) return null;
  const errors = property(JSON.parse(text), 'errors');
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [];
  if (status >= 400 && list.length === 0) return `no error with status ${status}`;
  for (const error of list) {
    const { code, requestId } = Object(property(error, 'extensions'));
    count(`code ${String(code)}`);
    if (!CODES.has(code) || code === 'INTERNAL_SERVER_ERROR' || typeof requestId !== 'string') {
      return `status ${status}, code ${String(code)}, request id ${String(requestId)}: ${text.slice(0, 300)}`;
    }
  }
  return null;
}

describe('requests at random', () => {
  it(
    'are each answered cleanly: never a 5xx, every error with a code, no value repeated',
    async () => {
      const batch = fc.array(fuzzedRequest(CANARY), { minLength: AT_ONCE, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(batch, async (requests) => {
          const responses = await Promise.all(requests.map(send));
          for (const [index, response] of responses.entries()) {
            const sent = requests[index];
            const problem = sent === undefined ? null : problemOf(sent, response);
            if (problem !== null)
              throw new Error(`${problem}\n${JSON.stringify(sent).slice(0, 2_000)}\n${String(sent?.body ?? '')}`);
          }
        }),
        // No shrinking, because it takes long for ten requests, and the seed reproduces them.
        { numRuns: Math.ceil(runs / AT_ONCE), seed, endOnFailure: true },
      );
    },
    FUZZ_PATIENCE_MS,
  );

  it('leave a gateway that works, has logged no unexpected error, and nothing of what was in them', async () => {
    const response = await gateway.execute('{ group(id: "100001") { name } }');
    expect(response.data).toEqual({ group: { name: 'Northern Region' } });
    expect(gateway.logs().match(/unexpected error/g)).toBeNull();
    expect(gateway.logs().includes(CANARY)).toBe(false);
    expect(tally.get('code INTERNAL_SERVER_ERROR')).toBeUndefined();
    const seen = [...tally].map(([what, times]) => `${what}: ${times}`).sort();
    process.stdout.write(`${seen.join('\n')}\n`);
    expect(tally.get('status 200')).toBeGreaterThan(runs / 10);
    expect(tally.get('status 400')).toBeGreaterThan(runs / 20);
  });
});
