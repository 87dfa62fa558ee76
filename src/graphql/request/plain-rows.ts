import type { ApolloServerPlugin } from '@apollo/server';
import {
  defaultFieldResolver,
  type FieldNode,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNullableType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';
import type { GatewayContext } from '../context.js';
import { accessOf, holdsScopes } from '../scopes.js';

/**
 * The lists whose rows may be plain. A page of a history has up to 5,000 rows, and graphql-js completes each of their
 * 80,000 fields on its own: it looks up arguments, makes a path and checks the result of what is a property of a plain
 * object.
 */
const ROW_LISTS: ReadonlySet<string> = new Set(['BillingHistoryConnection.nodes', 'BillingHistoryConnection.edges']);

/**
 * Fields whose resolver returns the property of the same name wherever the object has one. docs/adr/0014 says why
 * these.
 */
const KNOWN_PROPERTIES: ReadonlySet<string> = new Set(['Group.name']);

type Row = Record<string, unknown>;

/** One response key of a row, as graphql-js collected it. */
type Column =
  | { readonly kind: 'typename'; readonly key: string; readonly typeName: string }
  | (Property & { readonly kind: 'leaf'; readonly type: GraphQLLeafType })
  | (Property & { readonly kind: 'object'; readonly columns: readonly Column[] });

interface Property {
  readonly key: string;
  readonly name: string;
  readonly isNullable: boolean;
}

/** What graphql-js alone may complete: a promise, an error, a resolver, an argument, a null out of place. */
const NOT_PLAIN = Symbol('not plain');

/**
 * The rows of one query. A list is written here when all of it is plain; else graphql-js completes it, as it completes
 * everything around the lists. graphql-js is given an empty list in place of the rows, and {@link place} exchanges it
 * when the query has been executed.
 *
 * Mutable, and of one query alone: nothing is kept for the next one.
 */
class RowWriter {
  readonly #written: { readonly path: GraphQLResolveInfo['path']; readonly rows: readonly Row[] }[] = [];
  /** By the list's field nodes, of which graphql-js has one array for all lists of one place in the document. */
  readonly #columns = new Map<readonly FieldNode[], readonly Column[] | typeof NOT_PLAIN>();

  /** The list that graphql-js is to complete: the same, or an empty one whose rows are written. */
  take(list: readonly unknown[], context: GatewayContext, info: GraphQLResolveInfo): readonly unknown[] {
    if (list.length === 0) return list;
    const columns = this.#columnsOfList(context, info);
    const rows = columns === NOT_PLAIN ? NOT_PLAIN : writeRows(list, columns);
    if (rows === NOT_PLAIN) return list;
    this.#written.push({ path: info.path, rows });
    return [];
  }

  /**
   * Puts the rows where graphql-js has left empty lists.
   *
   * @throws Error where there is none: an answer without its rows must never be sent
   */
  place(data: unknown): void {
    for (const { path, rows } of this.#written) placeRows(data, path, rows);
  }

  #columnsOfList(context: GatewayContext, info: GraphQLResolveInfo): readonly Column[] | typeof NOT_PLAIN {
    const known = this.#columns.get(info.fieldNodes);
    if (known !== undefined) return known;
    const list = getNullableType(info.returnType);
    const item = isListType(list) ? getNullableType(list.ofType) : undefined;
    const columns = isObjectType(item) ? columnsOf(item, info.fieldNodes, context, info) : NOT_PLAIN;
    this.#columns.set(info.fieldNodes, columns);
    return columns;
  }
}

/**
 * The columns of a selection on a type. graphql-js collects the fields, so directives, fragments, variables and type
 * conditions are its decision; a field of which it would do more than read a property makes the whole selection
 * {@link NOT_PLAIN}.
 */
function columnsOf(
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  context: GatewayContext,
  info: GraphQLResolveInfo,
): readonly Column[] | typeof NOT_PLAIN {
  if (type.isTypeOf != null) return NOT_PLAIN;
  try {
    const columns: Column[] = [];
    for (const [key, fieldNodes] of collectSubfields(info.schema, info.fragments, info.variableValues, type, nodes)) {
      const column = columnOf(type, key, fieldNodes, context, info);
      if (column === NOT_PLAIN) return NOT_PLAIN;
      columns.push(column);
    }
    return columns;
  } catch {
    // A directive's argument does not fit: graphql-js says so at each row.
    return NOT_PLAIN;
  }
}

function columnOf(
  type: GraphQLObjectType,
  key: string,
  fieldNodes: readonly FieldNode[],
  context: GatewayContext,
  info: GraphQLResolveInfo,
): Column | typeof NOT_PLAIN {
  const name = fieldNodes[0]?.name.value ?? '';
  // As a key of an object with a prototype it is no property.
  if (key === '__proto__') return NOT_PLAIN;
  if (name === '__typename') return { kind: 'typename', key, typeName: type.name };
  const field = type.getFields()[name];
  if (field === undefined || field.args.length > 0) return NOT_PLAIN;
  if (field.resolve !== undefined && !isKnownProperty(type.name, name, context)) return NOT_PLAIN;
  const inner = getNullableType(field.type);
  const property: Property = { key, name, isNullable: !isNonNullType(field.type) };
  if (isLeafType(inner)) return { ...property, kind: 'leaf', type: inner };
  if (!isObjectType(inner)) return NOT_PLAIN;
  const columns = columnsOf(inner, fieldNodes, context, info);
  return columns === NOT_PLAIN ? NOT_PLAIN : { ...property, kind: 'object', columns };
}

/**
 * A field that needs a scope has a resolver, which refuses; so a property stands for it only where the caller has the
 * scope.
 */
function isKnownProperty(typeName: string, name: string, { caller }: GatewayContext): boolean {
  return KNOWN_PROPERTIES.has(`${typeName}.${name}`) && holdsScopes(caller, accessOf(typeName, name));
}

function writeRows(list: readonly unknown[], columns: readonly Column[]): readonly Row[] | typeof NOT_PLAIN {
  try {
    const rows: Row[] = [];
    for (const item of list) {
      const row = writeObject(item, columns);
      if (row === NOT_PLAIN) return NOT_PLAIN;
      rows.push(row);
    }
    return rows;
  } catch {
    // A value that does not serialize, a property that throws: an error at its path, which graphql-js makes.
    return NOT_PLAIN;
  }
}

function writeObject(source: unknown, columns: readonly Column[]): Row | typeof NOT_PLAIN {
  if (!isPlainObject(source)) return NOT_PLAIN;
  const row: Row = {};
  for (const column of columns) {
    const value = column.kind === 'typename' ? column.typeName : writeProperty(source[column.name], column);
    if (value === NOT_PLAIN) return NOT_PLAIN;
    row[column.key] = value;
  }
  return row;
}

function writeProperty(value: unknown, column: Exclude<Column, { kind: 'typename' }>): unknown {
  // A known property that is missing is what its resolver would look up.
  if (value === undefined) return NOT_PLAIN;
  if (value === null) return column.isNullable ? null : NOT_PLAIN;
  if (column.kind === 'object') return writeObject(value, column.columns);
  return isPlainLeaf(value) ? serialized(column.type, value) : NOT_PLAIN;
}

function serialized(type: GraphQLLeafType, value: unknown): unknown {
  const result: unknown = type.serialize(value);
  return isPlainLeaf(result) ? result : NOT_PLAIN;
}

function isPlainLeaf(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(value instanceof Error) && !('then' in value);
}

function placeRows(data: unknown, path: GraphQLResolveInfo['path'], rows: readonly Row[]): void {
  let parent: unknown = data;
  for (const key of keysTo(path.prev)) parent = isIndexable(parent) ? parent[key] : undefined;
  // An error has made nothing of the list, or of what it belongs to.
  if (!isIndexable(parent) || parent[path.key] === null) return;
  const place = parent[path.key];
  if (!Array.isArray(place) || place.length > 0) throw new Error('The rows of a list have lost their place.');
  parent[path.key] = rows;
}

function isIndexable(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

function keysTo(path: GraphQLResolveInfo['path'] | undefined): readonly (string | number)[] {
  const keys: (string | number)[] = [];
  for (let step = path; step !== undefined; step = step.prev) keys.push(step.key);
  return keys.reverse();
}

/** Writers of the queries that are being executed, by their context. */
const writers = new WeakMap<GatewayContext, RowWriter>();

/** A resolver that leaves rows to the query's writer where the field is a list of rows; any other resolver as it is. */
export function withPlainRows(
  coordinate: string,
  resolve: GraphQLFieldResolver<unknown, GatewayContext> | undefined,
): GraphQLFieldResolver<unknown, GatewayContext> | undefined {
  if (!ROW_LISTS.has(coordinate)) return resolve;
  const listOf = resolve ?? defaultFieldResolver;
  return (source, args, context, info) => {
    const list: unknown = listOf(source, args, context, info);
    const writer = writers.get(context);
    return writer === undefined || !Array.isArray(list) ? list : writer.take(list, context, info);
  };
}

/**
 * Writes the rows of queries. Without this plugin, and for mutations, graphql-js completes every list: the answers are
 * the same. It must be the first plugin, so that others see the finished answer.
 */
export function plainRowsPlugin(): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ contextValue, operation }) => {
        if (operation?.operation === OperationTypeNode.QUERY) writers.set(contextValue, new RowWriter());
      },
      willSendResponse: async ({ contextValue, response: { body } }) => {
        if (body.kind === 'single') writers.get(contextValue)?.place(body.singleResult.data);
      },
    }),
  };
}
