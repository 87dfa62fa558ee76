import { beforeEach, describe, expect, it } from '@jest/globals';
import type { UpstreamReadFacts } from '../../../src/domain/upstream-call.js';
import { CatalogueStore } from '../../../src/reads/catalogue.store.js';
import type { BillingReadsFactory } from '../../../src/reads/reads-factory.js';
import { recordedCall } from '../../support/upstream-call.js';
import { caller } from './activity.fixture.js';
import { catalogueOf, GroupModel } from './group.model.js';
import { codes, NOW_MS, operation, readsFactory, rootWithGroups } from './reads.fixture.js';
import { UpstreamModel } from './upstream.model.js';

let groups: GroupModel;
let factory: BillingReadsFactory;
let nowMs: number;

beforeEach(() => {
  nowMs = NOW_MS;
  groups = new GroupModel();
  factory = factoryWith();
});

function factoryWith(options: { readonly maxUpstreamCalls?: number } = {}): BillingReadsFactory {
  const history = new UpstreamModel(rootWithGroups(3));
  return readsFactory(history, { groupClient: groups, clock: () => nowMs, ...options });
}

const read = (groupId: string | null, who = caller({})) => operation(factory, { who }).catalogue(groupId, 'catalogue');
const asked = (...ofGroups: readonly (string | null)[]): string[] =>
  ofGroups.map((id) => `plans acme-credential ${id}`);

