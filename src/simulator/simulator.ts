import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerAdmin, type NeighbouringGateway } from './admin.endpoints.js';
import { pageAsset } from './page/page.assets.js';
import { receive } from './request.reader.js';
import { FIXTURES } from './simulator.fixtures.js';
import { answerUpstream, endpointOf } from './upstream.endpoints.js';
import type { World } from './world.js';
import { WorldRegistry } from './world.registry.js';

export interface SimulatorOptions {
  /** Port to listen on; 0 (the default) takes a free one. */
  readonly port?: number;
  /** Address to listen on, 127.0.0.1 by default. */
  readonly host?: string;
  /**
   * The address under which clients reach the simulator, where that isn't the one it listens on. No slash at the end.
   */
  readonly publicUrl?: string;
  /** A gateway that runs beside it: the page leads back to it, and can ask for it to be reset. */
  readonly gateway?: NeighbouringGateway;
  /** The clock beside which the worlds' clocks run, epoch milliseconds; a fixed one makes every run the same. */
  readonly systemNow?: () => number;
}

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:4010`, without a slash at the end: the base URL of both upstreams. */
  readonly url: string;
  readonly port: number;
  readonly fixtures: typeof FIXTURES;
  /** The world of an api key, made on first use. @throws RangeError for a key that is nobody's. */
  world(apiKey: string): World;
  /** Stops at once: open connections are cut, waiting answers dropped. */
  close(): Promise<void>;
}

/**
 * Starts the stand-in for both upstreams.
 *
 * @throws Error as node:http does, `EADDRINUSE` for a port that is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  const registry = new WorldRegistry(options.systemNow ?? Date.now);
  const stopping = new AbortController();
  let url = options.publicUrl ?? '';

  const server = createServer((message, response) => {
    answer(message, response).catch((error: unknown) => {
      if (stopping.signal.aborted) return;
      // A header that can't be read, or a mistake of the simulator itself: said in full, since nothing here is secret.
      if (!response.headersSent)
        response.writeHead(isCallersMistake(error) ? 400 : 500, { 'Content-Type': 'text/plain' });
      response.end(`simulator: ${error instanceof Error ? error.message : 'unknown error'}\n`);
    });
  });

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Simulator', '1');
    const request = await receive(message);
    const endpoint = endpointOf(request.path);
    if (endpoint !== null) {
      await answerUpstream(endpoint, request, response, { registry, publicUrl: url, signal: stopping.signal });
      return;
    }
    const reply = request.path.startsWith('/__sim')
      ? answerAdmin(request, registry, options.gateway ?? null)
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

/** A fault header that names what there isn't, or is encoded wrongly. */
function isCallersMistake(error: unknown): boolean {
  return error instanceof RangeError || error instanceof URIError;
}
