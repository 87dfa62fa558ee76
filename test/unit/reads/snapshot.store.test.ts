import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type SnapshotLimits, SnapshotStore, type SnapshotSubject } from '../../../src/reads/snapshot.store.js';
import { randomRuns } from '../../support/suite.sizes.js';
import { activity } from './activity.fixture.js';

const rowsOf = (count: number) => Array.from({ length: count }, (_, index) => activity({ id: String(index) }));

function subject(fields: {
  tenantId?: string;
  credentialId?: string;
  groupId?: string;
  recursive?: boolean;
  to?: number;
}): SnapshotSubject {
  const { tenantId = 'acme', credentialId = 'c', groupId = '1', recursive = false, to = 100 } = fields;
  return { tenantId, credentialId, read: { groupId, recursive, fromSeconds: 0, toSeconds: to } };
}

type Amount = SnapshotLimits['total'];

const storeOf = (total: Amount, tenant: Amount = total) => new SnapshotStore(() => 0, { total, tenant, keptMs: 1_000 });

describe('the kept responses', () => {
  it('are found by the same tenant, credential and question only', () => {
    const store = new SnapshotStore(() => 0);
    const rows = rowsOf(2);
    const id = store.keep(subject({}), rows);
    expect(store.find(id, subject({}))).toBe(rows);
    for (const other of [
      { tenantId: 'umbrella' },
      { credentialId: 'd' },
      { groupId: '2' },
      { recursive: true },
      { to: 99 },
    ]) {
      expect(store.find(id, subject(other))).toBeNull();
    }
  });

  it('are gone a minute after their last use', () => {
    let nowMs = 0;
    const store = new SnapshotStore(() => nowMs);
    const id = store.keep(subject({}), rowsOf(1));
    nowMs = 59_999;
    expect(store.find(id, subject({}))).not.toBeNull();
    nowMs += 59_999;
    expect(store.find(id, subject({}))).not.toBeNull();
    nowMs += 60_000;
    expect(store.find(id, subject({}))).toBeNull();
  });

  it('stay within their number of responses and of rows, the least recently used going first', () => {
    const store = storeOf({ entries: 2, rows: 10 });
    const first = store.keep(subject({}), rowsOf(1));
    const second = store.keep(subject({}), rowsOf(1));
    expect(store.find(first, subject({}))).not.toBeNull();
    const third = store.keep(subject({}), rowsOf(1));
    expect(store.find(second, subject({}))).toBeNull();
    const large = store.keep(subject({}), rowsOf(10));
    expect([first, third, large].map((id) => store.find(id, subject({}))?.length ?? null)).toEqual([null, null, 10]);
    expect(store.find(store.keep(subject({}), rowsOf(11)), subject({}))).toBeNull();
    expect(store.find(large, subject({}))).not.toBeNull();
  });

  it('of a tenant stay within its own bound, and its newest is never the one to go', () => {
    const store = storeOf({ entries: 100, rows: 100 }, { entries: 3, rows: 10 });
    const other = subject({ tenantId: 'umbrella' });
    const kept = store.keep(other, rowsOf(5));
    const ids = [4, 4, 4, 1, 1].map((count) => store.keep(subject({}), rowsOf(count)));
    expect(ids.map((id) => store.find(id, subject({}))?.length ?? null)).toEqual([null, null, 4, 1, 1]);
    expect(store.find(store.keep(subject({}), rowsOf(11)), subject({}))).toBeNull();
    expect(store.find(kept, other)).toHaveLength(5);
  });

  it('of tenants that keep little outlast whatever tenants that keep much read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ tenantId: fc.constantFrom('acme', 'globex'), rows: fc.nat({ max: 12 }) }), {
          maxLength: 40,
        }),
        (others) => {
          const store = storeOf({ entries: 12, rows: 60 }, { entries: 8, rows: 40 });
          const small = subject({ tenantId: 'umbrella' });
          // A third of everything, which is what three tenants have each.
          const ids = [5, 5, 5, 5].map((count) => store.keep(small, rowsOf(count)));
          for (const { tenantId, rows } of others) store.keep(subject({ tenantId }), rowsOf(rows));
          expect(ids.map((id) => store.find(id, small)?.length)).toEqual([5, 5, 5, 5]);
        },
      ),
      { numRuns: randomRuns(200) },
    );
  });

  it('of a group, and all recursive ones of its credential, are dropped by a write on the group', () => {
    const store = new SnapshotStore(() => 0);
    const subjects = [
      subject({}),
      subject({ groupId: '2', recursive: true }),
      subject({ groupId: '2' }),
      subject({ credentialId: 'd' }),
    ];
    const ids = subjects.map((kept) => store.keep(kept, rowsOf(1)));
    const found = () => subjects.map((kept, index) => store.find(ids[index] ?? '', kept) !== null);
    store.forget('c', '1');
    expect(found()).toEqual([false, false, true, true]);
    store.forget('c', null);
    expect(found()).toEqual([false, false, false, true]);
  });
});
