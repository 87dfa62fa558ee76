import { XMLParser } from 'fast-xml-parser';

export interface ActivityXml {
  readonly id: string;
  readonly plan: string;
  readonly plan_type: string;
  readonly price: string;
  readonly credit_amount: string;
  readonly price_currency: string;
  readonly allowed_documents: string;
  readonly used_documents: string;
  readonly plan_activity: string;
  readonly start_date: string;
  readonly expiry_date: string;
  readonly group_name: string;
  readonly group_id: string;
}

export interface PackXml {
  readonly id: string;
  readonly plan_name: string;
  readonly allowed_documents: string;
  readonly price: string;
  readonly quantity: string;
  readonly group_id: string;
}

export interface HistoryXml {
  readonly billings_response: { readonly plans: { readonly activity?: readonly ActivityXml[] | null } };
}

export interface BoosterXml {
  readonly billings_response: {
    readonly pack: PackXml;
    readonly pack_summary: { readonly total_used_documents: string; readonly total_available_documents: string };
  };
}

/** The interface of the resolvers; each system has its own way to the upstream. */
export interface XtractaSource {
  getBillingHistory(groupId: string, from: Date, to: Date, recursive: boolean): Promise<readonly ActivityXml[]>;
  orderBoosterPack(packId: string, groupId: string, quantity: number): Promise<BoosterXml['billings_response']>;
}

/** Fields of the two forms, without the key. */
export type Form = Readonly<Record<string, string>>;

export function historyForm(groupId: string, from: Date, to: Date, recursive: boolean): Form {
  return {
    group_id: groupId,
    billing_from: String(Math.floor(from.getTime() / 1000)),
    billing_to: String(Math.floor(to.getTime() / 1000)),
    ...(recursive ? { recursive: '1' } : {}),
  };
}

export function boosterForm(packId: string, groupId: string, quantity: number): Form {
  return { pack_id: packId, group_id: groupId, quantity: String(quantity), purge: 'process' };
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'activity' });

export function parseXml(text: string): object {
  return parser.parse(text) as object;
}
