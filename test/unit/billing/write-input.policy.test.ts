import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  checkCatalogueId,
  checkDeletion,
  checkExpireSeconds,
  checkIdempotencyKey,
  checkPurchase,
  checkQuantity,
  checkWriteGroup,
} from '../../../src/billing/write-input.policy.js';
import { type Caller, SCOPES, type Scope } from '../../../src/domain/caller.js';
import type { CreditPurchaseRequest } from '../../../src/domain/purchases.js';

function caller(options: { scopes?: readonly Scope[]; rootGroupId?: string; allowedGroups?: string[] } = {}): Caller {
  return {
    tenant: {
      id: 'tenant',
      xtracta: { id: 'credential', apiKey: 'key', rootGroupId: options.rootGroupId ?? null },
      credits: null,
    },
    scopes: new Set(options.scopes ?? SCOPES),
    allowedGroups: options.allowedGroups === undefined ? null : new Set(options.allowedGroups),
    subject: null,
  };
}

const purchase = (over: Partial<CreditPurchaseRequest> = {}): CreditPurchaseRequest => ({
  purchaseId: '9beb5f68-6493-4cc4-b55e-187541a9d22b',
  purchaseOrder: null,
  billing: null,
  ...over,
});

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return 'accepted';
}

describe('idempotencyKey', () => {
  it.each(['12345678', 'order:2026.03_01-A', 'x'.repeat(255)])('accepts %s', (key) => {
    expect(checkIdempotencyKey(key)).toBe(key);
  });

  it.each(['', '1234567', 'x'.repeat(256), 'with space', 'new\nline-key', 'ümlaut-key', 'full１２３４５'])(
    'refuses %j',
    (key) => {
      expect(codeOf(() => checkIdempotencyKey(key))).toBe('BAD_USER_INPUT');
    },
  );
});

describe('ids and counts', () => {
  it.each(['0', '000', '', '-1', '1 OR 1=1', '1&purge=delete', '１', '1e3', '0x1F', '1'.repeat(19)])(
    'refuses the pack id %j',
    (id) => {
      expect(codeOf(() => checkCatalogueId(id, 'packId'))).toBe('BAD_USER_INPUT');
    },
  );

  it('strips leading zeros, so that two spellings are one target', () => {
    expect(checkCatalogueId('0012', 'planId')).toBe('12');
  });

  it.each([0, -1, 101, 1.5, Number.NaN])('refuses the quantity %d', (quantity) => {
    expect(codeOf(() => checkQuantity(quantity))).toBe('BAD_USER_INPUT');
  });

  it.each([0, -1, 259_201])('refuses expireSeconds %d', (seconds) => {
    expect(codeOf(() => checkExpireSeconds(seconds))).toBe('BAD_USER_INPUT');
  });

  it('accepts the bounds themselves', () => {
    expect([checkQuantity(1), checkQuantity(100), checkExpireSeconds(1), checkExpireSeconds(259_200)]).toEqual([
      1, 100, 1, 259_200,
    ]);
  });
});

describe('deleting held documents', () => {
  it.each([
    ['PROCESS', false, ['billing:write'], 'accepted'],
    ['DELETE', true, ['billing:write', 'billing:delete-documents'], 'accepted'],
    ['DELETE', false, ['billing:write', 'billing:delete-documents'], 'BAD_USER_INPUT'],
    ['DELETE', true, ['billing:write'], 'FORBIDDEN'],
    ['DELETE', false, ['billing:write'], 'FORBIDDEN'],
  ] as const)('%s, confirmed: %s, scopes %j: %s', (action, confirmed, scopes, expected) => {
    expect(codeOf(() => checkDeletion(caller({ scopes }), action, confirmed))).toBe(expected);
  });
});

describe('the group of a write', () => {
  it.each([
    ['the named group', {}, '007', '7'],
    ['the root group when none is named', { rootGroupId: '9' }, null, '9'],
    ['the key’s own, unknown group', {}, null, null],
    ['a listed group', { allowedGroups: ['7'] }, '7', '7'],
    ['the listed root', { rootGroupId: '9', allowedGroups: ['9'] }, null, '9'],
  ])('is %s', (_title, options, groupId, expected) => {
    expect(checkWriteGroup(caller(options), groupId)).toBe(expected);
  });

  it.each([
    ['a group that is not listed', { allowedGroups: ['7'] }, '8', 'FORBIDDEN'],
    ['the root when it is not listed', { rootGroupId: '9', allowedGroups: ['7'] }, null, 'FORBIDDEN'],
    ['an unknown root where a list applies', { allowedGroups: ['7'] }, null, 'FORBIDDEN'],
    ['what is no id', {}, '7x', 'BAD_USER_INPUT'],
  ])('refuses %s', (_title, options, groupId, code) => {
    expect(codeOf(() => checkWriteGroup(caller(options), groupId))).toBe(code);
  });
});

describe('a purchase of credits', () => {
  it('has its UUID in canonical form', () => {
    expect(checkPurchase(purchase({ purchaseId: '9BEB5F68-6493-4CC4-B55E-187541A9D22B' })).purchaseId).toBe(
      '9beb5f68-6493-4cc4-b55e-187541a9d22b',
    );
  });

  it.each(['', 'x', '00000000-0000-0000-0000-000000000000', '{9beb5f68-6493-4cc4-b55e-187541a9d22b}'])(
    'refuses the purchaseId %j',
    (purchaseId) => {
      expect(codeOf(() => checkPurchase(purchase({ purchaseId })))).toBe('BAD_USER_INPUT');
    },
  );

  it('leaves out blank texts', () => {
    const blank = { address: ' ', company: null, email: '', mobile: null, phone: null };
    expect(checkPurchase(purchase({ purchaseOrder: '  ', billing: blank }))).toEqual(purchase());
  });

  it.each(['x'.repeat(256), 'nul\u0000', '\ud800'])('refuses the purchase order %j', (purchaseOrder) => {
    expect(codeOf(() => checkPurchase(purchase({ purchaseOrder })))).toBe('BAD_USER_INPUT');
  });

  it('never repeats what was sent in the message of a refusal', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, maxLength: 40 }), (text) => {
        try {
          checkIdempotencyKey(`${text}\u0000`);
        } catch (error) {
          expect(String(error)).not.toContain(text);
        }
      }),
    );
  });
});
