import { describe, expect, it } from '@jest/globals';
import type { HistoryRead } from '../../../src/reads/billing-reads.js';
import {
  groupNameIn,
  HistoryResponse,
  presentNameIn,
  settle,
  toHistoryResponse,
} from '../../../src/reads/history-response.js';
import { activity, NOBODYS } from './activity.fixture.js';

const read = (groupId: string, fromSeconds: number, toSeconds: number, recursive = false): HistoryRead => ({
  groupId,
  fromSeconds,
  toSeconds,
  recursive,
});
const row = (id: string, groupId: string | null, startSeconds: number | null) =>
  activity({ id, groupId, startMs: startSeconds === null ? null : startSeconds * 1000 });
const idsOf = (rows: readonly { readonly id: string }[] | null): string[] | null => rows?.map(({ id }) => id) ?? null;

const DATED = [row('a', '1', 10), row('b', '2', 20), row('c', '2', 80)];

describe('a response', () => {
  it('about one group keeps its rows, takes in those that name no group, and drops the rest', () => {
    let foreign = 0;
    const rows = [row('a', '1', 10), row('b', null, 20), row('c', '2', 30)];
    const response = toHistoryResponse(read('1', 0, 100), { activities: rows }, () => {
      foreign += 1;
    });
    expect(response.rows.map(({ id, groupId }) => [id, groupId])).toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);
    expect(foreign).toBe(1);
  });

  it('about one group keeps a row whose group cannot be read, which is then no group’s', () => {
    const rows = [row('a', '1', 10), activity({ id: 'b', startMs: 20_000, groupName: 'Other', ...NOBODYS })];
    const response = toHistoryResponse(read('1', 0, 100), { activities: rows }, () => undefined);
    expect(response.rows.map(({ id, groupId, group }) => [id, groupId, group])).toEqual([
      ['a', '1', { id: '1', name: 'Group 1' }],
      ['b', null, NOBODYS.group],
    ]);
    expect(idsOf(response.rowsOf('1'))).toEqual(['a']);
    expect(groupNameIn(response.rows)).toBe('Group 1');
    expect(idsOf(settle(response, read('1', 0, 100), false))).toEqual(['a', 'b']);
  });

  it.each([
    ['the very question', DATED, read('1', 0, 100, true), ['a', 'b', 'c']],
    ['a narrower window', DATED, read('1', 0, 50, true), ['a', 'b']],
    ['a wider window', DATED, read('1', 0, 101, true), null],
    ['another group with all below it', DATED, read('2', 0, 100, true), null],
    ['a group that it names', DATED, read('2', 0, 100), ['b', 'c']],
    ['a group that it names, in a narrower window', DATED, read('2', 0, 50), ['b']],
    ['its own group alone', DATED, read('1', 0, 100), ['a']],
    ['a group that it does not name', DATED, read('3', 0, 100), null],
    ['a group, where a row names none', [...DATED, row('d', null, 30)], read('2', 0, 100), null],
    ['the very question, where a row names no group', [row('d', null, 30)], read('1', 0, 100, true), ['d']],
    ['a group, where a row names an unreadable one', [...DATED, activity(NOBODYS)], read('2', 0, 100), null],
    ['the very question, where a row has no date', [row('d', '2', null)], read('1', 0, 100, true), ['d']],
    ['a narrower window, where a row has no date', [row('d', '2', null)], read('1', 0, 50, true), null],
    ['a group in the same window, where its row has no date', [row('d', '2', null)], read('2', 0, 100), ['d']],
    ['a group in a narrower window, where its row has no date', [row('d', '2', null)], read('2', 0, 50), null],
    [
      "a group in a narrower window, where another's row has no date",
      [...DATED, row('d', '1', null)],
      read('2', 0, 50),
      ['b'],
    ],
  ])('with all below group 1 says to %s what it would be told alone', (_name, rows, asked, expected) => {
    expect(idsOf(settle(new HistoryResponse(read('1', 0, 100, true), rows), asked, false))).toEqual(expected);
  });

  it('with all below says nothing of a group without rows, which may have been moved or deleted', () => {
    const response = new HistoryResponse(read('1', 0, 100, true), DATED);
    expect(settle(response, read('3', 0, 50), true)).toBeNull();
  });

  it.each([
    ['its group', read('1', 0, 100), read('1', 30, 50)],
    ['its group with all below', read('1', 0, 100, true), read('1', 30, 50, true)],
    ['a group below', read('1', 0, 100, true), read('2', 30, 50)],
  ])(
    'says nothing of a narrower window of %s without rows, unless an upstream lists none',
    (_name, asked, narrower) => {
      const rows = [row('a', '1', 10), row('b', asked.recursive ? '2' : '1', 20)];
      const response = new HistoryResponse(asked, rows);
      expect([settle(response, narrower, false), settle(response, narrower, true)]).toEqual([null, []]);
      const itself = new HistoryResponse(narrower, []);
      expect(settle(itself, narrower, false)).toEqual([]);
    },
  );

  it('about one group says nothing of what lies below it', () => {
    expect(
      settle(new HistoryResponse(read('1', 0, 100), [row('a', '1', 10)]), read('1', 0, 100, true), true),
    ).toBeNull();
  });

  it('names a group as its latest row does', () => {
    const rows = [
      activity({ groupName: 'Old', startMs: 1 }),
      activity({ groupName: 'New', startMs: 3 }),
      activity({ groupName: null, startMs: 4 }),
      activity({ groupName: 'Undated', startMs: null }),
    ];
    expect(groupNameIn(rows)).toBe('New');
    expect(groupNameIn([...rows].reverse())).toBe('New');
    expect(groupNameIn([activity({ groupName: null })])).toBeNull();
    expect(groupNameIn([activity({ groupName: 'B' }), activity({ groupName: 'A' })])).toBe('A');
    expect(
      [1, 2_000].map((nowMs) => presentNameIn([...rows, activity({ groupName: 'Next', startMs: 5_000 })], nowMs)),
    ).toEqual(['New', 'New']);
    expect(presentNameIn([activity({ groupName: 'Next', startMs: 5_000 })], 1)).toBe('Next');
  });
});
