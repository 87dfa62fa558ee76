import type { SpendingLimits } from './spending.js';

export const SCOPES = [
  'billing:read',
  'billing:wholesale',
  'billing:write',
  'billing:ui',
  'billing:delete-documents',
  'credits:purchase',
  'billing:admin',
] as const;

export type Scope = (typeof SCOPES)[number];

/**
 * The Xtracta key of a tenant. `id` is a keyed hash of the key: it names the credential in cache keys, ledger rows and
 * logs, where the key itself must never stand.
 */
export interface XtractaCredential {
  readonly id: string;
  readonly apiKey: string;
  /** The key's own group, where known: with it, many groups are read by one recursive call. */
  readonly rootGroupId: string | null;
}

/** How to authorise at the AccountAdminAPI. `id` as in {@link XtractaCredential}. */
export type CreditsCredential =
  | { readonly kind: 'bearer'; readonly id: string; readonly token: string }
  | { readonly kind: 'header'; readonly id: string; readonly authorization: string }
  | {
      readonly kind: 'clientCredentials';
      readonly id: string;
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
    };

/** For whom a request acts: one customer of the gateway with its upstream credentials. */
export interface Tenant {
  readonly id: string;
  readonly xtracta: XtractaCredential | null;
  readonly credits: CreditsCredential | null;
  /**
   * The tenant that purchases of credits belong to in the ledger, where it is another: callers who bring their own
   * credentials share a credits account by its authorization, whatever Xtracta key stands beside it.
   */
  readonly creditsOwnerId?: string;
  /** What it may spend at most. Absent: the gateway limits nothing. */
  readonly limits?: SpendingLimits;
}

/** Who is asking. Made once per HTTP request, after authentication, and never changed. */
export interface Caller {
  readonly tenant: Tenant;
  readonly scopes: ReadonlySet<Scope>;
  /** Group ids (leading zeros stripped) this caller may name; null: no limit of the gateway's own. */
  readonly allowedGroups: ReadonlySet<string> | null;
  /** The verified subject for the audit trail, or null where the mode knows none. */
  readonly subject: string | null;
}
