import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/config.js';
import { type HostName, isLoopbackHost, parseHost } from '../config/setting.js';
import { BAD_REQUEST, MISDIRECTED, sendRefusal } from './error-response.js';

/**
 * - `served`: every host that the request names is this machine or one of the operator's list.
 * - `unreadable`: the request names no host, several, or something that is no host (RFC 9112, 3.2: answered 400).
 * - `foreign`: it names another host. A browser sends that after DNS rebinding: the page's own name, which leads to
 *   this machine.
 */
export type HostVerdict = 'served' | 'unreadable' | 'foreign';

/** The parts of a request that name a host. */
export interface HostedRequest {
  /**
   * Names and values in turn, as `IncomingMessage.rawHeaders` holds them: there two `Host` headers can be told from
   * one.
   */
  readonly rawHeaders: readonly string[];
  readonly url: string;
}

/**
 * Asked by orchestrators and Prometheus under whatever name or address; they neither change nor tell anything of a
 * tenant.
 */
const PROBES: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/**
 * Refuses what names another host, before a body is read. DNS rebinding makes a page of a stranger and this gateway one
 * origin for the browser: CORS and preflights no longer stand between them, and only the `Host` header still tells the
 * two apart.
 */
export function guardHosts(
  app: FastifyInstance,
  config: Pick<HttpConfig, 'allowedHosts' | 'hostCheck' | 'explorer'>,
): void {
  const verdictOf = createHostCheck(config.allowedHosts);
  app.addHook('onRequest', (request, reply, done) => {
    const verdict = isGuarded(request, config)
      ? verdictOf({ rawHeaders: request.raw.rawHeaders, url: request.url })
      : 'served';
    if (verdict === 'served') done();
    else sendRefusal(request, reply, verdict === 'foreign' ? MISDIRECTED : BAD_REQUEST);
  });
}

function isGuarded(request: FastifyRequest, config: Pick<HttpConfig, 'hostCheck' | 'explorer'>): boolean {
  const { url: route } = request.routeOptions;
  if (route !== undefined && PROBES.has(route)) return false;
  if (config.hostCheck === 'everything') return true;
  // A request for data shows who sends it; a page, and what /debug shows, asks for nothing.
  if (route === '/graphql') return request.method === 'GET' && config.explorer && acceptsPage(request.headers.accept);
  return route !== undefined;
}

/** Whether Apollo Server may answer with its page instead of data. */
export function acceptsPage(accept: string | undefined): boolean {
  return accept !== undefined && /\btext\/html\b/i.test(accept);
}

/**
 * Makes the check of the hosts that a request names: its one `Host` header and, where its target is absolute, the
 * target's own (RFC 9112, 3.2.2 lets the target win; here both must be served).
 *
 * @param allowed items as {@link parseHost} reads them; one without a port is served on every port
 */
export function createHostCheck(allowed: readonly string[]): (request: HostedRequest) => HostVerdict {
  const served = allowed.map(parseHost).filter((host) => host !== null);

  function isServed({ name, port }: HostName): boolean {
    if (isLoopbackHost(name)) return true;
    return served.some((host) => host.name === name && (host.port === null || isPort(host.port, port)));
  }

  return ({ rawHeaders, url }) => {
    const given = rawHeaders.filter((_text, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
    const target = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
    const hosts = [...given, ...(target === undefined ? [] : [target])].map((text) => parseHost(text.trim()));
    if (given.length !== 1 || hosts.includes(null)) return 'unreadable';
    return hosts.every((host) => host !== null && isServed(host)) ? 'served' : 'foreign';
  };
}

/** A browser leaves the port out where it is its scheme's own. */
function isPort(wanted: number, given: number | null): boolean {
  return given === null ? wanted === 80 || wanted === 443 : wanted === given;
}
