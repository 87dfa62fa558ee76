import {
  type ASTNode,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  print,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** An operation that may be kept and shown: everything is masked except numbers, dates, ids and enum values. */
export interface ShownOperation {
  /** The document, formatted anew, without comments. Null where it is too long. */
  readonly text: string | null;
  /** JSON; null where there are none or they are too long. */
  readonly variables: string | null;
}

const MAX_TEXT = 20_000;
const MAX_ITEMS = 200;
const MAX_DEPTH = 10;

/**
 * Masks a parsed document and its variables. Neither needs to be valid, because everything unknown to the schema is
 * masked.
 */
export function shownOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): ShownOperation {
  const text = print(maskedDocument(schema, document));
  const given = Object.keys(variables).length === 0 ? null : maskedVariables(schema, document, variables);
  return { text: bounded(text), variables: given === null ? null : bounded(JSON.stringify(given, null, 2)) };
}

function bounded(text: string): string | null {
  return text.length > MAX_TEXT ? null : text;
}

function maskedDocument(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  const mask = (node: ASTNode & { readonly value: string | boolean }, parent: unknown): ASTNode | undefined => {
    if (isKeyPlace(parent)) return { kind: Kind.STRING, value: maskKey(String(node.value)) };
    return isShown(node.value, types.getInputType() ?? undefined) ? undefined : { kind: Kind.STRING, value: MASK };
  };
  return visit(
    document,
    visitWithTypeInfo(types, {
      StringValue: (node, _key, parent) => mask(node, parent),
      IntValue: (node, _key, parent) => mask(node, parent),
      FloatValue: (node, _key, parent) => mask(node, parent),
      EnumValue: (node, _key, parent) => mask(node, parent),
    }),
  );
}

function isKeyPlace(parent: unknown): boolean {
  if (typeof parent !== 'object' || parent === null || !('kind' in parent) || !('name' in parent)) return false;
  const { kind, name } = parent;
  if (kind !== Kind.ARGUMENT && kind !== Kind.OBJECT_FIELD) return false;
  return typeof name === 'object' && name !== null && 'value' in name && name.value === KEY_FIELD;
}

function maskedVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const types = new Map<string, GraphQLInputType>();
  // Variables may have any name, so a key is recognised by the place where its variable is used.
  const keys = new Set<string>([KEY_FIELD]);
  visit(document, {
    VariableDefinition: (node) => {
      const type = typeFromAST(schema, node.type);
      if (isInputType(type)) types.set(node.variable.name.value, type);
    },
    Variable: (node, _key, parent) => {
      if (isKeyPlace(parent)) keys.add(node.name.value);
    },
  });
  const masked = new Map<string, unknown>();
  for (const [name, value] of Object.entries(variables)) {
    const place = keys.has(name) ? KEY_FIELD : name;
    if (types.has(name)) masked.set(name, maskedValue(schema, value, types.get(name), place, MAX_DEPTH));
  }
  return Object.fromEntries(masked);
}

function maskedValue(
  schema: GraphQLSchema,
  value: unknown,
  type: GraphQLInputType | undefined,
  name: string,
  depth: number,
): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    if (name === KEY_FIELD) return maskKey(String(value));
    return isShown(value, type) ? value : MASK;
  }
  if (depth === 0 || typeof value !== 'object') return MASK;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value.slice(0, MAX_ITEMS);
    return items.map((item) => maskedValue(schema, item, itemType(type), name, depth - 1));
  }
  const fieldType = fieldTypes(schema, value, type);
  const fields = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    fields.flatMap(([field, inner]: [string, unknown]) => {
      if (field === '__typename' && typeof inner === 'string' && isObjectType(schema.getType(inner)))
        return [[field, inner]];
      const known = fieldType(field);
      // A name that is not in the schema may itself hold a secret, so it is dropped.
      return known === undefined ? [] : [[field, maskedValue(schema, inner, known, field, depth - 1)]];
    }),
  );
}

function itemType(type: GraphQLInputType | undefined): GraphQLInputType | undefined {
  const bare = isNonNullType(type) ? type.ofType : type;
  return isListType(bare) ? bare.ofType : bare;
}

/**
 * Types of an input object's fields. For a router's representation (`_Any`): the types of the named entity's fields.
 */
function fieldTypes(
  schema: GraphQLSchema,
  value: object,
  type: GraphQLInputType | undefined,
): (field: string) => GraphQLInputType | undefined {
  const bare = itemType(type);
  if (isInputObjectType(bare)) return (field) => bare.getFields()[field]?.type;
  const typeName = '__typename' in value && typeof value.__typename === 'string' ? value.__typename : '';
  const entity = schema.getType(typeName);
  if (!isObjectType(entity)) return () => undefined;
  return (field) => {
    const fieldType = entity.getFields()[field]?.type;
    return isInputType(fieldType) ? fieldType : undefined;
  };
}

/** Replaces a masked value. */
const MASK = '‹masked›';

/**
 * The values that may be shown, by scalar: numbers, dates and ids, each only in its proper form. Everything else may be
 * personal or secret: names, addresses, free text, cursors, URLs, and values in the wrong field by mistake.
 */
const SHOWN: Readonly<Record<string, RegExp>> = {
  Boolean: /^(true|false)$/,
  CurrencyCode: /^[A-Z]{3}$/,
  DateTime: /^\d{4}-\d\d-\d\d[Tt ][\d:.]{5,20}([Zz]|[+-]\d\d:\d\d)$/,
  Decimal: /^[+-]?\d{1,30}(\.\d{1,20})?$/,
  Float: /^-?\d{1,20}(\.\d{1,20})?$/,
  ID: /^\d{1,18}$/,
  Int: /^-?\d{1,10}$/,
  Long: /^-?\d{1,16}$/,
  UUID: /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i,
};

/** Keys of writes are masked by the field's name, because their type equals that of a group's number. */
const KEY_FIELD = 'idempotencyKey';

/** @param type of the value's place; undefined where the schema has no such place */
function isShown(value: string | number | boolean, type: GraphQLInputType | undefined): boolean {
  const leaf = type === undefined ? undefined : getNamedType(type);
  const text = String(value);
  if (isEnumType(leaf)) return leaf.getValue(text) !== undefined;
  return isScalarType(leaf) && SHOWN[leaf.name]?.test(text) === true;
}

/** The ends of a key, to tell it from others: never more than half of it. */
export function maskKey(key: string): string {
  const shown = key.length >= 16 ? 4 : key.length >= 8 ? 2 : 0;
  return shown === 0 ? '…' : `${key.slice(0, shown)}…${key.slice(-shown)}`;
}
