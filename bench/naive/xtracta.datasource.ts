import { RESTDataSource } from '@apollo/datasource-rest';
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

interface HistoryXml {
  readonly billings_response: { readonly plans: { readonly activity?: readonly ActivityXml[] } };
}

interface BoosterXml {
  readonly billings_response: {
    readonly pack: PackXml;
    readonly pack_summary: { readonly total_used_documents: string; readonly total_available_documents: string };
  };
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'activity' });

export class XtractaDataSource extends RESTDataSource {
  override baseURL: string;
  readonly #apiKey: string;

  constructor(baseURL: string, apiKey: string) {
    super();
    this.baseURL = baseURL;
    this.#apiKey = apiKey;
  }

  protected override async parseBody(response: { text(): Promise<string> }): Promise<object> {
    return parser.parse(await response.text()) as object;
  }

  async getBillingHistory(groupId: string, from: Date, to: Date, recursive: boolean): Promise<readonly ActivityXml[]> {
    const answer = await this.#postForm<HistoryXml>('/v1/billings/history', {
      group_id: groupId,
      billing_from: String(Math.floor(from.getTime() / 1000)),
      billing_to: String(Math.floor(to.getTime() / 1000)),
      ...(recursive ? { recursive: '1' } : {}),
    });
    return answer.billings_response.plans.activity ?? [];
  }

  async orderBoosterPack(packId: string, groupId: string, quantity: number): Promise<BoosterXml['billings_response']> {
    const answer = await this.#postForm<BoosterXml>('/v1/billings/booster', {
      pack_id: packId,
      group_id: groupId,
      quantity: String(quantity),
      purge: 'process',
    });
    return answer.billings_response;
  }

  #postForm<Result>(path: string, fields: Record<string, string>): Promise<Result> {
    return this.post<Result>(path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ api_key: this.#apiKey, ...fields }).toString(),
    });
  }
}
