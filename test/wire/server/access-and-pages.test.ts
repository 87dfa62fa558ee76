import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readExampleOperations } from '../../../src/server/pages/graphiql.page.js';
import { errorsOf, post, startTinyServer, type TinyServer } from './tiny-server.js';

describe('the router secret', () => {
  let tiny: TinyServer;
  beforeAll(async () => {
    tiny = await startTinyServer({ routerSecrets: ['old-secret-0123456789', 'new-secret-0123456789'] });
  });
  afterAll(() => tiny.server.drain());

  it.each(['old-secret-0123456789', 'new-secret-0123456789'])('lets %s in', async (secret) => {
    expect((await post(tiny.url, '{ hello }', { headers: { 'x-router-secret': secret } })).status).toBe(200);
  });

  it.each([undefined, 'wrong', 'old-secret-012345678', 'old-secret-0123456789,new-secret-0123456789'])(
    'answers %s with UNAUTHENTICATED before anything else',
    async (secret) => {
      const response = await post(tiny.url, 'no graphql at all', {
        headers: secret === undefined ? {} : { 'x-router-secret': secret },
      });
      expect(response.status).toBe(401);
      expect((await errorsOf(response))[0]?.code).toBe('UNAUTHENTICATED');
    },
  );

  it('guards every method and the Sandbox page', async () => {
    expect((await fetch(`${tiny.url}/graphql`, { method: 'PUT' })).status).toBe(401);
    expect((await fetch(`${tiny.url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(401);
  });

  it('leaves probes alone', async () => {
    expect((await fetch(`${tiny.url}/ready`)).status).toBe(200);
  });
});

describe('CORS', () => {
  let tiny: TinyServer;
  const origin = 'https://studio.apollographql.com';
  const preflight = {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  };
  beforeAll(async () => {
    tiny = await startTinyServer({ corsOrigins: [origin] });
  });
  afterAll(() => tiny.server.drain());

  it('answers the preflight of a listed origin', async () => {
    const response = await fetch(`${tiny.url}/graphql`, { ...preflight, headers: { ...preflight.headers, origin } });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-allow-headers')).toBe('content-type');
  });

  it('names no other origin', async () => {
    const response = await fetch(`${tiny.url}/graphql`, {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://evil.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const posted = await post(tiny.url, '{ hello }', { headers: { origin: 'https://evil.example' } });
    expect(posted.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('lets a listed origin read responses and refusals alike', async () => {
    const response = await post(tiny.url, '{ hello }', { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    const refusal = await post(tiny.url, '{ hello }', { headers: { origin, 'content-encoding': 'gzip' } });
    expect([refusal.status, refusal.headers.get('access-control-allow-origin')]).toEqual([415, origin]);
  });

  describe('with loopback in the list', () => {
    let open: TinyServer;
    beforeAll(async () => {
      open = await startTinyServer({ corsOrigins: ['loopback', origin] });
    });
    afterAll(() => open.server.drain());

    it.each([
      ['http://127.0.0.1:5173', true],
      ['http://localhost:3000', true],
      ['https://localhost', true],
      ['http://[::1]:8080', true],
      [origin, true],
      ['http://localhost.evil.example:3000', false],
      ['http://127.0.0.1.evil.example', false],
      ['http://127.0.0.1:5173.evil.example', false],
      ['https://evil.example', false],
      ['null', false],
    ])('a page of %s: %s', async (page, isLetIn) => {
      const response = await fetch(`${open.url}/graphql`, {
        ...preflight,
        headers: { ...preflight.headers, origin: page },
      });
      expect(response.headers.get('access-control-allow-origin')).toBe(isLetIn ? page : null);
    });
  });
});

describe('outside of exploring', () => {
  let tiny: TinyServer;
  beforeAll(async () => {
    tiny = await startTinyServer({ explorer: false, introspection: false });
  });
  afterAll(() => tiny.server.drain());

  it('serves no pages', async () => {
    for (const path of ['/', '/graphiql']) expect((await fetch(`${tiny.url}${path}`)).status).toBe(404);
    const page = await fetch(`${tiny.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(406);
    expect(page.headers.get('content-type')).toContain('json');
  });

  it('refuses introspection and suggests no names', async () => {
    const introspection = await post(tiny.url, '{ __schema { types { name } } }');
    expect(introspection.status).toBe(400);
    const slip = await post(tiny.url, '{ hallo }');
    expect(await slip.text()).not.toContain('Did you mean');
  });
});

describe('the pages', () => {
  let tiny: TinyServer;
  beforeAll(async () => {
    tiny = await startTinyServer();
  });
  afterAll(() => tiny.server.drain());

  it('shows a browser Apollo Sandbox at /graphql, without credentials', async () => {
    const response = await fetch(`${tiny.url}/graphql`, {
      headers: { accept: 'text/html', authorization: 'Bearer bad' },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('embeddable-sandbox.cdn.apollographql.com');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('shows at / the state of the parts, escaped, under a policy that allows nothing from elsewhere', async () => {
    const response = await fetch(`${tiny.url}/`);
    const html = await response.text();
    expect(html).toContain('circuit &lt;open&gt;');
    expect(html).toContain(`curl -s ${tiny.url}/graphql`);
    const nonce = /style-src 'nonce-([^']+)'/.exec(response.headers.get('content-security-policy') ?? '')?.[1];
    expect(html).toContain(`<style nonce="${nonce ?? '?'}">`);
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('gives GraphiQL the example operations as tabs with their variables, on the right endpoint', async () => {
    const html = await (await fetch(`${tiny.url}/graphiql`)).text();
    expect(html).toContain('"endpoint":"/graphql"');
    for (const { query } of await readExampleOperations()) expect(html).toContain(JSON.stringify(query));
    expect(html).toContain("localStorage.setItem('graphiql:variables',");
  });

  it('serves GraphiQL with a nonce that is never the same', async () => {
    const nonces = new Set<string>();
    for (let visit = 0; visit < 2; visit += 1) {
      const response = await fetch(`${tiny.url}/graphiql`);
      expect(response.status).toBe(200);
      const policy = response.headers.get('content-security-policy') ?? '';
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(policy).not.toContain('http');
      expect(await response.text()).toContain(`<script nonce="${nonce}">`);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(2);
  });
});
