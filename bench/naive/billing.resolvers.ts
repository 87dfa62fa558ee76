import type { ActivityXml, XtractaSource } from '#bench/naive/xtracta.xml';

export interface NaiveContext {
  readonly dataSources: { readonly xtracta: XtractaSource };
}

interface HistoryArguments {
  readonly from?: string;
  readonly to?: string;
  readonly includeSubgroups: boolean;
  readonly first: number;
}

interface OrderArguments {
  readonly input: { readonly packId: string; readonly groupId: string; readonly quantity: number };
}

interface GroupSource {
  readonly id: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const KINDS = new Set(['SIGNUP', 'RENEW', 'UPGRADE', 'DOWNGRADE', 'BOOSTER', 'CANCEL']);

function toDateTime(text: string): string {
  return new Date(text).toISOString().replace('.000Z', 'Z');
}

function toPlanType(text: string): string {
  const word = text.toUpperCase();
  return word === 'MONTHLY' || word === 'ANNUAL' ? word : 'OTHER';
}

function toActivity(row: ActivityXml): object {
  const kind = row.plan_activity.toUpperCase();
  return {
    id: row.id,
    kind: KINDS.has(kind) ? kind : 'OTHER',
    planName: row.plan,
    planType: toPlanType(row.plan_type),
    price: { amount: row.price, currency: row.price_currency },
    creditAmount: row.credit_amount,
    allowedDocuments: Number(row.allowed_documents),
    usedDocuments: Number(row.used_documents),
    startDate: toDateTime(row.start_date),
    expiryDate: toDateTime(row.expiry_date),
    group: { id: row.group_id },
    groupName: row.group_name,
  };
}

function toPlan(row: ActivityXml): object {
  const allowedDocuments = Number(row.allowed_documents);
  const usedDocuments = Number(row.used_documents);
  return {
    name: row.plan,
    type: toPlanType(row.plan_type),
    typeRaw: row.plan_type,
    price: { amount: row.price, currency: row.price_currency },
    allowedDocuments,
    usedDocuments,
    remainingDocuments: Math.max(0, allowedDocuments - usedDocuments),
    startDate: toDateTime(row.start_date),
    expiryDate: toDateTime(row.expiry_date),
  };
}

function newestFirst(a: ActivityXml, b: ActivityXml): number {
  return Date.parse(b.start_date) - Date.parse(a.start_date) || Number(b.id) - Number(a.id);
}

export const resolvers = {
  Query: {
    group: (_: unknown, { id }: { id: string }): GroupSource => ({ id }),
  },

  Group: {
    plan: async ({ id }: GroupSource, { at }: { at?: string }, { dataSources }: NaiveContext) => {
      const now = at === undefined ? Date.now() : Date.parse(at);
      const from = new Date(now - 400 * DAY_MS);
      const rows = await dataSources.xtracta.getBillingHistory(id, from, new Date(now + 400 * DAY_MS), false);
      const current = rows
        .filter((row) => row.plan_activity !== 'booster')
        .filter((row) => Date.parse(row.start_date) <= now && now <= Date.parse(row.expiry_date))
        .sort(newestFirst)[0];
      return current === undefined ? null : toPlan(current);
    },

    billingHistory: async ({ id }: GroupSource, args: HistoryArguments, { dataSources }: NaiveContext) => {
      const to = args.to === undefined ? new Date() : new Date(args.to);
      const from = args.from === undefined ? new Date(to.getTime() - 365 * DAY_MS) : new Date(args.from);
      const rows = await dataSources.xtracta.getBillingHistory(id, from, to, args.includeSubgroups);
      return {
        totalCount: rows.length,
        nodes: [...rows].sort(newestFirst).slice(0, args.first).map(toActivity),
      };
    },
  },

  Mutation: {
    orderBoosterPack: async (_: unknown, { input }: OrderArguments, { dataSources }: NaiveContext) => {
      const { pack, pack_summary: summary } = await dataSources.xtracta.orderBoosterPack(
        input.packId,
        input.groupId,
        input.quantity,
      );
      return {
        pack: {
          id: pack.id,
          name: pack.plan_name,
          allowedDocuments: Number(pack.allowed_documents),
          price: { amount: pack.price, currency: null },
          quantity: Number(pack.quantity),
          group: { id: pack.group_id },
        },
        summary: {
          totalUsedDocuments: Number(summary.total_used_documents),
          totalAvailableDocuments: Number(summary.total_available_documents),
        },
        userErrors: [],
      };
    },
  },
};
