import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isScalarType,
} from 'graphql';

const HEAD = `# GraphQL reference

This file is generated from the schema by \`npm run schema\`. Federation's own types are left out.
`;

/** Types for a supergraph's router, which clients do not use. */
const isMachinery = (name: string): boolean =>
  name.startsWith('_') || name === 'FieldSet' || /^(federation|link)__/.test(name);

const ROOTS = ['Query', 'Mutation'];

/** The schema as a Markdown page for reference: roots, then types, inputs, enums and scalars by name. */
export function referenceDocument(schema: GraphQLSchema): string {
  const types = Object.values(schema.getTypeMap())
    .filter(({ name }) => !name.startsWith('__') && !isMachinery(name))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const objects = types.filter(isObjectType);
  const sections: readonly [string, readonly GraphQLNamedType[]][] = [
    ['Queries and mutations', objects.filter(({ name }) => ROOTS.includes(name)).toReversed()],
    ['Objects', objects.filter(({ name }) => !ROOTS.includes(name))],
    ['Inputs', types.filter(isInputObjectType)],
    ['Enums', types.filter(isEnumType).filter(({ name }) => name !== 'CacheControlScope')],
    ['Scalars', types.filter(isScalarType).filter(({ description }) => description?.startsWith('The `') !== true)],
  ];
  const body = sections.flatMap(([title, members]) => [`## ${title}`, ...members.map(typeSection)]);
  return `${[HEAD.trimEnd(), ...body].join('\n\n')}\n`;
}

function typeSection(type: GraphQLNamedType): string {
  const parts = [`### ${type.name}`];
  if (type.description) parts.push(type.description);
  if (isObjectType(type) || isInputObjectType(type)) {
    const fields = Object.values<GraphQLField<unknown, unknown> | GraphQLInputField>(type.getFields());
    const rows = fields.filter(({ name }) => !isMachinery(name)).map(fieldRow);
    parts.push(['| Field | Type | What |', '|---|---|---|', ...rows].join('\n'));
  }
  if (isEnumType(type)) {
    const rows = type.getValues().map(({ name, description }) => `| \`${name}\` | ${cell(description)} |`);
    parts.push(['| Value | Meaning |', '|---|---|', ...rows].join('\n'));
  }
  return parts.join('\n\n');
}

function fieldRow(field: GraphQLField<unknown, unknown> | GraphQLInputField): string {
  const args = 'args' in field ? field.args : [];
  const fallback = 'defaultValue' in field ? defaultOf(field.defaultValue) : '';
  const what = [cell(field.description), ...args.map(argumentText)].filter((text) => text !== '').join('<br>');
  return `| \`${field.name}\` | \`${String(field.type)}\`${fallback} | ${what} |`;
}

function argumentText(argument: GraphQLArgument): string {
  return `\`${argument.name}: ${String(argument.type)}\`${defaultOf(argument.defaultValue)} ${cell(argument.description)}`;
}

function defaultOf(value: unknown): string {
  return value === undefined ? '' : `, default \`${JSON.stringify(value)}\``;
}

function cell(text: string | null | undefined): string {
  return (text ?? '').replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
}
