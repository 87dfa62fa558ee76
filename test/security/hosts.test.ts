import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.js';
import { parseHost } from '../../src/config/setting.js';
import { createHostCheck, type HostVerdict } from '../../src/server/host-guard.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { sendBytes } from './http-probe.js';

const EVIL = 'rebound.evil.example';
const ORDER = `mutation { orderBoosterPack(input: {idempotencyKey: "host-check-1", packId: "1", groupId: "100000"}) {
  userErrors { code } } }`;
const PATHS = ['/', '/graphiql', '/graphql', '/debug', '/debug/operations', '/nowhere'] as const;
const PROBES = ['/health', '/ready', '/metrics'] as const;

describe('a host name', () => {
  it.each([
    ['localhost', 'localhost', null],
    ['LOCALHOST:4000', 'localhost', 4000],
    ['localhost.', 'localhost', null],
    ['Billing.Example.COM.:443', 'billing.example.com', 443],
    ['[::1]', '::1', null],
    ['[::1]:4000', '::1', 4000],
    ['[0:0:0:0:0:0:0:1]:80', '::1', 80],
    ['127.1', '127.0.0.1', null],
    ['0x7f000001', '127.0.0.1', null],
    ['2130706433:80', '127.0.0.1', 80],
    ['127.0.0.1.', '127.0.0.1', null],
    ['a_b', 'a_b', null],
  ] as const)('%s is %s, port %s', (text, name, port) => {
    expect(parseHost(text)).toEqual({ name, port });
  });

  it.each([
    '',
    '.',
    ':80',
    '::1',
    '[::1',
    '[::1]evil.example',
    '[localhost]',
    'localhost:',
    'localhost:80:80',
    'localhost:65536',
    'localhost:-1',
    'user@localhost',
    'localhost@evil.example',
    'localhost/evil.example',
    'localhost?.evil.example',
    'localhost#.evil.example',
    'localhost\\.evil.example',
    'local host',
    'localhost,evil.example',
    '%6cocalhost',
    '256.0.0.1',
    'http://localhost',
  ])('%p is none', (text) => {
    expect(parseHost(text)).toBeNull();
  });
});

describe('the check of hosts', () => {
  const check = createHostCheck(['billing.example.com', '[2001:DB8::7]:8443', 'intern']);

  it.each<[readonly string[], string, HostVerdict]>([
    [['Host', 'localhost:4000'], '/', 'served'],
    [['hOsT', '127.0.0.1'], '/', 'served'],
    [['Host', '127.9.9.9:1'], '/', 'served'],
    [['Host', '[::1]:4000'], '/', 'served'],
    [['Host', 'BILLING.example.com.:9999'], '/', 'served'],
    [['Host', 'intern'], '/', 'served'],
    [['Host', '[2001:db8:0::7]:8443'], '/', 'served'],
    [['Host', '[2001:db8::7]:8444'], '/', 'foreign'],
    [['Host', '[2001:db8::7]'], '/', 'foreign'],
    [['Host', EVIL], '/', 'foreign'],
    [['Host', 'localhost.evil.example'], '/', 'foreign'],
    [['Host', 'evil-localhost'], '/', 'foreign'],
    [['Host', 'sub.billing.example.com'], '/', 'foreign'],
    [['Host', '127.0.0.1.evil.example'], '/', 'foreign'],
    [['Host', '0.0.0.0:4000'], '/', 'foreign'],
    [['Host', '[::]:4000'], '/', 'foreign'],
    [['Host', 'localhost'], `http://${EVIL}/graphql`, 'foreign'],
    [['Host', EVIL], 'http://localhost/graphql', 'foreign'],
    [['Host', 'localhost'], 'HTTP://127.0.0.1:4000/graphql', 'served'],
    [['Host', 'localhost'], `http://localhost@${EVIL}/`, 'unreadable'],
    [['Host', 'localhost'], 'http:///graphql', 'unreadable'],
    [['Host', 'localhost', 'Host', EVIL], '/', 'unreadable'],
    [['Host', 'localhost', 'X', 'y', 'host', 'localhost'], '/', 'unreadable'],
    [['X-Forwarded-Host', 'localhost'], '/', 'unreadable'],
    [['Accept', 'host'], '/', 'unreadable'],
    [['Host', ''], '/', 'unreadable'],
  ])('says of %p and target %s: %s', (rawHeaders, url, verdict) => {
    expect(check({ rawHeaders, url })).toBe(verdict);
  });

  it('takes a port out of the list for the port of a scheme where the header has none', () => {
    const withPort = createHostCheck(['a.example:443', 'b.example:8080']);
    expect(withPort({ rawHeaders: ['Host', 'a.example'], url: '/' })).toBe('served');
    expect(withPort({ rawHeaders: ['Host', 'b.example'], url: '/' })).toBe('foreign');
  });
});

