import type { BillingWrites, WritePayload } from '../../src/billing/billing-writes.js';
import { createBillingWrites } from '../../src/billing/billing-writes-service.js';
import { CHANGE_PLAN } from '../../src/billing/change-plan.js';
import type { WriteScope, XtractaWriteClient } from '../../src/billing/write-scope.js';
import { SCOPES } from '../../src/domain/caller.js';
import type { BoosterPackOrder } from '../../src/domain/purchases.js';
import type { WriteFailure, WriteOutcome } from '../../src/domain/write.js';
import type { Ledger } from '../../src/idempotency/ledger.js';
import type { LedgerRow } from '../../src/idempotency/ledger-states.js';
import { RunOnce } from '../../src/idempotency/run-once.js';
import { recordedCall } from '../support/upstream-call.js';
import { interceptLedger, LedgerFaults } from '../writes/intercepted-ledger.js';
import { byOperator, T0 } from './sample-claims.js';

export const WINDOW_MS = 300_000;

/** What a client sends, word for word. */
export interface Asked {
  readonly kind: 'order' | 'plan';
  readonly item: string;
  /** Null: the request names no group. */
  readonly groupId: string | null;
}

/** The settings of a replica at the moment of a request. */
export interface Settings {
  readonly rootGroupId: string | null;
  readonly allowedGroups?: ReadonlySet<string>;
  readonly repeats?: string;
}

export interface Told {
  /** The code of the error, else the status of the write. */
  readonly word: string;
  readonly isReplay: boolean;
  /** The group of the shown write; undefined: none is shown. */
  readonly group: string | null | undefined;
  readonly message: string;
  readonly value: unknown;
}

/** A request that reached the upstream, which may have charged it. */
export interface Charge {
  readonly key: string;
  readonly asked: string;
  /** The group as it was sent. */
  readonly groupId: string | null;
  readonly atMs: number;
}

export type Fate = 'succeeds' | 'isUnknown' | 'isNotSent';

const FAILURE: WriteFailure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'A fault of the test.',
  upstream: { service: 'xtracta', operation: 'orderBoosterPack' },
};

/** One tenant, and an upstream that charges each request that it gets. Mutable: the clock and the charges. */
export class OwnGroupWorld {
  readonly charges: Charge[] = [];
  nowMs = T0;

  constructor(readonly tenantId: string) {}

  replica(ledger: Ledger): OwnGroupReplica {
    return new OwnGroupReplica(ledger, this);
  }
}

/** A replica of the gateway, from the checks of a write to the ledger. Its settings come with each request. */
export class OwnGroupReplica {
  readonly ledger: Ledger;
  readonly faults = new LedgerFaults();
  readonly #world: OwnGroupWorld;
  readonly #once: RunOnce;

  constructor(ledger: Ledger, world: OwnGroupWorld) {
    this.ledger = ledger;
    this.#world = world;
    this.#once = new RunOnce({
      ledger: interceptLedger(ledger, this.faults.intercept),
      now: () => world.nowMs,
      duplicateWindowMs: WINDOW_MS,
      pollIntervalMs: 1,
      duplicateWaitMs: 60_000,
      recordRetryMs: 1,
    });
  }

  async write(key: string, asked: Asked, settings: Settings, fate: Fate = 'succeeds'): Promise<Told> {
    const writes = this.writes(settings, key, asked, fate);
    const { repeats } = settings;
    const { item, groupId } = asked;
    const input = {
      idempotencyKey: key,
      repeats,
      groupId,
      heldDocuments: 'PROCESS',
      confirmDocumentDeletion: false,
    } as const;
    return asked.kind === 'plan'
      ? told(await writes.changePlan({ ...input, planId: item }))
      : told(await writes.orderBoosterPack({ ...input, packId: item, quantity: 1 }));
  }

  /** The port of a request with these settings. What it sends has this fate. */
  writes({ rootGroupId, allowedGroups }: Settings, key = '', asked?: Asked, fate: Fate = 'succeeds'): BillingWrites {
    const { tenantId } = this.#world;
    const ignore = (): void => undefined;
    const scope: WriteScope = {
      services: {
        xtracta: this.#upstream(key, asked, fate),
        credits: null,
        ledger: this.ledger,
        runOnce: this.#once,
        presentLimits: () => null,
        takeAllowance: () => ({ ok: true }),
        forgetReads: ignore,
        onWrite: ignore,
        onUserError: ignore,
        onContradiction: ignore,
        audit: ignore,
      },
      caller: {
        tenant: {
          id: tenantId,
          xtracta: { id: `credential of ${tenantId}`, apiKey: 'a key', rootGroupId },
          credits: null,
        },
        scopes: new Set(SCOPES),
        allowedGroups: allowedGroups ?? null,
        subject: null,
      },
      call: recordedCall().call,
    };
    return createBillingWrites(scope);
  }

  /** An operator finds that an unknown outcome was a success. */
  async settle(row: LedgerRow): Promise<void> {
    const resolution = { ...byOperator('seen'), atMs: this.#world.nowMs };
    await this.ledger.settle(row, 'succeeded', null, resolution);
  }

  drain(): Promise<boolean> {
    return this.#once.drain();
  }

  #upstream(key: string, asked: Asked | undefined, fate: Fate): XtractaWriteClient {
    const attempt = async <T>(groupId: string | null, value: T): Promise<WriteOutcome<T>> => {
      if (fate === 'isNotSent') return { kind: 'notSent', failure: { ...FAILURE, code: 'UPSTREAM_UNAVAILABLE' } };
      this.#world.charges.push({ key, asked: JSON.stringify(asked), groupId, atMs: this.#world.nowMs });
      return fate === 'succeeds' ? { kind: 'succeeded', value, warnings: [] } : { kind: 'unknown', failure: FAILURE };
    };
    return {
      orderBoosterPack: (_credential, { packId, groupId }) => attempt(groupId, orderOf(packId, groupId)),
      changePlan: (_credential, request) => attempt(request.groupId, CHANGE_PLAN.fromStored(null, request, null)),
      openBillingUi: () => Promise.reject(new Error('Nobody opens it here.')),
      getBillingHistory: async () => ({ activities: [] }),
      getPlans: async () => ({ plans: [], packs: [] }),
    };
  }
}

function orderOf(id: string, groupId: string | null): BoosterPackOrder {
  const pack = { id, name: 'Secret Pack', allowedDocuments: 100, price: null, quantity: 1, groupId };
  return { pack, summary: null };
}

function told({ value, operation, userErrors }: WritePayload<unknown>): Told {
  return {
    word: userErrors[0]?.code ?? operation?.status ?? '',
    isReplay: operation?.replayed ?? false,
    group: operation?.groupId,
    message: userErrors[0]?.message ?? '',
    value,
  };
}
