import type { HttpServer, HttpServerOptions } from './http-server.options.js';

export async function createHttpServer(_options: HttpServerOptions): Promise<HttpServer> {
  throw new Error('under construction');
}
