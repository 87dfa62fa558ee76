import DataLoader from 'dataloader';
import type { GroupUsage } from '../domain/billing-history.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import { BillingError } from '../domain/errors.js';
import type { UpstreamCall, UpstreamReadFacts } from '../domain/upstream-call.js';
import type { GroupClient } from './billing-reads.js';
import { type CallBudget, ReadRequesters, type RequestingField, tooManyCalls } from './call-budget.js';
import type { CatalogueStore } from './catalogue.store.js';
import type { ReadSubject } from './history.executor.js';
import type { InFlightReads, WriteVersions } from './shared-reads.js';

export interface GroupLoaderContext {
  readonly subject: ReadSubject;
  readonly call: UpstreamCall;
  readonly budget: CallBudget;
}

/** Key of the api key's own group, whose number is not known. */
const OWN_GROUP = 'own';

/** Loads responses about single groups, each once in an operation. Mutable state of one operation by one caller. */
export class GroupLoader<G extends string | null, T> {
  readonly #context: GroupLoaderContext;
  readonly #source: GroupSource<G, T>;
  readonly #hasWritten: () => boolean;
  /**
   * A group's value is the promise of its response, so that a slow call holds up only the fields that need it. Keys are
   * objects, because a DataLoader accepts no null.
   */
  readonly #loader = new DataLoader<{ readonly groupId: G }, Promise<T>, string>(
    async (keys) => this.#dispatch(keys.map(({ groupId }) => groupId)),
    { cacheKeyFn: ({ groupId }) => groupId ?? OWN_GROUP },
  );
  readonly #requesters: ReadRequesters | null;

  constructor(context: GroupLoaderContext, source: GroupSource<G, T>, writeVersions: WriteVersions) {
    this.#context = context;
    this.#source = source;
    this.#hasWritten = writeVersions.watch(context.subject.credential.id);
    this.#requesters = context.call.observer.read === undefined ? null : new ReadRequesters();
  }

  /** @param groupId canonical id of a group that the caller may read */
  async load(groupId: G, field: RequestingField): Promise<T> {
    if (this.#hasWritten()) this.#loader.clearAll();
    this.#context.budget.countQuestion();
    this.#requesters?.note(groupId ?? OWN_GROUP, field);
    try {
      return await this.#loader.load({ groupId });
    } catch (error) {
      if (error instanceof BillingError && error.code === 'OPERATION_TOO_COMPLEX')
        this.#context.budget.uncountQuestion();
      throw error;
    }
  }

  #dispatch(groupIds: readonly G[]): Promise<T>[] {
    const { budget, subject } = this.#context;
    const kept = new Map(groupIds.map((groupId) => [groupId, this.#source.kept(subject, groupId)]));
    const isAffordable = budget.reserve([...kept.values()].filter((response) => response === null).length);
    const responses = groupIds.map((groupId) => {
      const response = kept.get(groupId) ?? null;
      if (response !== null) return this.#keptResponse(groupId, response);
      return isAffordable ? this.#read(groupId) : Promise.reject(tooManyCalls(budget.limit));
    });
    void Promise.allSettled(responses).then(() => budget.report());
    return responses;
  }

  #keptResponse(groupId: G, response: T): Promise<T> {
    this.#watch(groupId, 'kept');
    return Promise.resolve(response);
  }

  #read(groupId: G): Promise<T> {
    const { subject, call, budget } = this.#context;
    const observer = this.#watch(groupId, 'planned');
    const { response, isStarted } = this.#source.read(
      subject,
      groupId,
      observer === undefined ? call : { ...call, observer },
    );
    if (isStarted) budget.countCall();
    else observer?.shared(response);
    return response;
  }

  #watch(groupId: G, reason: UpstreamReadFacts['reason']) {
    const askedBy = this.#requesters?.about(groupId ?? OWN_GROUP);
    if (askedBy === undefined) return undefined;
    const { operation } = this.#source;
    return this.#context.call.observer.read?.({ operation, groups: 1, askedBy, recursive: false, reason });
  }
}

