import type { XtractaCredential } from '../domain/caller.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { CredentialEpochs } from './credential.epochs.js';
import { type HistoryAnswer, toAnswer } from './history-answer.js';
import type { HistoryClient, HistoryRead } from './history-client.port.js';
import { historyReadKey } from './history-read.key.js';
import type { InFlightReads } from './in-flight.reads.js';
import type { MembershipMemory } from './membership.memory.js';

/** For whom is read. `scope` names tenant and credential in the keys of shared memory. */
export interface ReadSubject {
  readonly tenantId: string;
  readonly credential: XtractaCredential;
  readonly scope: string;
}

/** Tenant names come from outside and may hold any character, so the parts are kept apart by JSON. */
export function readSubject(tenantId: string, credential: XtractaCredential): ReadSubject {
  return { tenantId, credential, scope: JSON.stringify([tenantId, credential.id]) };
}

/** Upstream answers, each sent for once however many ask at the same time, and what they teach about groups. */
export class HistorySource {
  constructor(
    private readonly client: HistoryClient,
    private readonly inFlight: InFlightReads<HistoryAnswer>,
    private readonly epochs: CredentialEpochs,
    private readonly memory: MembershipMemory,
  ) {}

  /** @returns `isStarted` false: the read was under way for another operation of the same tenant and credential */
  read(
    subject: ReadSubject,
    read: HistoryRead,
    call: UpstreamCall,
  ): { readonly answer: Promise<HistoryAnswer>; readonly isStarted: boolean } {
    const epoch = this.epochs.current(subject.credential.id);
    const key = `${historyReadKey(read)} ${epoch} ${subject.scope}`;
    return this.inFlight.join(key, call, (ownCall) => this.#fetch(subject, read, ownCall));
  }

  async #fetch(subject: ReadSubject, read: HistoryRead, call: UpstreamCall): Promise<HistoryAnswer> {
    const history = await this.client.getBillingHistory(subject.credential, read, call);
    const answer = toAnswer(read, history, () =>
      call.observer.drift({ endpoint: 'getBillingHistory', field: 'foreign_group' }),
    );
    if (read.recursive) this.#learn(subject, answer);
    return answer;
  }

  #learn(subject: ReadSubject, answer: HistoryAnswer): void {
    const { read, rows } = answer;
    this.memory.learn(subject.scope, read.groupId, read, rows.length, answer.groups.keys());
    if (!answer.namesEveryGroup) this.memory.avoid(subject.scope, read.groupId, 'unusable');
  }
}
