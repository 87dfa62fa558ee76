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
 * The Xtracta key of a tenant. `id` is a keyed hash of the key. It names the credential in cache keys, ledger rows and
 * logs, where the key itself must never appear.
 */
export interface XtractaCredential {
  readonly id: string;
  readonly apiKey: string;
  /** The key's own group, where known. With it, one recursive call reads many groups. */
  readonly rootGroupId: string | null;
}

/** The credential for the AccountAdminAPI. `id` as in {@link XtractaCredential}. */
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

/** One customer of the gateway, with its upstream credentials. Every request acts for one tenant. */
export interface Tenant {
  readonly id: string;
  readonly xtracta: XtractaCredential | null;
  readonly credits: CreditsCredential | null;
  /**
   * The tenant that owns purchases of credits in the ledger, where it is another tenant. Callers who bring their own
   * credentials share a credits account by its authorization, whatever Xtracta key they bring.
   */
  readonly creditsOwnerId?: string;
  /** The most that the tenant may spend. Absent: the gateway limits nothing. */
  readonly limits?: SpendingLimits;
}

/**
 * The authenticated sender of a request. The gateway makes it once per HTTP request, after authentication, and never
 * changes it.
 */
export interface Caller {
  readonly tenant: Tenant;
  readonly scopes: ReadonlySet<Scope>;
  /** Group ids that this caller may name, leading zeros stripped. Null: the gateway sets no limit of its own. */
  readonly allowedGroups: ReadonlySet<string> | null;
  /** The verified subject for the audit trail, or null where the mode knows none. */
  readonly subject: string | null;
}
