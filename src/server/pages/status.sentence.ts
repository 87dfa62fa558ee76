import type { GatewayStatus, ReadinessPart } from '../http-server.options.js';
import type { ServerPhase } from '../operations.routes.js';

export interface StatusSentence {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly text: string;
}

/**
 * How things are, in one sentence for a person: the worst first.
 *
 * @param status null where nobody tells
 */
export function statusSentence(
  phase: ServerPhase,
  parts: readonly ReadinessPart[],
  status: GatewayStatus | null,
  nowMs: number,
): StatusSentence {
  if (phase === 'starting') return { tone: 'warn', text: 'The gateway is starting.' };
  if (phase === 'draining' || phase === 'leaving') {
    return { tone: 'warn', text: 'The gateway is stopping: it finishes what is running and takes nothing new.' };
  }
  const isDown = (name: string): boolean => parts.some((part) => part.name === name && !part.ok);
  const clauses: string[] = [];
  const { silentSince = {}, unknownOutcomes = null } = status ?? {};
  if (isDown('xtracta')) {
    clauses.push(`Xtracta has not answered${since(silentSince.xtracta, nowMs)}; reads fail, writes are refused safely`);
  } else if (silentSince.xtracta !== undefined) {
    clauses.push(`Xtracta has not answered${since(silentSince.xtracta, nowMs)}; the next call tries again`);
  }
  if (isDown('ledger')) clauses.push('The ledger takes no write, so writes are refused safely and reads go on');
  if (isDown('credits')) {
    clauses.push(`The credits API has not answered${since(silentSince.credits, nowMs)}; purchases are refused safely`);
  }
  if (isDown('tenants')) clauses.push('A newer tenants file was refused, and the one before it is still in use');
  if (isDown('redis')) clauses.push('Redis is away, so each replica counts rate limits by itself');
  const waiting = waitingText(unknownOutcomes);
  const isBad = isDown('xtracta') || isDown('ledger') || isDown('credits');
  if (clauses.length === 0) {
    return waiting === null ? { tone: 'good', text: 'Everything works.' } : { tone: 'warn', text: `${waiting}.` };
  }
  const text = [...clauses, ...(waiting === null ? [] : [waiting])].map((clause) => `${clause}.`).join(' ');
  return { tone: isBad ? 'bad' : 'warn', text };
}

function waitingText(unknownOutcomes: number | null): string | null {
  if (unknownOutcomes === null || unknownOutcomes === 0) return null;
  return unknownOutcomes === 1
    ? 'One write waits for its outcome to be settled'
    : `${unknownOutcomes} writes wait for their outcome to be settled`;
}

/** ` since 08:17 UTC`, with the day where it was another; nothing where it is not known. */
function since(atMs: number | undefined, nowMs: number): string {
  if (atMs === undefined) return '';
  const at = new Date(atMs).toISOString();
  const isToday = at.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10);
  return ` since ${isToday ? '' : `${at.slice(0, 10)} `}${at.slice(11, 16)} UTC`;
}
