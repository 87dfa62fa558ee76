import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Actor,
  assertTransition,
  ForbiddenTransition,
  findTransition,
  isUnfinished,
  type LedgerState,
  TRANSITIONS,
} from '../../../src/idempotency/ledger-states.js';

const STATES: readonly LedgerState[] = ['claimed', 'sending', 'succeeded', 'rejected', 'not_sent', 'unknown'];
const ACTORS: readonly Actor[] = ['owner', 'sweep', 'late-answer', 'reconciler', 'operator'];

const ALLOWED: readonly (readonly [LedgerState | null, LedgerState, Actor])[] = [
  [null, 'claimed', 'owner'],
  ['claimed', 'sending', 'owner'],
  ['claimed', 'not_sent', 'owner'],
  ['claimed', 'not_sent', 'sweep'],
  ['sending', 'succeeded', 'owner'],
  ['sending', 'rejected', 'owner'],
  ['sending', 'not_sent', 'owner'],
  ['sending', 'unknown', 'owner'],
  ['sending', 'unknown', 'sweep'],
  ['not_sent', 'claimed', 'owner'],
  ['unknown', 'succeeded', 'late-answer'],
  ['unknown', 'succeeded', 'reconciler'],
  ['unknown', 'succeeded', 'operator'],
  ['unknown', 'rejected', 'late-answer'],
  ['unknown', 'rejected', 'reconciler'],
  ['unknown', 'rejected', 'operator'],
  ['unknown', 'not_sent', 'late-answer'],
  ['succeeded', 'rejected', 'late-answer'],
  ['succeeded', 'rejected', 'operator'],
  ['succeeded', 'not_sent', 'late-answer'],
];

describe('the transition table', () => {
  it.each(ALLOWED)('lets a write go from %s to %s by the %s', (from, to, by) => {
    expect(() => assertTransition(from, to, by)).not.toThrow();
    expect(findTransition(from, to, by)?.why).toMatch(/\.$/);
  });

  it('refuses everything else', () => {
    const allowed = new Set(ALLOWED.map((rule) => rule.join('|')));
    for (const from of [null, ...STATES]) {
      for (const to of STATES) {
        for (const by of ACTORS) {
          if (!allowed.has([from, to, by].join('|'))) {
            expect(() => assertTransition(from, to, by)).toThrow(ForbiddenTransition);
          }
        }
      }
    }
  });

  it('never sends a write again that may have been sent, along any path', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (choices) => {
        let state: LedgerState | null = null;
        let maybeSent = false;
        for (const choice of choices) {
          const open = TRANSITIONS.filter((rule) => rule.from === state);
          const rule = open[choice % Math.max(open.length, 1)];
          if (rule === undefined) {
            return;
          }
          if (rule.to === 'sending') {
            expect(maybeSent).toBe(false);
            maybeSent = true;
          }
          // Only the owner itself can take "sent" back: by its own proof, at once or late.
          if (rule.to === 'not_sent') {
            expect(rule.by.includes('sweep') && maybeSent).toBe(false);
            maybeSent = false;
          }
          state = rule.to;
        }
      }),
    );
  });

  it('ends in succeeded and rejected for ever, but for a person or a response that corrects the reconciler', () => {
    expect(TRANSITIONS.filter(({ from }) => from === 'succeeded' || from === 'rejected')).toMatchObject([
      { from: 'succeeded', to: 'rejected', by: ['late-answer', 'operator'] },
      { from: 'succeeded', to: 'not_sent', by: ['late-answer'] },
    ]);
  });

  it('leaves a write unfinished only while an owner is at work on it', () => {
    expect(STATES.filter(isUnfinished)).toEqual(['claimed', 'sending']);
  });
});
