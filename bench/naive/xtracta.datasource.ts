import { RESTDataSource } from '@apollo/datasource-rest';
import {
  type ActivityXml,
  type BoosterXml,
  boosterForm,
  type Form,
  type HistoryXml,
  historyForm,
  parseXml,
  type XtractaSource,
} from '#bench/naive/xtracta.xml';

export class XtractaDataSource extends RESTDataSource implements XtractaSource {
  override baseURL: string;
  readonly #apiKey: string;

  constructor(baseURL: string, apiKey: string) {
    super();
    this.baseURL = baseURL;
    this.#apiKey = apiKey;
  }

  protected override async parseBody(response: { text(): Promise<string> }): Promise<object> {
    return parseXml(await response.text());
  }

  async getBillingHistory(groupId: string, from: Date, to: Date, recursive: boolean): Promise<readonly ActivityXml[]> {
    const form = historyForm(groupId, from, to, recursive);
    const response = await this.#postForm<HistoryXml>('/v1/billings/history', form);
    return response.billings_response.plans.activity ?? [];
  }

  async orderBoosterPack(packId: string, groupId: string, quantity: number): Promise<BoosterXml['billings_response']> {
    const form = boosterForm(packId, groupId, quantity);
    return (await this.#postForm<BoosterXml>('/v1/billings/booster', form)).billings_response;
  }

  #postForm<Result>(path: string, form: Form): Promise<Result> {
    return this.post<Result>(path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ api_key: this.#apiKey, ...form }).toString(),
    });
  }
}
