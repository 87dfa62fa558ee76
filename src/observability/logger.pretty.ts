import type { DestinationStream } from 'pino';
import { PinoPretty } from 'pino-pretty';

/** Writes log lines for people to standard output. Loaded only when asked for: production logs JSON. */
export function prettyDestination(): DestinationStream {
  return PinoPretty({ sync: true, colorize: process.stdout.isTTY, translateTime: 'SYS:HH:MM:ss.l' });
}
