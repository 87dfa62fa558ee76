import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/config.js';
import { type HostName, isLoopbackHost, parseHost } from '../config/setting.js';
import { BAD_REQUEST, MISDIRECTED, sendRefusal } from './error-response.js';

/**
 * - `served`: every host that the request names is this machine or on the operator's list.
 * - `unreadable`: the request names no host, several hosts, or an invalid host (RFC 9112, 3.2: status 400).
 * - `foreign`: it names another host. After DNS rebinding a browser sends the attacking page's own name, which then
 *   resolves to this machine.
 */
export type HostVerdict = 'served' | 'unreadable' | 'foreign';

/** The parts of a request that name a host. */
export interface HostedRequest {
  /** Names and values in turn, as in `IncomingMessage.rawHeaders`. Only there two `Host` headers differ from one. */
  readonly rawHeaders: readonly string[];
  readonly url: string;
}

/**
 * Orchestrators and Prometheus call these paths under any name or address. The paths change nothing and reveal nothing
 * of a tenant.
 */
const PROBES: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/**
 * Refuses a request that names another host, before a body is read. With DNS rebinding the browser sees an attacker's
 * page and this gateway as one origin. CORS and preflights then protect nothing, and only the `Host` header still tells
 * the two apart.
 */
export function guardHosts(
  app: FastifyInstance,
  config: Pick<HttpConfig, 'allowedHosts' | 'hostCheck' | 'explorer'>,
): void {
  const verdictOf = createHostCheck(config.allowedHosts);
  app.addHook('onRequest', (request, reply, done) => {
    // RFC 9112, 3.2: the host is required, also of a probe. Probes of HTTP/1.0 have none.
    const lacksHost = request.headers.host === undefined && request.raw.httpVersion !== '1.0';
    const verdict =
      lacksHost || isGuarded(request, config)
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
  // A request for data must authenticate. Pages and the data of /debug need no credential.
  if (route === '/graphql') return request.method === 'GET' && config.explorer && acceptsPage(request.headers.accept);
  return route !== undefined;
}

/** Whether Apollo Server may respond with its page instead of data. */
export function acceptsPage(accept: string | undefined): boolean {
  return accept !== undefined && /\btext\/html\b/i.test(accept);
}

/**
 * Makes the check of the hosts that a request names: its one `Host` header and, where its target is absolute, the
 * target's host. RFC 9112, 3.2.2 gives the target precedence; here both must be served.
 *
 * @param allowed items as {@link parseHost} reads them; an item without a port allows every port
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

/** Whether the ports match. A browser leaves out the default port of the scheme. */
function isPort(wanted: number, given: number | null): boolean {
  return given === null ? wanted === 80 || wanted === 443 : wanted === given;
}
