import type { FaultMoment, LedgerStep } from '../ledger/faulty-ledger.js';
import {
  closedResponse,
  drip,
  flood,
  hang,
  headOnly,
  httpResponse,
  type RawHandler,
  raw,
  redirect,
  reset,
  shortResponse,
} from '../support/raw-upstream.js';
import type { WriteResponses } from './write-cases.js';
import { REFUSES, SUCCEEDS, type WriteBehaviour } from './write-upstream.js';

/** What a client is told: `SUCCEEDED`, or the code of the one user error; `no response` where the connection broke. */
export type Said =
  | 'SUCCEEDED'
  | 'UPSTREAM_REJECTED'
  | 'UPSTREAM_UNAVAILABLE'
  | 'OUTCOME_UNKNOWN'
  | 'LEDGER_UNAVAILABLE'
  | 'PRIOR_OUTCOME_UNKNOWN'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'OPERATION_IN_PROGRESS'
  | 'no response';

export type ConnectionFault = 'dns' | 'refused' | 'tls' | 'handshake' | 'midRequest';

/** Where something goes wrong. */
export type FaultPlace =
  | { readonly at: 'wire'; readonly behaviour: WriteBehaviour }
  /** As `wire`, where nothing but the deadline ends it. */
  | { readonly at: 'silence'; readonly behaviour: WriteBehaviour }
  | { readonly at: 'connection'; readonly fault: ConnectionFault }
  | { readonly at: 'ledger'; readonly step: LedgerStep; readonly moment: FaultMoment }
  /** SIGKILL while the step is held; `upstream`: while the upstream holds the request that it has carried out. */
  | { readonly at: 'crash'; readonly step: LedgerStep | 'upstream'; readonly moment: FaultMoment }
  /** The client hangs up while the step is held. */
  | { readonly at: 'client'; readonly step: LedgerStep | 'upstream'; readonly moment: FaultMoment }
  /** The process drains while the upstream holds the request. */
  | { readonly at: 'drain' }
  | { readonly at: 'crowd'; readonly requests: number };

export interface FaultPoint {
  readonly id: string;
  readonly title: string;
  readonly place: FaultPlace;
  readonly first: Said;
  /** What the same key is told afterwards. */
  readonly again: Said;
}

type Respond = (responses: WriteResponses) => RawHandler;

/** A fault after which nobody can know: charged or not, the response and every later one is the same. */
function unknown(id: string, title: string, carriesOut: boolean, respond: Respond): FaultPoint {
  const place = { at: 'wire', behaviour: { carriesOut, respond } } as const;
  return { id, title, place, first: 'OUTCOME_UNKNOWN', again: 'OUTCOME_UNKNOWN' };
}

function silent(id: string, title: string, respond: Respond): FaultPoint {
  const place = { at: 'silence', behaviour: { carriesOut: true, respond } } as const;
  return { id, title, place, first: 'OUTCOME_UNKNOWN', again: 'OUTCOME_UNKNOWN' };
}

function known(id: string, title: string, said: Said, behaviour: WriteBehaviour): FaultPoint {
  return { id, title, place: { at: 'wire', behaviour }, first: said, again: said };
}

function unsent(id: string, title: string, fault: ConnectionFault): FaultPoint {
  const place = { at: 'connection', fault } as const;
  return { id, title, place, first: 'UPSTREAM_UNAVAILABLE', again: 'SUCCEEDED' };
}

function ledger(id: string, title: string, step: LedgerStep, moment: FaultMoment, first: Said): FaultPoint {
  return { id, title, place: { at: 'ledger', step, moment }, first, again: 'SUCCEEDED' };
}

function crash(id: string, title: string, step: LedgerStep | 'upstream', moment: FaultMoment, again: Said): FaultPoint {
  return { id, title, place: { at: 'crash', step, moment }, first: 'no response', again };
}

function hangUp(id: string, title: string, step: LedgerStep | 'upstream', moment: FaultMoment): FaultPoint {
  return { id, title, place: { at: 'client', step, moment }, first: 'no response', again: 'SUCCEEDED' };
}

const cutOf = (body: string): string => body.slice(0, body.length - 20);
const afterGivingUp: Respond =
  ({ success, contentType }) =>
  (exchange) => {
    exchange.socket.once('close', () => httpResponse(200, success, { 'content-type': contentType })(exchange));
  };

const REDIRECTS = [301, 302, 303, 307, 308].map((status) =>
  unknown('F22', `a redirect ${status} to itself after it was carried out`, true, () => redirect(status, '?again')),
);
const GATEWAY_ERRORS = [502, 503, 504].map((status) =>
  unknown('F21', `${status} from a proxy after it was carried out`, true, () =>
    httpResponse(status, '<html>no</html>'),
  ),
);