describe('the catalogue of a group', () => {
  it('is one call for plans and packs, whoever asks in the operation', async () => {
    const reads = operation(factory);
    const [plans, packs] = await Promise.all([
      reads.catalogue('2', 'availablePlans'),
      reads.catalogue('0002', 'availablePacks'),
    ]);
    expect(plans).toBe(packs);
    expect([groups.journal, reads.upstreamCalls()]).toEqual([asked('2'), { made: 1, saved: 1 }]);
  });

  it('is kept for a minute, and then read anew', async () => {
    await read('2');
    nowMs += 59_999;
    groups.offered = catalogueOf('9');
    const reads = operation(factory);
    expect((await reads.catalogue('2', 'catalogue')).plans[0]?.id).toBe('1');
    expect(reads.upstreamCalls()).toEqual({ made: 0, saved: 1 });
    nowMs += 1;
    expect((await read('2')).plans[0]?.id).toBe('9');
    expect(groups.journal).toEqual(asked('2', '2'));
  });

  it('is dropped by a write on the group, and by one on nobody knows which, but not by one on another group', async () => {
    await Promise.all([read('2'), read('3'), read(null)]);
    factory.forget('acme-credential', '2');
    await Promise.all([read('2'), read('3'), read(null)]);
    expect(groups.journal).toEqual([...asked('2', '3', null), ...asked('2', null)]);
    factory.forget('other-credential', null);
    await Promise.all([read('2'), read('3'), read(null)]);
    expect(groups.journal).toHaveLength(5);
    factory.forget('acme-credential', null);
    await Promise.all([read('2'), read('3'), read(null)]);
    expect(groups.journal).toHaveLength(8);
  });

  it('that was asked for before a write is neither kept nor shared after it', async () => {
    const before = read('2');
    while (groups.journal.length === 0) await new Promise((resolve) => process.nextTick(resolve));
    factory.forget('acme-credential', '2');
    groups.offered = catalogueOf('9');
    const after = await read('2');
    expect([(await before).plans[0]?.id, after.plans[0]?.id]).toEqual(['1', '9']);
    expect((await read('2')).plans[0]?.id).toBe('9');
    expect(groups.journal).toEqual(asked('2', '2'));
  });

  it('is never shared with another tenant or another credential', async () => {
    await read('2');
    await read('2', caller({ tenant: 'other', credential: 'acme-credential' }));
    await read('2', caller({ credential: 'second' }));
    expect(groups.journal).toEqual([...asked('2', '2'), 'plans second 2']);
  });

  it('is not kept when it could not be read', async () => {
    groups.refuses = 'NOT_CONFIGURED';
    await expect(read('2')).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    groups.refuses = null;
    expect((await read('2')).plans).toHaveLength(1);
  });

  it('is that of the root group where the group is left out and the root is known', async () => {
    const who = caller({ root: '7' });
    await read(null, who);
    await read('7', who);
    expect(groups.journal).toEqual(asked('7'));
  });

  it('is refused before any call to who may not read the group', async () => {
    await read('2');
    const who = caller({ allowed: ['3'] });
    const results = await Promise.allSettled([read('2', who), read(null, who), read('x'), read('3', who)]);
    expect(codes(results)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'BAD_USER_INPUT', 'ok']);
    await expect(read('2', caller({ credential: null }))).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    expect(groups.journal).toEqual(asked('2', '3'));
  });

  it('counts against the limit of calls, unless it is kept', async () => {
    factory = factoryWith({ maxUpstreamCalls: 2 });
    await Promise.all([read('1'), read('2')]);
    const reads = operation(factory);
    const results = await Promise.allSettled(['1', '2', '3'].map((id) => reads.catalogue(id, 'catalogue')));
    expect(codes(results)).toEqual(['ok', 'ok', 'ok']);
    const refused = await Promise.allSettled(['4', '5', '6'].map((id) => reads.catalogue(id, 'catalogue')));
    expect(codes(refused)).toEqual(['OPERATION_TOO_COMPLEX', 'OPERATION_TOO_COMPLEX', 'OPERATION_TOO_COMPLEX']);
    expect(groups.journal).toEqual(asked('1', '2', '3'));
  });

  it('tells observers which fields asked, and whether anything was sent for it', async () => {
    const facts: UpstreamReadFacts[] = [];
    const shared: unknown[] = [];
    const { call } = recordedCall();
    const observer = {
      ...call.observer,
      read: (read: UpstreamReadFacts) => {
        facts.push(read);
        return { ...call.observer, shared: (response: Promise<unknown>) => void shared.push(response) };
      },
    };
    const ask = async (): Promise<void> => {
      const reads = operation(factory, { call: { ...call, observer } });
      await Promise.all([reads.catalogue('2', 'availablePlans'), reads.catalogue('2', 'availablePacks')]);
    };
    await Promise.all([ask(), ask()]);
    await ask();
    const told = {
      operation: 'getPlans',
      groups: 1,
      askedBy: { availablePlans: 1, availablePacks: 1 },
      recursive: false,
    };
    expect(facts).toEqual([
      { ...told, reason: 'planned' },
      { ...told, reason: 'planned' },
      { ...told, reason: 'kept' },
    ]);
    expect(shared).toHaveLength(1);
  });
});

describe('the memory of catalogues', () => {
  const subject = (groupId: string) => ({ tenantId: 't', credentialId: 'c', groupId });

  it('is bounded by entries and by items, the oldest going first', () => {
    const store = new CatalogueStore(() => nowMs, { entries: 2, items: 3, keptMs: 10 });
    for (const id of ['1', '2', '3']) store.keep(subject(id), catalogueOf(id));
    expect(['1', '2', '3'].map((id) => store.find(subject(id)) !== null)).toEqual([false, true, true]);
    const two = { plans: [...catalogueOf('1').plans, ...catalogueOf('2').plans], packs: [] };
    store.keep(subject('4'), two);
    store.keep(subject('4'), two);
    expect(['2', '3', '4'].map((id) => store.find(subject(id)) !== null)).toEqual([false, true, true]);
    store.keep(subject('5'), { plans: [...two.plans, ...two.plans], packs: [] });
    expect(store.find(subject('5'))).toBeNull();
    expect(store.find(subject('4'))).toBe(two);
  });

  it('keeps names of tenants apart that look alike', () => {
    const store = new CatalogueStore(() => nowMs);
    store.keep({ tenantId: 'a","b', credentialId: 'c', groupId: '1' }, catalogueOf('1'));
    expect(store.find({ tenantId: 'a', credentialId: 'b","c', groupId: '1' })).toBeNull();
  });
});
