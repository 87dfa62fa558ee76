import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { loadConfig } from '../../src/config/load-config.js';
import { createGateway, type GatewayParts } from '../../src/gateway.js';
import { createLogger } from '../../src/observability/logger.js';

export interface GraphqlResponse<TData = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: TData | null | undefined;
  readonly errors: readonly GraphqlResponseError[];
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
  /** The unchanged body, for the search for secrets. */
  readonly text: string;
}

export interface GraphqlResponseError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface TestGateway {
  readonly url: string;
  /** Everything that the gateway has logged so far. */
  logs(): string;
  execute<TData = Record<string, unknown>>(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<GraphqlResponse<TData>>;
  /** Drains and closes; the ledger's folder stays until {@link remove}. */
  close(): Promise<void>;
  /** The SQLite ledger's path, for starting another gateway on it or looking at its bytes. */
  readonly ledgerPath: string;
}

export interface StartGatewayOptions {
  readonly xtractaUrl: string;
  readonly creditsUrl?: string;
  /** Settings that override the defaults of tests; undefined leaves a default out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Parts that replace the gateway's own. */
  readonly parts?: GatewayParts;
}

const folders: string[] = [];

/** The real gateway over HTTP on a free port, with a SQLite ledger of its own unless `env` names one. */
export async function startGateway(options: StartGatewayOptions): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  folders.push(folder);
  const ledgerPath = join(folder, 'ledger.sqlite');
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const result = await loadConfig({
    PORT: '0',
    AUTH: 'none',
    XTRACTA_URL: options.xtractaUrl,
    XTRACTA_API_KEY: 'test-xtracta-key',
    ...(options.creditsUrl === undefined
      ? {}
      : { CREDITS_URL: options.creditsUrl, CREDITS_TOKEN: 'test-credits-token' }),
    LEDGER_URL: `sqlite:${ledgerPath}`,
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'json',
    ...options.env,
  });
  if (!result.ok) throw new Error(result.problems.map(({ setting, message }) => `${setting} ${message}`).join('\n'));
  const logger = await createLogger({ ...result.config.log, destination });
  const gateway = await createGateway(result.config, logger, options.parts);
  const { url } = await gateway.listen();
  return {
    url,
    ledgerPath,
    logs: () => lines.join(''),
    execute: (query, variables, headers, signal) => execute(url, query, variables, headers, signal),
    close: () => gateway.drain(),
  };
}

/** Removes the folders of all gateways that this file started. */
export async function removeGatewayFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** One GraphQL request over HTTP. */
export async function execute<TData>(
  url: string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<GraphqlResponse<TData>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const body: { data?: TData | null; errors?: GraphqlResponseError[]; extensions?: Record<string, unknown> } =
    JSON.parse(text);
  return {
    status: response.status,
    headers: response.headers,
    data: body.data,
    errors: body.errors ?? [],
    extensions: body.extensions,
    text,
  };
}
