import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWTPayload } from 'jose';
import type { TestGateway } from '../support/start-gateway.js';
import type { TestWorld } from '../support/start-simulator.js';
import { jwtSettings, newSigningKey, token } from '../wire/auth/identity-provider.js';
import { type ProbeResponse, postQuery } from './http-probe.js';
import { openStand, type Stand } from './security.harness.js';

export type TenantName = 'alpha' | 'beta' | 'gamma';

const ALL_SCOPES = 'billing:read billing:write billing:ui billing:delete-documents credits:purchase billing:admin';

/**
 * One gateway with three tenants on one simulator. `alpha` and `gamma` hold the same upstream key, as two customers of
 * one reseller do; `beta` has an account of its own. Every row of an account carries the account's canary.
 */
export interface TenantStand {
  readonly stand: Stand;
  readonly gateway: TestGateway;
  readonly worlds: Readonly<Record<TenantName, TestWorld>>;
  /** Text in every response of the tenant's upstream account, which must not appear in any other tenant's. */
  canaryOf(tenant: TenantName): string;
  /** Sends a request as a caller of the tenant, with all scopes unless `claims` says otherwise. */
  ask(tenant: TenantName, query: string, variables?: unknown, claims?: JWTPayload): Promise<ProbeResponse>;
  /** Requests to an account since the last {@link forgetCalls}. */
  calls(tenant: TenantName, endpoint?: string): number;
  forgetCalls(): void;
  close(): Promise<void>;
}

export async function openTenantStand(env: Readonly<Record<string, string>> = {}): Promise<TenantStand> {
  const stand = await openStand('tenants');
  const shared = stand.simulator.freshWorld('alpha');
  const worlds = { alpha: shared, beta: stand.simulator.freshWorld('beta'), gamma: shared };
  const folder = await mkdtemp(join(tmpdir(), 'tenants-'));
  const file = join(folder, 'tenants.json');
  const entry = (name: TenantName, more: object) => ({
    xtractaApiKey: worlds[name].apiKey,
    creditsToken: worlds[name].creditsToken,
    ...more,
  });
  writeFileSync(
    file,
    JSON.stringify({
      tenants: {
        alpha: entry('alpha', { rootGroupId: '100000' }),
        beta: entry('beta', { rootGroupId: '100000', allowedGroups: ['100000', '100001', '100041', '100047'] }),
        gamma: entry('gamma', { rootGroupId: '100000', allowedGroups: ['100002', '100051'] }),
      },
    }),
  );
  const key = await newSigningKey('security', 'ES256');
  const gateway = await stand.start({
    ...(await jwtSettings(key)),
    TENANTS_FILE: file,
    RATE_LIMIT_WRITES_PER_MINUTE: '0',
    RATE_LIMIT_BILLING_UI_PER_MINUTE: '0',
    // These tests send equal orders under many keys; the guard against equal orders has its own tests.
    DUPLICATE_WINDOW_SECONDS: '0',
    ...env,
  });
  const canaryOf = (tenant: TenantName): string => `canary-${tenant === 'beta' ? 'beta' : 'alpha'}-account`;
  for (const tenant of ['alpha', 'beta'] as const) markRows(worlds[tenant], canaryOf(tenant));
  return {
    stand,
    gateway,
    worlds,
    canaryOf,
    async ask(tenant, query, variables = {}, claims = {}) {
      const bearer = await token(key, { tenant, scope: ALL_SCOPES, ...claims });
      return await postQuery(gateway.url, query, variables, { authorization: `Bearer ${bearer}` });
    },
    calls(tenant, endpoint) {
      const counts = worlds[tenant].world.journal.counts();
      const chosen = endpoint === undefined ? Object.values(counts) : [counts[endpoint] ?? { received: 0 }];
      return chosen.reduce((sum, { received }) => sum + received, 0);
    },
    forgetCalls() {
      for (const { world } of Object.values(worlds)) world.journal.clear();
    },
    async close() {
      await stand.close();
      await rm(folder, { recursive: true });
    },
  };
}

function markRows({ world }: TestWorld, canary: string): void {
  for (const name of ['plan', 'group_name']) {
    world.addFault({ endpoint: 'history', kind: 'element', params: { name, value: canary } });
  }
  for (const name of ['name', 'plan_name', 'pack_name']) {
    world.addFault({ endpoint: 'plans', kind: 'element', params: { name, value: canary } });
  }
}
