import { z } from 'zod';
import { tenantsFile } from '../src/config/tenants-file.js';

/**
 * The JSON Schema of the tenants file, for editors and pipelines: draft 7, which every editor knows. It says what the form of a file
 * can tell. `--check-config` also reads the files that it names.
 */
export function renderTenantsSchema(): string {
  const schema = z.toJSONSchema(tenantsFile, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => allowWord(jsonSchema),
  });
  const { $schema, ...content } = schema;
  const title = 'The tenants file of the billing gateway (TENANTS_FILE)';
  return `${JSON.stringify({ $schema, title, ...content }, null, 2)}\n`;
}

/** A word that may stand in place of a mapping (`orWord` in the definition), which a preprocessing step of zod does not tell. */
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
