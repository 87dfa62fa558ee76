import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findOperation } from '../../../src/billing/billing-operations.js';
import { reconcileBillingOperation, resolveBillingOperation } from '../../../src/billing/settle-operations.js';
import type { WriteScope, XtractaWriteClient } from '../../../src/billing/write-scope.js';
import type { BillingActivity } from '../../../src/domain/billing-history.js';
import { SCOPES } from '../../../src/domain/caller.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import { RunOnce } from '../../../src/idempotency/run-once.js';
import { LedgerHarness } from '../../ledger/ledger.harness.js';
import { T0 } from '../../ledger/sample-claims.js';
import { recordedCall } from '../../support/upstream-call.js';

let folder: string;
let ledgers = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settled-once-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The pack that the order of the harness was for, seen a second after it was sent. */
const PROOF: BillingActivity = {
  id: '3',
  kind: 'BOOSTER',
  kindRaw: 'booster',
  planName: 'Booster 100',
  planType: 'OTHER',
  planTypeRaw: null,
  price: { amount: '199.00', currency: 'NZD' },
  creditAmount: null,
  allowedDocuments: 200,
  usedDocuments: null,
  startDate: null,
  expiryDate: null,
  startMs: T0 + 2_000,
  expiryMs: null,
  groupId: '123',
  groupName: null,
  group: { id: '123' },
};

const never = () => Promise.reject(new Error('Nothing is bought here.'));
const upstream: XtractaWriteClient = {
  orderBoosterPack: never,
  changePlan: never,
  openBillingUi: never,
  getBillingHistory: async () => ({ activities: [{ ...PROOF, id: '1' }, { ...PROOF, id: '2' }, PROOF] }),
  getPlans: async () => ({
    plans: [],
    packs: [
      {
        id: '7',
        name: 'Booster 100',
        allowedDocuments: 100,
        price: { amount: '99.5', currency: null },
        wholesalePrice: null,
      },
    ],
  }),
};

// Two requests that find the row unknown before either has settled it: the ledger settles it once, and the log says so
// once.
describe('an unknown outcome that two requests settle at once', () => {
  const at = new LedgerHarness(async () => {
    ledgers += 1;
    return `sqlite:${join(folder, `${ledgers}.sqlite`)}`;
  });

  const scopeOf = (logged: string[]): WriteScope => ({
    services: {
      xtracta: upstream,
      credits: null,
      ledger: at.ledger,
      runOnce: new RunOnce({ ledger: at.ledger }),
      presentLimits: () => null,
      takeAllowance: () => ({ ok: true }),
      forgetReads: () => undefined,
      onWrite: () => undefined,
      onUserError: () => undefined,
      onContradiction: () => undefined,
      audit: (event, facts) => logged.push(`${event}: ${String(facts['outcome'] ?? '')}`),
    },
    caller: {
      tenant: {
        id: 'acme',
        xtracta: { id: 'credential-1', apiKey: 'a key', rootGroupId: null },
        credits: null,
      },
      scopes: new Set(SCOPES),
      allowedGroups: null,
      subject: 'jane',
    },
    call: recordedCall().call,
  });

  it('is resolved by the first operator, logged once, and shown to both', async () => {
    const { idempotencyKey } = await at.ended(at.ledger, 'unknown');
    const logged: string[] = [];
    const scope = scopeOf(logged);
    const payloads = await Promise.all(
      (['REJECTED', 'SUCCEEDED'] as const).map((outcome) =>
        resolveBillingOperation(scope, { idempotencyKey, outcome, note: 'seen' }),
      ),
    );
    expect(payloads.map(({ operation }) => operation?.status)).toEqual(['REJECTED', 'REJECTED']);
    expect(payloads.map(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual([[], ['NOT_FOUND']]);
    expect(logged).toEqual(['billing operation resolved: REJECTED']);
  });

  it('is reconciled once, logged once, and shown to both', async () => {
    const { idempotencyKey } = await at.ended(at.ledger, 'unknown');
    const logged: string[] = [];
    const scope = scopeOf(logged);
    const payloads = await Promise.all([1, 2].map(() => reconcileBillingOperation(scope, idempotencyKey)));
    expect(payloads.map(({ operation }) => operation?.status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(logged).toEqual(['billing operation reconciled: ']);
  });

  it('is not proved by a row whose group cannot be read, which nobody with a list of groups sees', async () => {
    const { idempotencyKey } = await at.ended(at.ledger, 'unknown');
    const group = new UnreadableValue('xtracta', 'getBillingHistory', 'group_id');
    const row = { ...PROOF, groupId: null, group };
    const activities = [{ ...PROOF, id: '1' }, { ...PROOF, id: '2' }, row];
    const scope = scopeOf([]);
    const services = { ...scope.services, xtracta: { ...upstream, getBillingHistory: async () => ({ activities }) } };
    const evidenceFor = async (allowedGroups: ReadonlySet<string> | null) => {
      const caller = { ...scope.caller, allowedGroups };
      return (await findOperation({ ...scope, services, caller }, idempotencyKey))?.evidenceFit();
    };
    expect(await evidenceFor(null)).toMatchObject([{ activity: { id: '3' }, doesNotFit: ['GROUP'] }]);
    expect(await evidenceFor(new Set(['123']))).toEqual([]);
  });
});
