import { openLedger } from '../../src/idempotency/open-ledger.js';
import { type StartGatewayOptions, startGateway, type TestGateway } from '../support/start-gateway.js';
import { interceptLedger, LedgerFaults } from './intercepted-ledger.js';
import type { WriteCase } from './write-cases.js';
import { WriteUpstream } from './write-upstream.js';

export interface WriteResponse {
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly operation: Readonly<Record<string, unknown>> | null;
  readonly userErrors: readonly Readonly<Record<string, unknown>>[];
  readonly errors: readonly unknown[];
}

type StartOptions = Omit<Partial<StartGatewayOptions>, 'xtractaUrl'>;

/** Real gateways over one raw upstream. Mutable: the gateways, and the intent and key of the test that runs. */
export class WriteStand {
  readonly upstream: WriteUpstream;
  readonly faults = new LedgerFaults();
  readonly #started: TestGateway[] = [];
  #gateway: TestGateway | undefined;
  intent = 0;
  key = '';

  private constructor(upstream: WriteUpstream) {
    this.upstream = upstream;
  }

  static async start(): Promise<WriteStand> {
    const stand = new WriteStand(await WriteUpstream.start());
    stand.#gateway = await stand.open();
    return stand;
  }

  /** The one that most tests share. */
  get gateway(): TestGateway {
    if (this.#gateway === undefined) throw new Error('The gateway was not started.');
    return this.#gateway;
  }

  /** An intent and a key that no test has used. */
  next(): void {
    this.intent += 1;
    this.key = `responses-${String(this.intent).padStart(4, '0')}`;
  }

  /** Another gateway, with a ledger of its own unless `env` names one. */
  async open(options: StartOptions = {}): Promise<TestGateway> {
    const opened = await startGateway({
      xtractaUrl: this.upstream.url,
      creditsUrl: this.upstream.url,
      parts: {
        openLedger: async (url, ledgerOptions) =>
          interceptLedger(await openLedger(url, ledgerOptions), this.faults.intercept),
      },
      ...options,
      env: { RATE_LIMIT_WRITES_PER_MINUTE: '0', XTRACTA_ROOT_GROUP_ID: '494', ...options.env },
    });
    this.#started.push(opened);
    return opened;
  }

  /** The write of the test's intent and key, with a changed input. */
  async send(
    write: WriteCase,
    change: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
    on = this.gateway,
  ): Promise<WriteResponse> {
    const input = { ...write.input(this.intent, this.key), ...change };
    const { data, errors } = await on.execute<{ write: WriteResponse }>(write.query, { input }, headers);
    return { ...(data?.write ?? { value: null, operation: null, userErrors: [] }), errors };
  }

  async close(): Promise<void> {
    await Promise.all(this.#started.map((each) => each.close()));
    await this.upstream.close();
  }
}

export function codesOf({ userErrors }: WriteResponse): readonly unknown[] {
  return userErrors.map(({ code }) => code);
}
