import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hang, type RawUpstream, REFUSING_URL, startRawUpstream } from '../support/raw-upstream.js';
import type { TestGateway } from '../support/start-gateway.js';
import type { ConnectionFault } from './fault-points.js';
import { WRITES } from './write-cases.js';

const TLS = join(import.meta.dirname, '../fixtures/tls');
const certificate = {
  cert: readFileSync(join(TLS, 'localhost.cert.pem')),
  key: readFileSync(join(TLS, 'localhost.key.pem')),
};

const CONNECTION_FAULTS: readonly ConnectionFault[] = ['dns', 'refused', 'tls', 'handshake', 'midRequest'];

export interface UpstreamUrls {
  readonly xtractaUrl: string;
  readonly creditsUrl: string;
}

export interface ConnectionStands {
  /** A gateway that few writes share, so that no circuit breaker opens before the fault was met. */
  of(fault: ConnectionFault, circumstance: string, write: string): TestGateway;
  /** Whole requests that arrived anywhere: none may. */
  received(): number;
  close(): Promise<void>;
}

export async function startConnectionStands(
  circumstances: readonly string[],
  open: (fault: ConnectionFault, urls: UpstreamUrls) => Promise<TestGateway>,
): Promise<ConnectionStands> {
  const servers = {
    tls: await startRawUpstream(hang(), { tls: certificate }),
    handshake: await startRawUpstream(hang(), { tls: certificate, onConnection: 'silent' }),
    midRequest: await startRawUpstream(hang(), { resetAfterBytes: 10 }),
  };
  const urls: Record<ConnectionFault, string> = {
    dns: 'https://upstream.invalid',
    refused: REFUSING_URL,
    tls: servers.tls.url,
    handshake: servers.handshake.url,
    midRequest: servers.midRequest.url,
  };
  const stands = new Map<string, TestGateway>();
  for (const fault of CONNECTION_FAULTS) {
    // A few failed reads of the history come before an order, and before a plan change.
    const shares = fault === 'midRequest' ? WRITES.map(({ name }) => name) : [''];
    for (const share of shares.flatMap((name) => circumstances.map((circumstance) => `${circumstance} ${name}`))) {
      stands.set(`${fault} ${share}`, await open(fault, { xtractaUrl: urls[fault], creditsUrl: urls[fault] }));
    }
  }
  const all: readonly RawUpstream[] = Object.values(servers);
  return {
    of: (fault, circumstance, write) => {
      const stand = stands.get(`${fault} ${circumstance} ${fault === 'midRequest' ? write : ''}`);
      if (stand === undefined) throw new Error(`No gateway for ${fault}.`);
      return stand;
    },
    received: () => all.reduce((sum, server) => sum + server.requests().length, 0),
    close: async () => {
      await Promise.all([...stands.values()].map((gateway) => gateway.close()));
      await Promise.all(all.map((server) => server.close()));
    },
  };
}
