import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type NeighbouringGateway, serveAdmin } from './admin-endpoints.js';
import { pageAsset } from './page/page-assets.js';
import { receive } from './request.reader.js';
import { FIXTURES } from './simulator-fixtures.js';
import { endpointOf, serveUpstream } from './upstream-endpoints.js';
import type { World } from './world.js';
import { WorldRegistry } from './world-registry.js';

export interface SimulatorOptions {
  /** Port to listen on; 0 (the default) takes a free one. */
  readonly port?: number;
  /** Address to listen on, 127.0.0.1 by default. */
  readonly host?: string;
  /** The address for clients, where it differs from the address on which the simulator listens. No slash at the end. */
  readonly publicUrl?: string;
  /** A gateway that runs beside it. The page links to it and can request its reset. */
  readonly gateway?: NeighbouringGateway;
  /** The base of the worlds' clocks, epoch milliseconds. A fixed clock makes every run the same. */
  readonly systemNow?: () => number;
}

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:4010`, without a slash at the end: the base URL of both upstreams. */
  readonly url: string;
  readonly port: number;
  readonly fixtures: typeof FIXTURES;
  /** The world of an api key, made on first use. @throws RangeError for an unknown key. */
  world(apiKey: string): World;
  /** Stops at once: it cuts open connections and drops waiting responses. */
  close(): Promise<void>;
}

/**
 * Starts the simulator of both upstreams.
 *
 * @throws Error from node:http, such as `EADDRINUSE` for a port in use.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  const registry = new WorldRegistry(options.systemNow ?? Date.now);
  const stopping = new AbortController();
  let url = options.publicUrl ?? '';

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      if (stopping.signal.aborted) return;
      // An unreadable header, or a fault of the simulator itself. The response has the whole error, because nothing
      // here is secret.
      if (!response.headersSent)
        response.writeHead(isCallersMistake(error) ? 400 : 500, { 'Content-Type': 'text/plain' });
      response.end(`simulator: ${error instanceof Error ? error.message : 'unknown error'}\n`);
    });
  });

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Simulator', '1');
    const request = await receive(message);
    const endpoint = endpointOf(request.path);
    if (endpoint !== null) {
      await serveUpstream(endpoint, request, response, { registry, publicUrl: url, signal: stopping.signal });
      return;
    }
    const reply = request.path.startsWith('/__sim')
      ? serveAdmin(request, registry, options.gateway ?? null)
      : pageAsset(request);
    response.writeHead(reply.status, { ...reply.headers, 'Content-Length': Buffer.byteLength(reply.body) });
    response.end(request.method === 'HEAD' ? '' : reply.body);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  url ||= `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

  return {
    url,
    port,
    fixtures: FIXTURES,
    world(apiKey) {
      const found = registry.byApiKey(apiKey);
      if (found === null) throw new RangeError('the key opens no world; use the fixtures’ key or sim-<anything>');
      return found.world;
    },
    close() {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

/** A fault header with an unknown name or a wrong encoding. */
function isCallersMistake(error: unknown): boolean {
  return error instanceof RangeError || error instanceof URIError;
}
