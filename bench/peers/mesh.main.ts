// GraphQL Mesh over the upstream itself. Its JSON Schema source makes a subgraph of the two form endpoints, and its
// composition a supergraph. The runtime of Mesh version 1, which is Hive Gateway's, serves it. A hook turns XML into
// JSON, because Mesh reads only JSON. The baseline's resolvers, as additional resolvers, make the benchmark's schema.
// Environment: PORT, XTRACTA_URL, XTRACTA_API_KEY.
import { createServer } from 'node:http';
import { createGatewayRuntime, type MeshOperation } from '@graphql-hive/gateway-runtime';
import { getComposedSchemaFromConfig, type MeshLog } from '@graphql-mesh/compose-cli';
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema';
import { resolvers } from '../naive/billing.resolvers.ts';
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

const { PORT, XTRACTA_URL = '' } = process.env;

interface JsonSchema {
  readonly type: string;
  readonly title?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

const objectOf = (title: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  title: `Xtracta${title}`,
  properties,
});
const textsOf = (title: string, names: string): JsonSchema =>
  objectOf(title, Object.fromEntries(names.split(' ').map((name) => [name, { type: 'string' }])));

const ACTIVITY =
  'id plan plan_type price credit_amount price_currency allowed_documents used_documents plan_activity start_date expiry_date group_name group_id';
const PACK = 'id plan_name allowed_documents price quantity group_id';
const SUMMARY = 'total_used_documents total_available_documents';

const subgraph = loadJSONSchemaSubgraph('Xtracta', {
  endpoint: XTRACTA_URL,
  operationHeaders: { 'content-type': 'application/x-www-form-urlencoded' },
  operations: [
    {
      type: 'Query',
      field: 'xtractaHistory',
      method: 'POST',
      path: '/v1/billings/history',
      requestBaseBody: { api_key: '{env.XTRACTA_API_KEY}' },
      requestSchema: textsOf('HistoryForm', 'group_id billing_from billing_to recursive'),
      responseSchema: objectOf('History', {
        billings_response: objectOf('HistoryBody', {
          plans: objectOf('Plans', { activity: { type: 'array', items: textsOf('Activity', ACTIVITY) } }),
        }),
      }),
    },
    {
      type: 'Mutation',
      field: 'xtractaBooster',
      method: 'POST',
      path: '/v1/billings/booster',
      requestBaseBody: { api_key: '{env.XTRACTA_API_KEY}' },
      requestSchema: textsOf('BoosterForm', 'pack_id group_id quantity purge'),
      responseSchema: objectOf('Booster', {
        billings_response: objectOf('BoosterBody', {
          pack: textsOf('Pack', PACK),
          pack_summary: textsOf('PackSummary', SUMMARY),
        }),
      }),
    },
  ],
});

const nothing = (): void => undefined;
const log: MeshLog = {
  child: () => log,
  debug: nothing,
  info: nothing,
  log: nothing,
  warn: nothing,
  error: console.error,
};
const supergraph = await getComposedSchemaFromConfig({ subgraphs: [{ sourceHandler: subgraph }] }, log);

/** Mesh returns the error of a failed operation instead of throwing it. */
async function ask<Result>(
  operation: MeshOperation,
  context: object,
  form: Form,
  selectionSet: string,
): Promise<Result> {
  const response = await operation({ root: {}, context, args: { input: form }, selectionSet });
  if (response instanceof Error) throw response;
  return response as Result;
}

const gateway = createGatewayRuntime({
  supergraph,
  additionalTypeDefs: typeDefs,
  additionalResolvers: resolvers,
  logging: false,
  plugins: () => [
    {
      onFetch: () => {
        return async ({ response, setResponse }) => {
          setResponse(Response.json(parseXml(await response.text())));
        };
      },
    },
    {
      onContextBuilding: ({ context, extendContext }) => {
        const xtracta: XtractaSource = {
          getBillingHistory: async (...asked) => {
            const selection = `{ billings_response { plans { activity { ${ACTIVITY} } } } }`;
            const { xtractaHistory } = context.Xtracta.Query;
            const response = await ask<HistoryXml>(xtractaHistory, context, historyForm(...asked), selection);
            return response.billings_response.plans.activity ?? [];
          },
          orderBoosterPack: async (...asked) => {
            const selection = `{ billings_response { pack { ${PACK} } pack_summary { ${SUMMARY} } } }`;
            const { xtractaBooster } = context.Xtracta.Mutation;
            const response = await ask<BoosterXml>(xtractaBooster, context, boosterForm(...asked), selection);
            return response.billings_response;
          },
        };
        extendContext({ dataSources: { xtracta } });
      },
    },
  ],
});
createServer(gateway).listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
