import type { GroupUsage } from '../domain/billing-plan.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import { BillingError } from '../domain/errors.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { CatalogueStore } from './catalogue.store.js';
import type { CredentialEpochs } from './credential.epochs.js';
import type { GroupClient } from './group-client.port.js';
import type { ReadSubject } from './history.source.js';
import type { InFlightReads } from './in-flight.reads.js';

/** Upstream answers about single groups, each sent for once however many ask at the same time. */
export interface GroupSource<G extends string | null, T> {
  /** The client's method, as observers name it. */
  readonly operation: string;
  /** An answer that is still there from before; null when there is none. */
  kept(subject: ReadSubject, groupId: G): T | null;
  /** @returns `isStarted` false: the read was under way for another operation of the same tenant and credential */
  read(
    subject: ReadSubject,
    groupId: G,
    call: UpstreamCall,
  ): { readonly answer: Promise<T>; readonly isStarted: boolean };
}

function readKey(subject: ReadSubject, groupId: string | null, epoch: number): string {
  return `${groupId ?? 'own'} ${epoch} ${subject.scope}`;
}

/** Which plan a group uses. Never kept: what is left of it changes with every document. */
export class UsageSource implements GroupSource<string, GroupUsage> {
  readonly operation = 'getUsage';

  constructor(
    private readonly client: GroupClient,
    private readonly inFlight: InFlightReads<GroupUsage>,
    private readonly epochs: CredentialEpochs,
  ) {}

  kept(): null {
    return null;
  }

  read(subject: ReadSubject, groupId: string, call: UpstreamCall) {
    const key = readKey(subject, groupId, this.epochs.current(subject.credential.id));
    return this.inFlight.join(key, call, (ownCall) => this.#fetch(subject, groupId, ownCall));
  }

  /** An answer about another group, or about nobody knows which, is no answer: its figures must not stand under this group. */
  async #fetch(subject: ReadSubject, groupId: string, call: UpstreamCall): Promise<GroupUsage> {
    const usage = await this.client.getUsage(subject.credential, groupId, call);
    if (usage.groupId === null || usage.groupId === groupId) return usage;
    call.observer.drift({ endpoint: this.operation, field: 'foreign_group' });
    throw new BillingError('UPSTREAM_INVALID_RESPONSE', 'The upstream answered about another group.', {
      upstream: { service: 'xtracta', operation: this.operation },
    });
  }
}

/** What a group may choose from. */
export class CatalogueSource implements GroupSource<string | null, BillingCatalogue> {
  readonly operation = 'getPlans';

  constructor(
    private readonly client: GroupClient,
    private readonly inFlight: InFlightReads<BillingCatalogue>,
    private readonly epochs: CredentialEpochs,
    private readonly store: CatalogueStore,
  ) {}

  kept({ tenantId, credential }: ReadSubject, groupId: string | null): BillingCatalogue | null {
    return this.store.find({ tenantId, credentialId: credential.id, groupId });
  }

  read(subject: ReadSubject, groupId: string | null, call: UpstreamCall) {
    const epoch = this.epochs.current(subject.credential.id);
    const key = readKey(subject, groupId, epoch);
    return this.inFlight.join(key, call, (ownCall) => this.#fetch(subject, groupId, epoch, ownCall));
  }

  async #fetch(
    { tenantId, credential }: ReadSubject,
    groupId: string | null,
    epoch: number,
    call: UpstreamCall,
  ): Promise<BillingCatalogue> {
    const catalogue = await this.client.getPlans(credential, groupId, call);
    // What was asked for before a write may be from before it.
    if (this.epochs.current(credential.id) === epoch) {
      this.store.keep({ tenantId, credentialId: credential.id, groupId }, catalogue);
    }
    return catalogue;
  }
}
