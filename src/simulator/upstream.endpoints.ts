import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, encode, htmlAnswer, refusal } from './answer.js';
import { changeAnswer, changeBytes, replacement } from './fault.answer.js';
import { deliver } from './fault.delivery.js';
import { type Fault, isOn, numberOf, readFaultHeader, strikesAt, textOf } from './fault.kinds.js';
import type { Endpoint } from './fault.rules.js';
import { journalHeaders } from './request.journal.js';
import type { ReceivedRequest } from './request.reader.js';
import { readCall, type UpstreamCall } from './upstream.calls.js';
import type { World } from './world.js';
import type { WorldRegistry } from './world.registry.js';
import { DEFAULT_TOGGLES, withToggles } from './world.toggles.js';
import { Refused } from './xtracta.parameters.js';

/**
 * Answers one request to an upstream: finds the world, notes the request, applies faults, does the work once, sends the
 * answer.
 */
export async function answerUpstream(
  endpoint: Endpoint,
  request: ReceivedRequest,
  response: ServerResponse,
  context: { readonly registry: WorldRegistry; readonly publicUrl: string; readonly signal: AbortSignal },
): Promise<void> {
  const { registry, signal } = context;
  const call = readCall(endpoint, request, registry, context.publicUrl);
  // The clock that writes the rows is the one that writes the header.
  if (call.world !== null) response.setHeader('Date', new Date(call.world.now()).toUTCString());
  const journal = call.world?.journal ?? registry.strangers;
  const faults = call.world === null ? [] : faultsOf(call, call.world, request);
  const entry = journal.open({
    at: new Date(call.world?.now() ?? registry.systemNow()).toISOString(),
    endpoint,
    method: request.method,
    path: request.path,
    params: call.params,
    headers: journalHeaders(request.headers),
    faults: faults.map((fault) => fault.kind),
  });

  for (const fault of faults) if (fault.kind === 'delay' && !isOn(fault, 'after')) await pause(fault, signal);
  const replaced = faults.find(strikesAt('replace')) ?? null;
  const delivery = faults.find(strikesAt('delivery')) ?? null;
  const skipsWork = [replaced, delivery].some((fault) => fault !== null && !isOn(fault, 'commit'));
  const worked = skipsWork ? null : work(call, faults);
  if (worked?.committed === true) journal.commit(entry);
  entry.note = worked?.note ?? 'not done';

  let answer =
    replaced === null
      ? (worked ?? htmlAnswer(500, 'Nothing', false, ''))
      : replacement(replaced, call.dialect, call.root);
  for (const fault of faults.filter(strikesAt('answer'))) answer = changeAnswer(answer, fault);
  let wire = encode(answer);
  for (const fault of faults.filter(strikesAt('bytes'))) wire = changeBytes(wire, fault);
  for (const fault of faults) if (fault.kind === 'delay' && isOn(fault, 'after')) await pause(fault, signal);
  const isSilent = delivery !== null && ['reset', 'hang', 'commit_then_drop'].includes(delivery.kind);
  entry.status = isSilent ? null : wire.status;
  await deliver(response, wire, delivery, signal);
}

/** The faults of a request: its header's, those of a magic id, and those of the world's rules, in this order. */
function faultsOf(call: UpstreamCall, world: World, request: ReceivedRequest): Fault[] {
  const header = request.headers['x-sim-fault'];
  return [
    ...(typeof header === 'string' ? readFaultHeader(header) : []),
    ...(call.magic === null ? [] : [call.magic]),
    ...world.matchFaults(call.endpoint, call.groupId),
  ];
}

function work(call: UpstreamCall, faults: readonly Fault[]): Answer {
  let toggles = call.world?.toggles() ?? DEFAULT_TOGGLES;
  for (const fault of faults) {
    if (fault.kind === 'toggle') toggles = withToggles(toggles, { [textOf(fault, 'name')]: textOf(fault, 'value') });
  }
  try {
    return call.work(toggles);
  } catch (error) {
    if (error instanceof Refused) return refusal(call.root, error.status, error.message);
    throw error;
  }
}

async function pause(fault: Fault, signal: AbortSignal): Promise<void> {
  await wait(numberOf(fault, 'ms'), undefined, { signal });
}
