import { describe, expect, it } from '@jest/globals';
import { MembershipMemory } from '../../../src/reads/membership-memory.js';

const YEAR = { fromSeconds: 0, toSeconds: 31_536_000 };
const DAY = { fromSeconds: 0, toSeconds: 86_400 };

describe('the memory of groups below a base', () => {
  it('knows the groups that a recursive response named, and its size', () => {
    const memory = new MembershipMemory(() => 0);
    memory.learn('s', '1', YEAR, 12, ['2', '3']);
    expect(['2', '3', '4'].map((id) => memory.of('s', '1').membership(id, DAY))).toEqual([
      'descendant',
      'descendant',
      'unknown',
    ]);
    expect(memory.of('s', '1').size).toEqual({ rows: 12, spanSeconds: 31_536_001, groups: 2 });
  });

  it('keeps credentials and ancestors apart', () => {
    const memory = new MembershipMemory(() => 0);
    memory.learn('s', '1', YEAR, 1, ['2']);
    expect(memory.of('t', '1').membership('2', DAY)).toBe('unknown');
    expect(memory.of('s', '3').membership('2', DAY)).toBe('unknown');
  });

  it("sends a group that a response did not settle on its own, for windows no wider than that response's", () => {
    const memory = new MembershipMemory(() => 0);
    memory.learnOutside('s', '1', DAY, '9');
    expect(memory.of('s', '1').membership('9', DAY)).toBe('outside');
    expect(memory.of('s', '1').membership('9', YEAR)).toBe('unknown');
    memory.learn('s', '1', YEAR, 1, ['9']);
    expect(memory.of('s', '1').membership('9', DAY)).toBe('descendant');
  });

  it('forgets after ten minutes, and tries a failed base again after one', () => {
    let nowMs = 0;
    const memory = new MembershipMemory(() => nowMs);
    memory.learn('s', '1', YEAR, 1, ['2']);
    memory.learnOutside('s', '1', YEAR, '3');
    memory.avoid('s', '1', 'failed');
    expect(memory.of('s', '1').isAvoided).toBe(true);
    nowMs = 60_000;
    expect(memory.of('s', '1').isAvoided).toBe(false);
    memory.avoid('s', '1', 'unusable');
    nowMs = 600_000;
    expect(memory.of('s', '1').isAvoided).toBe(true);
    expect(['2', '3'].map((id) => memory.of('s', '1').membership(id, DAY))).toEqual(['unknown', 'unknown']);
    expect(memory.of('s', '1').size).toBeNull();
  });

  it('is bounded: an ancestor by its groups, all ancestors together by theirs', () => {
    const memory = new MembershipMemory(() => 0, { groups: 10, groupsPerAncestor: 4, keptMs: 1_000, avoidedMs: 100 });
    const ids = (ancestorId: string) => Array.from({ length: 6 }, (_, index) => `${ancestorId}${index}`);
    const known = (ancestorId: string) =>
      ids(ancestorId).filter((id) => memory.of('s', ancestorId).membership(id, DAY) === 'descendant').length;
    memory.learn('s', '1', YEAR, 6, ids('1'));
    expect(known('1')).toBe(4);
    memory.learn('s', '2', YEAR, 6, ids('2'));
    memory.learn('s', '3', YEAR, 6, ids('3'));
    expect([known('1'), known('2'), known('3')]).toEqual([0, 4, 4]);
    for (let index = 0; index < 1_000; index += 1) memory.learnOutside('s', '4', YEAR, String(index));
    expect(memory.of('s', '4').membership('999', DAY)).toBe('outside');
    expect(memory.of('s', '4').membership('0', DAY)).toBe('unknown');
  });
});
