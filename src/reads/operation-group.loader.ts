import DataLoader from 'dataloader';
import { BillingError } from '../domain/errors.js';
import type { UpstreamCall, UpstreamReadFacts } from '../domain/upstream-call.js';
import { type CallBudget, tooManyCalls } from './call.budget.js';
import type { CredentialEpochs } from './credential.epochs.js';
import type { GroupSource } from './group.source.js';
import type { ReadSubject } from './history.source.js';
import { type AskingField, ReadAskers } from './read.askers.js';

export interface GroupLoaderContext {
  readonly subject: ReadSubject;
  readonly call: UpstreamCall;
  readonly budget: CallBudget;
}

/** For the group that is asked about without its number. */
const OWN_GROUP = 'own';

/** Answers about groups, each asked for once in an operation. Mutable state of one operation by one caller. */
export class GroupLoader<G extends string | null, T> {
  /**
   * A group's value is the promise of its answer: a slow call then holds up only those who asked for it. Keys are objects because a
   * DataLoader takes no null.
   */
  readonly #loader = new DataLoader<{ readonly groupId: G }, Promise<T>, string>(
    async (keys) => this.#dispatch(keys.map(({ groupId }) => groupId)),
    { cacheKeyFn: ({ groupId }) => groupId ?? OWN_GROUP },
  );
  readonly #askers: ReadAskers | null;
  #epoch: number;

  constructor(
    private readonly context: GroupLoaderContext,
    private readonly source: GroupSource<G, T>,
    private readonly epochs: CredentialEpochs,
  ) {
    this.#askers = context.call.observer.read === undefined ? null : new ReadAskers();
    this.#epoch = this.#currentEpoch();
  }

  /** @param groupId canonical, and one that the caller may read */
  async load(groupId: G, field: AskingField): Promise<T> {
    this.#forgetBeforeWrites();
    this.context.budget.countQuestion();
    this.#askers?.note(groupId ?? OWN_GROUP, field);
    try {
      return await this.#loader.load({ groupId });
    } catch (error) {
      if (error instanceof BillingError && error.code === 'OPERATION_TOO_COMPLEX')
        this.context.budget.uncountQuestion();
      throw error;
    }
  }

  #currentEpoch(): number {
    return this.epochs.current(this.context.subject.credential.id);
  }

  #forgetBeforeWrites(): void {
    const epoch = this.#currentEpoch();
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#loader.clearAll();
  }

  #dispatch(groupIds: readonly G[]): Promise<T>[] {
    const { budget, subject } = this.context;
    const kept = new Map(groupIds.map((groupId) => [groupId, this.source.kept(subject, groupId)]));
    const isAffordable = budget.reserve([...kept.values()].filter((answer) => answer === null).length);
    const answers = groupIds.map((groupId) => {
      const answer = kept.get(groupId) ?? null;
      if (answer !== null) return this.#keptAnswer(groupId, answer);
      return isAffordable ? this.#read(groupId) : Promise.reject(tooManyCalls(budget.limit));
    });
    void Promise.allSettled(answers).then(() => budget.report());
    return answers;
  }

  #keptAnswer(groupId: G, answer: T): Promise<T> {
    this.#watch(groupId, 'kept');
    return Promise.resolve(answer);
  }

  #read(groupId: G): Promise<T> {
    const { subject, call, budget } = this.context;
    const observer = this.#watch(groupId, 'planned');
    const { answer, isStarted } = this.source.read(
      subject,
      groupId,
      observer === undefined ? call : { ...call, observer },
    );
    if (isStarted) budget.countCall();
    else observer?.shared(answer);
    return answer;
  }

  #watch(groupId: G, reason: UpstreamReadFacts['reason']) {
    const askedBy = this.#askers?.about(groupId ?? OWN_GROUP);
    if (askedBy === undefined) return undefined;
    const { operation } = this.source;
    return this.context.call.observer.read?.({ operation, groups: 1, askedBy, recursive: false, reason });
  }
}
