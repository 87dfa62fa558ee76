import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that a system gives to whoever asks for any (Linux: from 32768, others: from 49152). */
const [FIRST, END] = [10_000, 32_768];

/**
 * A port without a listener, for a server that must be told one, or that comes back at the same one. Tests beside this
 * one ask the system for many ports, so one of its ports could be taken before the server listens or while it is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (!(await listening)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
