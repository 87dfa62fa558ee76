import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { errorsOf, post, startTinyServer } from './tiny-server.js';

describe('a stop', () => {
  it('finishes the running operation and refuses new ones with SHUTTING_DOWN until then', async () => {
    const tiny = await startTinyServer();
    const running = post(tiny.url, 'mutation { slowPay }');
    await tiny.slowCalled;

    const drained = tiny.server.drain();
    const refused = await post(tiny.url, '{ hello }');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('connection')).toBe('close');
    expect((await errorsOf(refused))[0]?.code).toBe('SHUTTING_DOWN');
    const ready = await fetch(`${tiny.url}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { status: 'draining' }]);
    expect((await fetch(`${tiny.url}/health`)).status).toBe(200);

    tiny.release();
    const response = await running;
    expect(await response.json()).toEqual({ data: { slowPay: 'paid' } });
    expect(response.headers.get('connection')).toBe('close');
    await drained;
    await expect(post(tiny.url, '{ hello }')).rejects.toThrow();
  });

  it('goes on serving for its delay while /ready says 503, and tells clients to close their connections', async () => {
    const tiny = await startTinyServer({ drainDelayMs: 300 });
    const delayed = performance.now();
    const drained = tiny.server.drain();
    const ready = await fetch(`${tiny.url}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { status: 'draining' }]);
    let served = 0;
    for (;;) {
      const response = await post(tiny.url, 'mutation { pay }').catch(() => null);
      if (response?.status !== 200) break;
      expect([await response.json(), response.headers.get('connection')]).toEqual([{ data: { pay: 'paid' } }, 'close']);
      served += 1;
    }
    expect(performance.now() - delayed).toBeGreaterThanOrEqual(299);
    expect(served).toBeGreaterThan(0);
    await drained;
  });

  it('closes what was idle for all its delay before it refuses anything, as a client would bring its next request there', async () => {
    const tiny = await startTinyServer({ drainDelayMs: 50 });
    const running = post(tiny.url, 'mutation { slowPay }');
    await tiny.slowCalled;
    const kept = connect(Number(new URL(tiny.url).port), '127.0.0.1');
    kept.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(kept, 'data');
    const closed = once(kept.resume(), 'end');
    const drained = tiny.server.drain();
    await closed;
    expect((await post(tiny.url, '{ hello }')).status).toBe(503);
    tiny.release();
    expect((await running).status).toBe(200);
    await drained;
  });

  it('waits for a write whose client has left', async () => {
    const tiny = await startTinyServer();
    const controller = new AbortController();
    const left = post(tiny.url, 'mutation { slowPay }', { signal: controller.signal });
    await tiny.slowCalled;
    controller.abort();
    await expect(left).rejects.toThrow();

    let over = false;
    const drained = tiny.server.drain().then(() => {
      over = true;
    });
    expect((await post(tiny.url, '{ hello }')).status).toBe(503);
    expect(over).toBe(false);
    tiny.release();
    await drained;
    expect(tiny.calls).toContain('slowPay finished');
  });

  it('does not wait for idle connections that clients keep', async () => {
    const tiny = await startTinyServer();
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      request(`${tiny.url}/health`, { agent }, (response) => {
        response.resume().once('end', resolve);
      })
        .once('error', reject)
        .end();
    });
    const freed = new Promise((resolve) => agent.once('free', resolve));
    await Promise.race([freed, new Promise((resolve) => setImmediate(resolve))]);
    await tiny.server.drain();
    await expect(fetch(`${tiny.url}/health`)).rejects.toThrow();
    agent.destroy();
  });

  it('gives up on what takes longer than the drain time-out', async () => {
    const tiny = await startTinyServer({ drainTimeoutMs: 50 });
    const running = post(tiny.url, '{ slow }');
    // The cut is the point: the client sees its connection closed.
    const cut = expect(running).rejects.toThrow();
    await tiny.slowCalled;
    await tiny.server.drain();
    await cut;
    tiny.release();
  });

  it('can be asked for twice', async () => {
    const tiny = await startTinyServer();
    await Promise.all([tiny.server.drain(), tiny.server.drain()]);
    await expect(fetch(`${tiny.url}/health`)).rejects.toThrow();
  });

  it('loses no request of clients that keep their connections busy until they are told to close them', async () => {
    const tiny = await startTinyServer();
    const seen = { answered: 0, refused: 0, failed: [] as string[] };
    const client = async (): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let told = false; !told; ) {
        const outcome = await postOnce(tiny.url, agent);
        if (outcome.status === 200) seen.answered += 1;
        else if (outcome.status === 503) seen.refused += 1;
        else seen.failed.push(outcome.fault);
        told = outcome.close || outcome.status === 0;
      }
      agent.destroy();
    };
    const clients = Array.from({ length: 8 }, client);
    while (seen.answered < 200) await new Promise((resolve) => setImmediate(resolve));
    await tiny.server.drain();
    await Promise.all(clients);
    expect(seen.failed).toEqual([]);
    expect(seen.answered + seen.refused).toBeGreaterThanOrEqual(208);
  });
});

interface Outcome {
  /** 0: no response. */
  readonly status: number;
  readonly close: boolean;
  readonly fault: string;
}

async function postOnce(url: string, agent: Agent): Promise<Outcome> {
  const body = JSON.stringify({ query: '{ hello }' });
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  return await new Promise((resolve) => {
    const sent = request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
      const close = response.headers.connection === 'close';
      response.resume().once('end', () => resolve({ status: response.statusCode ?? 0, close, fault: '' }));
    });
    sent.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ status: 0, close: true, fault: error.code ?? error.name }),
    );
    sent.end(body);
  });
}
