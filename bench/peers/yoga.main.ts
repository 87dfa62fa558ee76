// graphql-yoga with graphql-jit: the baseline's resolvers, compiled, on undici instead of a data source. Environment:
// PORT, XTRACTA_URL, XTRACTA_API_KEY. Imports by path: `#bench` belongs to the package above, and this folder is one of
// its own.
import { createServer } from 'node:http';
import { useGraphQlJit } from '@envelop/graphql-jit';
import { createSchema, createYoga } from 'graphql-yoga';
import { Pool } from 'undici';
import { type NaiveContext, resolvers } from '../naive/billing.resolvers.ts';
import { typeDefs } from '../naive/billing.schema.ts';
import {
  type BoosterXml,
  boosterForm,
  type Form,
  type HistoryXml,
  historyForm,
  parseXml,
  type XtractaSource,
} from '../naive/xtracta.xml.ts';

const { PORT, XTRACTA_URL = '', XTRACTA_API_KEY = '' } = process.env;
const pool = new Pool(XTRACTA_URL);

async function postForm<Result extends object>(path: string, form: Form): Promise<Result> {
  const { body } = await pool.request({
    path,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ api_key: XTRACTA_API_KEY, ...form }).toString(),
  });
  return parseXml(await body.text()) as Result;
}

const xtracta: XtractaSource = {
  getBillingHistory: async (...asked) => {
    const { billings_response: response } = await postForm<HistoryXml>('/v1/billings/history', historyForm(...asked));
    return response.plans.activity ?? [];
  },
  orderBoosterPack: async (...asked) =>
    (await postForm<BoosterXml>('/v1/billings/booster', boosterForm(...asked))).billings_response,
};

const yoga = createYoga<object, NaiveContext>({
  schema: createSchema<NaiveContext>({ typeDefs, resolvers }),
  context: { dataSources: { xtracta } },
  plugins: [useGraphQlJit()],
  logging: false,
});
createServer((request, response) => void yoga(request, response)).listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