/** Every point at which a write can fail, in the order in which a write comes by them. */
export const FAULT_POINTS: readonly FaultPoint[] = [
  crash('F01', 'SIGKILL before the claim', 'claim', 'before', 'SUCCEEDED'),
  ledger('F02', 'the claim cannot be written', 'claim', 'before', 'LEDGER_UNAVAILABLE'),
  ledger('F02', 'the claim is written and its acknowledgement lost', 'claim', 'after', 'LEDGER_UNAVAILABLE'),
  crash('F03', 'SIGKILL between the claim and "sending"', 'claim', 'after', 'SUCCEEDED'),
  ledger('F04', '"sending" cannot be written', 'sending', 'before', 'LEDGER_UNAVAILABLE'),
  ledger('F05', '"sending" is written and its acknowledgement lost', 'sending', 'after', 'LEDGER_UNAVAILABLE'),
  crash('F06', 'SIGKILL after "sending" and before the connection', 'sending', 'after', 'OUTCOME_UNKNOWN'),
  unsent('F07', 'the name cannot be resolved', 'dns'),
  unsent('F08', 'the connection is refused', 'refused'),
  unsent('F09', 'the certificate is not trusted', 'tls'),
  unsent('F10', 'the handshake takes too long', 'handshake'),
  {
    id: 'F11',
    title: 'a reset in the middle of the request',
    place: { at: 'connection', fault: 'midRequest' },
    first: 'OUTCOME_UNKNOWN',
    again: 'OUTCOME_UNKNOWN',
  },
  unknown('F12', 'a reset, not carried out', false, reset),
  unknown('F13', 'a reset after it was carried out', true, reset),
  silent('F14', 'silence after it was carried out', hang),
  silent('F14', 'a head and then silence, after it was carried out', () => headOnly(200)),
  silent('F14', 'one byte now and then, after it was carried out', () => drip(50)),
  silent('F15', 'a success that comes too late', afterGivingUp),
  unknown('F16', 'a success shorter than its length', true, ({ success }) => shortResponse(200, success)),
  unknown('F17', 'a success cut at the end of the connection', true, ({ success }) =>
    closedResponse(200, cutOf(success)),
  ),
  unknown('F18', 'a login page', true, () => httpResponse(200, '<html><body>Sign in</body></html>')),
  unknown('F18', 'an empty response', true, () => httpResponse(200, '')),
  unknown('F18', 'something that is not HTTP', true, () => raw('SSH-2.0-OpenSSH_9.6\r\n', { close: true })),
  known('F19', 'a clear refusal', 'UPSTREAM_REJECTED', REFUSES),
  unknown('F20', '500 after it was carried out', true, () => httpResponse(500, '<html>Error</html>')),
  ...GATEWAY_ERRORS,
  ...REDIRECTS,
  unknown('F23', 'a response without end', true, () => flood(8 * 1024 * 1024)),
  known('F24', 'a success that calls itself plain text', 'SUCCEEDED', {
    carriesOut: true,
    respond: ({ success }) => httpResponse(200, success, { 'content-type': 'text/plain' }),
  }),
  unknown('F24', 'a success that calls itself compressed', true, ({ success, contentType }) =>
    httpResponse(200, success, { 'content-type': contentType, 'content-encoding': 'gzip' }),
  ),
  ledger('F25', 'the outcome cannot be written at first', 'outcome', 'before', 'SUCCEEDED'),
  ledger('F25', 'the outcome is written and its acknowledgement lost', 'outcome', 'after', 'SUCCEEDED'),
  crash('F26', 'SIGKILL between the success and its record', 'outcome', 'before', 'OUTCOME_UNKNOWN'),
  crash('F27', 'SIGKILL between the record and the reply', 'outcome', 'after', 'SUCCEEDED'),
  hangUp('F28', 'the client hangs up before "sending"', 'claim', 'after'),
  hangUp('F28', 'the client hangs up while it is sent', 'upstream', 'before'),
  hangUp('F28', 'the client hangs up before the reply', 'outcome', 'after'),
  {
    id: 'F29',
    title: 'the process drains while it is sent',
    place: { at: 'drain' },
    first: 'SUCCEEDED',
    again: 'SUCCEEDED',
  },
  crash('F29', 'SIGKILL while the upstream carries it out', 'upstream', 'before', 'OUTCOME_UNKNOWN'),
  {
    id: 'F30',
    title: 'fifty clicks at once on two replicas',
    place: { at: 'crowd', requests: 50 },
    first: 'SUCCEEDED',
    again: 'SUCCEEDED',
  },
  known('F31', 'the same key with another input, then the same again', 'SUCCEEDED', SUCCEEDS),
];