/** Upstream responses about single groups. Simultaneous reads of a group share one call. */
interface GroupSource<G extends string | null, T> {
  /** Name of the client's method for observers. */
  readonly operation: string;
  /** A cached response; null when there is none. */
  kept(subject: ReadSubject, groupId: G): T | null;
  /** @returns `isStarted` false: the read was under way for another operation of the same tenant and credential */
  read(
    subject: ReadSubject,
    groupId: G,
    call: UpstreamCall,
  ): { readonly response: Promise<T>; readonly isStarted: boolean };
}

function readKey(subject: ReadSubject, groupId: string | null, writeVersion: number): string {
  return `${groupId ?? 'own'} ${writeVersion} ${subject.scope}`;
}

/** The plan that a group uses. It is never cached, because its remaining documents change with every document. */
export class UsageSource implements GroupSource<string, GroupUsage> {
  readonly #client: GroupClient;
  readonly #inFlight: InFlightReads<GroupUsage>;
  readonly #writeVersions: WriteVersions;
  readonly operation = 'getUsage';

  constructor(client: GroupClient, inFlight: InFlightReads<GroupUsage>, writeVersions: WriteVersions) {
    this.#client = client;
    this.#inFlight = inFlight;
    this.#writeVersions = writeVersions;
  }

  kept(): null {
    return null;
  }

  read(subject: ReadSubject, groupId: string, call: UpstreamCall) {
    const key = readKey(subject, groupId, this.#writeVersions.current(subject.credential.id));
    return this.#inFlight.join(key, call, (ownCall) => this.#fetch(subject, groupId, ownCall));
  }

  /**
   * A response about another group, or about an unreadable one, is an error: its figures must not appear under this
   * group.
   */
  async #fetch(subject: ReadSubject, groupId: string, call: UpstreamCall): Promise<GroupUsage> {
    const usage = await this.#client.getUsage(subject.credential, groupId, call);
    if (usage.groupId === null || usage.groupId === groupId) return usage;
    call.observer.drift({ endpoint: this.operation, field: 'foreign_group' });
    throw new BillingError('UPSTREAM_INVALID_RESPONSE', 'The upstream sent data about another group.', {
      upstream: { service: 'xtracta', operation: this.operation },
    });
  }
}

/** The plans and packs that a group may choose. */
export class CatalogueSource implements GroupSource<string | null, BillingCatalogue> {
  readonly #client: GroupClient;
  readonly #inFlight: InFlightReads<BillingCatalogue>;
  readonly #writeVersions: WriteVersions;
  readonly #store: CatalogueStore;
  readonly operation = 'getPlans';

  constructor(
    client: GroupClient,
    inFlight: InFlightReads<BillingCatalogue>,
    writeVersions: WriteVersions,
    store: CatalogueStore,
  ) {
    this.#client = client;
    this.#inFlight = inFlight;
    this.#writeVersions = writeVersions;
    this.#store = store;
  }

  kept({ tenantId, credential }: ReadSubject, groupId: string | null): BillingCatalogue | null {
    return this.#store.find({ tenantId, credentialId: credential.id, groupId });
  }

  /** The same source without its cache, for decisions about money. */
  anew(): GroupSource<string | null, BillingCatalogue> {
    return {
      operation: this.operation,
      kept: () => null,
      read: (subject, groupId, call) => this.read(subject, groupId, call),
    };
  }

  read(subject: ReadSubject, groupId: string | null, call: UpstreamCall) {
    const writeVersion = this.#writeVersions.current(subject.credential.id);
    const key = readKey(subject, groupId, writeVersion);
    return this.#inFlight.join(key, call, (ownCall) => this.#fetch(subject, groupId, writeVersion, ownCall));
  }

  async #fetch(
    { tenantId, credential }: ReadSubject,
    groupId: string | null,
    writeVersion: number,
    call: UpstreamCall,
  ): Promise<BillingCatalogue> {
    const catalogue = await this.#client.getPlans(credential, groupId, call);
    // A response that was requested before a write may not show the write, so it is not cached.
    if (this.#writeVersions.current(credential.id) === writeVersion) {
      this.#store.keep({ tenantId, credentialId: credential.id, groupId }, catalogue);
    }
    return catalogue;
  }
}