describe('a gateway under a name that is not its own', () => {
  let upstream: Server;
  let hits = 0;
  const gateways: Partial<Record<'none' | 'passthrough' | 'listed', TestGateway>> = {};

  beforeAll(async () => {
    upstream = createServer((_request, response) => {
      hits += 1;
      response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const address = upstream.address();
    const xtractaUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    gateways.none = await startGateway({ xtractaUrl });
    gateways.listed = await startGateway({ xtractaUrl, env: { ALLOWED_HOSTS: EVIL } });
    gateways.passthrough = await startGateway({ xtractaUrl, env: { AUTH: 'passthrough', XTRACTA_API_KEY: undefined } });
  });

  afterAll(async () => {
    await Promise.all(Object.values(gateways).map((gateway) => gateway.close()));
    await removeGatewayFolders();
    upstream.close();
  });

  function urlOf(name: keyof typeof gateways): string {
    const url = gateways[name]?.url;
    if (url === undefined) throw new Error(`${name} was not started`);
    return url;
  }

  async function statusOf(name: keyof typeof gateways, host: string, requestLine: string, body = ''): Promise<string> {
    const headers = [
      `Host: ${host}`,
      'Connection: close',
      'Accept: text/html, */*',
      ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
    ];
    const response = await sendBytes(urlOf(name), `${requestLine} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
    return response.slice(9, 12);
  }

  it('with AUTH=none carries out no order, and asks no upstream', async () => {
    const body = JSON.stringify({ query: ORDER });
    hits = 0;
    expect(await statusOf('none', EVIL, 'POST /graphql', body)).toBe('421');
    expect(await statusOf('none', 'localhost', `POST http://${EVIL}/graphql`, body)).toBe('421');
    expect(await statusOf('none', `localhost\r\nHost: ${EVIL}`, 'POST /graphql', body)).toBe('400');
    expect(hits).toBe(0);
    // Under the gateway's own name the same bytes reach an upstream; otherwise this test would prove nothing.
    expect(await statusOf('none', 'localhost', 'POST /graphql', body)).toBe('200');
    expect(hits).toBeGreaterThan(0);
  });

  it('refuses before a body has come', async () => {
    const head = `POST /graphql HTTP/1.1\r\nHost: ${EVIL}\r\nContent-Type: application/json\r\nContent-Length: 90000\r\nConnection: close\r\n\r\n`;
    expect(await sendBytes(urlOf('none'), head)).toMatch(/^HTTP\/1\.1 421 /);
  });

  it.each(PATHS)('with AUTH=none shows nothing at %s', async (path) => {
    expect(await statusOf('none', EVIL, `GET ${path}`)).toBe('421');
    expect(await statusOf('none', EVIL, `OPTIONS ${path}`)).toBe('421');
    expect(await statusOf('listed', EVIL, `GET ${path}`)).not.toBe('421');
    expect(await statusOf('none', '[::1]:4000', `GET ${path}`)).not.toBe('421');
  });

  it.each(['/', '/graphiql', '/graphql', '/debug'])('in another mode shows no page at %s', async (path) => {
    expect(await statusOf('passthrough', EVIL, `GET ${path}`)).toBe('421');
    expect(await statusOf('passthrough', 'localhost', `GET ${path}`)).toBe('200');
  });

  it('in another mode answers requests for data, whose sender shows a credential', async () => {
    expect(await statusOf('passthrough', EVIL, 'POST /graphql', '{"query":"{__typename}"}')).toBe('401');
  });

  it.each(PROBES)('answers the probe %s', async (path) => {
    expect(await statusOf('none', '10.1.2.3:4000', `GET ${path}`)).toBe('200');
    expect(await statusOf('passthrough', '10.1.2.3:4000', `GET ${path}`)).toBe('200');
  });
});

describe('pages on an address that others reach', () => {
  const env = { AUTH: 'passthrough', HOST: '0.0.0.0' };
  const warned = async (more: Record<string, string>): Promise<string[]> => {
    const { warnings } = await loadConfig({ ...env, ...more });
    return warnings.map(({ setting }) => setting);
  };

  it('are warned of at the start, unless they are off or it is production', async () => {
    expect(await warned({})).toEqual(['EXPLORER', 'DEBUG_UI']);
    expect(await warned({ EXPLORER: 'false' })).toEqual(['DEBUG_UI']);
    expect(await warned({ NODE_ENV: 'production' })).toEqual([]);
    expect(await warned({ HOST: '127.0.0.1' })).toEqual([]);
  });

  it('with a list of hosts that holds none is not started', async () => {
    for (const list of ['https://a.example', 'a.example/path', 'a.example, *', '::1']) {
      expect(await loadConfig({ ...env, ALLOWED_HOSTS: list })).toMatchObject({
        ok: false,
        problems: [{ setting: 'ALLOWED_HOSTS' }],
      });
    }
    expect((await loadConfig({ ...env, ALLOWED_HOSTS: 'a.example:8443, [::1]' })).ok).toBe(true);
  });
});
