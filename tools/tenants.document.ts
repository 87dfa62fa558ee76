import { z } from 'zod';
import { tenantsFile } from '../src/config/tenants-file.js';

const noneOf = (...keys: readonly string[]) => ({ not: { anyOf: keys.map((key) => ({ required: [key] })) } });
const oneOf = (...keys: readonly string[]) => ({ oneOf: keys.map((key) => ({ required: [key] })) });

const SECRET_OF_CLIENT = ['creditsClientSecret', 'creditsClientSecretFile'];
const CLIENT = ['creditsTokenUrl', 'creditsClientId', ...SECRET_OF_CLIENT];
const WHOLE_CLIENT = { required: ['creditsTokenUrl', 'creditsClientId'], ...oneOf(...SECRET_OF_CLIENT) };

/** The gateway's rules about several keys of one tenant (`toRecord` and `toCredits` in tenants-file.ts). */
const KEYS_TOGETHER = {
  ...oneOf('xtractaApiKey', 'xtractaApiKeyFile'),
  dependencies: {
    creditsToken: noneOf('creditsTokenFile', ...CLIENT),
    creditsTokenFile: noneOf('creditsToken', ...CLIENT),
    ...Object.fromEntries(CLIENT.map((key) => [key, WHOLE_CLIENT])),
  },
};

/**
 * The JSON Schema of the tenants file, for editors and pipelines: draft 7, which every editor knows. It checks only the
 * form of the file. `--check-config` also reads the files that it names.
 */
export function renderTenantsSchema(): string {
  const schema = z.toJSONSchema(tenantsFile, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      allowWord(jsonSchema);
      if (jsonSchema.properties !== undefined && 'xtractaApiKey' in jsonSchema.properties)
        Object.assign(jsonSchema, KEYS_TOGETHER);
    },
  });
  const { $schema, ...content } = schema;
  const title = 'The tenants file of the billing gateway (TENANTS_FILE)';
  return `${JSON.stringify({ $schema, title, ...content }, null, 2)}\n`;
}

/**
 * Allows a word in place of a mapping (`orWord` in the definition). Reason: zod does not show a preprocessing step in
 * its JSON Schema.
 */
function allowWord(schema: z.core.JSONSchema.BaseSchema): void {
  const { orWord, description } = schema;
  if (typeof orWord !== 'string') return;
  const mapping = { ...schema };
  delete mapping['orWord'];
  delete mapping.description;
  for (const key of Object.keys(mapping)) Reflect.deleteProperty(schema, key);
  delete schema['orWord'];
  Object.assign(schema, { description, anyOf: [{ const: orWord }, mapping] });
}
