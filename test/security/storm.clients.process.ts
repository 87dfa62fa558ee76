import { connect } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { DEAR, TOO_DEAR } from '../support/large-upstream.js';
import { KeptClient } from './kept-client.js';

// The clients of the storm, in their own process with the lowest priority. Reason: on two processors they would
// otherwise take the time of the measured gateway.
setPriority(constants.priority.PRIORITY_LOW);

/** The task of the clients, sent to this process once. */
export interface StormOrder {
  readonly gatewayUrl: string;
  readonly apiKey: string;
  /** Each keeps one of the dearest operations in flight. */
  readonly senders: number;
  /** Each asks for a large response and reads nothing of it. */
  readonly deafClients: number;
  readonly seconds: number;
}

/** How often each outcome was seen: `answered`, an error's code, or a text that is neither. */
export type StormOutcomes = Readonly<Record<string, number>>;

const OPERATIONS = [...DEAR, ...TOO_DEAR.map(([, query]) => query)];

async function storm(order: StormOrder): Promise<StormOutcomes> {
  const outcomes = new Map<string, number>();
  const endsAt = performance.now() + order.seconds * 1_000;
  const isOver = (): boolean => performance.now() > endsAt;
  const client = new KeptClient(order.gatewayUrl, order.apiKey);
  let turn = 0;
  const sender = async (): Promise<void> => {
    while (!isOver()) {
      turn += 1;
      const text = await client.ask('/graphql', OPERATIONS[turn % OPERATIONS.length]);
      const code = /^\{"errors".*?"code":"(\w+)"/.exec(text)?.[1];
      const outcome = code ?? (text.startsWith('{"data"') ? 'answered' : text);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all([
    ...Array.from({ length: order.senders }, () => sender()),
    ...Array.from({ length: order.deafClients }, () => deafClient(order, isOver)),
  ]);
  client.close();
  return Object.fromEntries(outcomes);
}

/** A paused socket does not tell of its end, so the client comes anew every 12 seconds. */
async function deafClient({ gatewayUrl, apiKey }: StormOrder, isOver: () => boolean): Promise<void> {
  const body = JSON.stringify({ query: DEAR[0] });
  const head = `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nx-xtracta-api-key: ${apiKey}\r\ncontent-type: application/json`;
  while (!isOver()) {
    const socket = connect(Number(new URL(gatewayUrl).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    for (let waited = 0; waited < 12_000 && !isOver(); waited += 250) await delay(250);
    socket.destroy();
  }
}

process.on('disconnect', () => process.exit());
process.once('message', (order: StormOrder) => {
  void storm(order).then((seen) => process.send?.(seen, () => process.exit()));
});
