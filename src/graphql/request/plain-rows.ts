import {
  defaultFieldResolver,
  type FieldNode,
  type FormattedExecutionResult,
  type FragmentDefinitionNode,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNullableType,
  type InlineFragmentNode,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';
import { inSlices, largeWork } from '../../runtime/large-work.js';
import type { GatewayContext } from '../context.js';
import { accessOf, holdsScopes } from '../scopes.js';

/**
 * The lists whose rows may be plain. A page of a history has up to 5,000 rows with 80,000 fields. graphql-js completes
 * each field on its own: it looks up arguments, makes a path and checks the result. A plain row needs only the property
 * of an object.
 */
const ROW_LISTS: ReadonlySet<string> = new Set([
  ...['BillingHistoryConnection.nodes', 'BillingHistoryConnection.edges', 'Group.subgroups'],
]);

/**
 * The lists that graphql-js gets in slices where it completes them. Each group may have fields of its own, with reads.
 * Lists of a history are completed in one step, so that the errors of two lists keep their order.
 */
const SLICED_LISTS: ReadonlySet<string> = new Set(['Group.subgroups']);

/**
 * The fields whose object may be plain. A document may ask for a hundred plans by alias, and graphql-js collects the
 * selection of each anew.
 */
const PLAIN_OBJECTS: ReadonlySet<string> = new Set(['Group.plan']);

/**
 * Fields whose resolver returns the property of the same name wherever the object has one. docs/adr/0014 gives the
 * reason for each.
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
  /** Whether it is one of {@link KNOWN_PROPERTIES}: then the caller decides whether it may be read. */
  readonly isKnown: boolean;
}

/** Marks a value that only graphql-js may complete: a promise, an error, a resolver, an argument, a forbidden null. */
const NOT_PLAIN = Symbol('not plain');

/** Up to this number of rows in one query, rows stay objects until the response is written. */
const MAX_OBJECTS = 1_000;
/** Rows written as text in one step, which takes well below a millisecond. */
const ROWS_PER_STEP = 64;
/** A list up to this length is written at once. Reason: a response may have thousands of lists with a few rows each. */
const SHORT_LIST = 250;
const PIECE_BYTES = 64 * 1024;

/**
 * The rows of one list of a large response, as the JSON text of the list. Reason: the objects of 100,000 rows would
 * take most of a small container's heap, and the garbage collector would copy them several times. Their text lies
 * outside of the heap.
 */
export class WrittenRows {
  /** @param pieces in their order; the pieces of a long list are bytes */
  constructor(readonly pieces: readonly (string | Buffer)[]) {}

  /** For code that serializes a response without knowledge of this class. Slow. */
  toJSON(): unknown {
    return JSON.parse(this.pieces.join(''));
  }
}

type Rows = readonly Row[] | WrittenRows;

/** Data of responses with {@link WrittenRows}. It tells the server, without a search, that a response is large. */
const withWrittenRows = new WeakSet<object>();

/** Whether the data holds {@link WrittenRows}. */
export function holdsWrittenRows(data: unknown): boolean {
  return typeof data === 'object' && data !== null && withWrittenRows.has(data);
}

/**
 * The columns of selections that no directive and no caller changes, by their field's node. Such a selection is the
 * same for every query of its document. Mutable, one for the process. An entry lives as long as the parsed document, of
 * which Apollo Server keeps a bounded number.
 */
const fixedColumns = new WeakMap<FieldNode, { readonly schema: GraphQLSchema; readonly columns: readonly Column[] }>();

/**
 * The rows and plain objects of one query. This class writes a list when all of it is plain. Otherwise graphql-js
 * completes the list, as it completes everything around the lists. graphql-js gets an empty list in place of the rows,
 * and null in place of an object; {@link place} exchanges them when the query has been executed.
 *
 * Mutable, and of one query alone.
 */
class RowWriter {
  #written: { readonly path: GraphQLResolveInfo['path']; readonly value: Rows | Row }[] = [];
  #rows = 0;
  /** The long list that is being written now; the next long list waits for it. */
  #writing: Promise<unknown> = Promise.resolve();
  /** Keyed by the list's field nodes: graphql-js has one such array for all lists at one place in the document. */
  readonly #columns = new Map<readonly FieldNode[], readonly Column[] | typeof NOT_PLAIN>();

  /** The list for graphql-js to complete: the given list, or an empty one whose rows are written here. */
  take(
    list: readonly unknown[],
    context: GatewayContext,
    info: GraphQLResolveInfo,
  ): readonly unknown[] | Promise<readonly unknown[]> {
    if (list.length === 0) return list;
    const columns = this.#columnsOf(context, info);
    if (columns === NOT_PLAIN) return list;
    this.#rows += list.length;
    if (this.#rows <= MAX_OBJECTS) return this.#keep(list, info, writeRows(list, columns));
    if (list.length > SHORT_LIST) return this.#takeLong(list, columns, context, info);
    const rows = writeRows(list, columns);
    if (rows === NOT_PLAIN) return list;
    const text = JSON.stringify(rows);
    context.reads.countText(Buffer.byteLength(text));
    return this.#keep(list, info, new WrittenRows([text]));
  }

  /** The object that graphql-js is to complete: the same, or null in the place of one that is written. */
  takeObject(value: unknown, context: GatewayContext, info: GraphQLResolveInfo): unknown {
    if (value === null || value === undefined) return value;
    const columns = this.#columnsOf(context, info);
    if (columns === NOT_PLAIN) return value;
    const rows = writeRows([value], columns);
    const row = rows === NOT_PLAIN ? undefined : rows[0];
    if (row === undefined) return value;
    this.#written.push({ path: info.path, value: row });
    return null;
  }

  /**
   * Puts the rows where graphql-js has left empty lists, and the objects where it has left nulls.
   *
   * @throws Error where there is none: a response without its rows must never be sent
   */
  place(data: unknown): void {
    const written = this.#written;
    this.#written = [];
    for (const { path, value } of written) placeValue(data, path, value);
    if (isIndexable(data) && written.some(({ value }) => value instanceof WrittenRows)) withWrittenRows.add(data);
  }

  #keep(list: readonly unknown[], info: GraphQLResolveInfo, rows: Rows | typeof NOT_PLAIN): readonly unknown[] {
    if (rows === NOT_PLAIN) return list;
    this.#written.push({ path: info.path, value: rows });
    return [];
  }

  async #takeLong(
    list: readonly unknown[],
    columns: readonly Column[],
    context: GatewayContext,
    info: GraphQLResolveInfo,
  ): Promise<readonly unknown[]> {
    const rows = this.#writing.then(() => writeText(list, columns, context));
    this.#writing = rows.catch(() => undefined);
    return this.#keep(list, info, await rows);
  }

  #columnsOf(context: GatewayContext, info: GraphQLResolveInfo): readonly Column[] | typeof NOT_PLAIN {
    const { fieldNodes, schema } = info;
    const [node, another] = fieldNodes;
    const fixed = node === undefined || another !== undefined ? undefined : fixedColumns.get(node);
    if (fixed?.schema === schema) return fixed.columns;
    const known = this.#columns.get(fieldNodes);
    if (known !== undefined) return known;
    const type = getNullableType(info.returnType);
    const object = isListType(type) ? getNullableType(type.ofType) : type;
    const columns = isObjectType(object) ? columnsOf(object, fieldNodes, context, info) : NOT_PLAIN;
    this.#columns.set(fieldNodes, columns);
    if (node !== undefined && another === undefined && columns !== NOT_PLAIN && isFixed(node, columns, info)) {
      fixedColumns.set(node, { schema, columns });
    }
    return columns;
  }
}

/** Whether every query of the document, whoever asks, has these columns at the node. */
function isFixed(node: FieldNode, columns: readonly Column[], { fragments }: GraphQLResolveInfo): boolean {
  return !hasDirective(node, fragments) && !hasKnownProperty(columns);
}

function hasKnownProperty(columns: readonly Column[]): boolean {
  return columns.some(
    (column) =>
      column.kind !== 'typename' && (column.isKnown || (column.kind === 'object' && hasKnownProperty(column.columns))),
  );
}

/** Below the selection, in its fragments too. Fragments that spread each other in a circle are no valid document. */
function hasDirective(
  { selectionSet }: FieldNode | InlineFragmentNode | FragmentDefinitionNode,
  fragments: GraphQLResolveInfo['fragments'],
): boolean {
  return (selectionSet?.selections ?? []).some((selection) => {
    if ((selection.directives ?? []).length > 0) return true;
    const inner = selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value] : selection;
    return inner !== undefined && hasDirective(inner, fragments);
  });
}

/**
 * Writes a long list in slices of the event loop's turns. Only a few rows exist as objects at the same time.
 *
 * @throws BillingError `OPERATION_TOO_COMPLEX` as soon as the response is too long; the operation's error where it has
 *   ended early
 */
async function writeText(
  list: readonly unknown[],
  columns: readonly Column[],
  { reads }: GatewayContext,
): Promise<WrittenRows | typeof NOT_PLAIN> {
  const pieces: (string | Buffer)[] = [];
  let text = '[';
  for (let at = 0; at < list.length; at += ROWS_PER_STEP) {
    if (largeWork.isOver()) await largeWork.nextSlice();
    // A part must not look like the whole list, and an empty list not like none.
    const end = reads.endedBy();
    if (end !== null) throw end;
    const rows = writeRows(list.slice(at, at + ROWS_PER_STEP), columns);
    if (rows === NOT_PLAIN) return NOT_PLAIN;
    text += (at === 0 ? '' : ',') + JSON.stringify(rows).slice(1, -1);
    if (text.length < PIECE_BYTES) continue;
    const bytes = Buffer.from(text);
    reads.countText(bytes.byteLength);
    pieces.push(bytes);
    text = '';
  }
  text += ']';
  reads.countText(Buffer.byteLength(text));
  pieces.push(text);
  return new WrittenRows(pieces);
}

/**
 * The columns of a selection on a type. graphql-js collects the fields, so it decides about directives, fragments,
 * variables and type conditions. If one field needs more than its property, the whole selection is {@link NOT_PLAIN}.
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
    // A directive's argument does not fit its type. graphql-js reports that for each row.
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
  // On an object with a prototype, assigning to this key makes no property.
  if (key === '__proto__') return NOT_PLAIN;
  if (name === '__typename') return { kind: 'typename', key, typeName: type.name };
  const field = type.getFields()[name];
  if (field === undefined || field.args.length > 0) return NOT_PLAIN;
  const isKnown = field.resolve !== undefined;
  if (isKnown && !isKnownProperty(type.name, name, context)) return NOT_PLAIN;
  const inner = getNullableType(field.type);
  const property: Property = { key, name, isNullable: !isNonNullType(field.type), isKnown };
  if (isLeafType(inner)) return { ...property, kind: 'leaf', type: inner };
  if (!isObjectType(inner)) return NOT_PLAIN;
  const columns = columnsOf(inner, fieldNodes, context, info);
  return columns === NOT_PLAIN ? NOT_PLAIN : { ...property, kind: 'object', columns };
}

/**
 * A field that needs a scope has a resolver, which may refuse. Its property may replace the resolver only where the
 * caller has the scope.
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
    // A value does not serialize, or a property throws. graphql-js makes the error with its path.
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
  // The property is missing, so only the resolver can look it up.
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

function placeValue(data: unknown, path: GraphQLResolveInfo['path'], value: Rows | Row): void {
  let parent: unknown = data;
  for (const key of keysTo(path.prev)) parent = isIndexable(parent) ? parent[key] : undefined;
  // An error has made an object around it null.
  if (!isIndexable(parent)) return;
  const place = parent[path.key];
  const isList = Array.isArray(value) || value instanceof WrittenRows;
  // An error has made the list null. An object's place is null until now.
  if (isList && place === null) return;
  const isEmpty = isList ? Array.isArray(place) && place.length === 0 : place === null;
  if (!isEmpty) throw new Error('The rows of a list have lost their place.');
  parent[path.key] = value;
}

function isIndexable(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

function keysTo(path: GraphQLResolveInfo['path'] | undefined): readonly (string | number)[] {
  const keys: (string | number)[] = [];
  for (let step = path; step !== undefined; step = step.prev) keys.push(step.key);
  return keys.reverse();
}

/** Writers of the running queries, by their context. */
const writers = new WeakMap<GatewayContext, RowWriter>();

/**
 * A resolver that leaves rows and plain objects to the query's writer where the field has them; any other resolver as
 * it is.
 */
export function withPlainRows(
  coordinate: string,
  resolve: GraphQLFieldResolver<unknown, GatewayContext> | undefined,
): GraphQLFieldResolver<unknown, GatewayContext> | undefined {
  const resolved = resolve ?? defaultFieldResolver;
  if (PLAIN_OBJECTS.has(coordinate)) {
    return async (source, args, context, info) => {
      const value: unknown = await resolved(source, args, context, info);
      const writer = writers.get(context);
      return writer === undefined ? value : writer.takeObject(value, context, info);
    };
  }
  if (!ROW_LISTS.has(coordinate)) return resolve;
  const isSliced = SLICED_LISTS.has(coordinate);
  return (source, args, context, info) => {
    const take = (list: unknown): unknown => takeRows(list, isSliced, context, info);
    const list: unknown = resolved(source, args, context, info);
    return list instanceof Promise ? list.then(take) : take(list);
  };
}

/** The list for graphql-js to complete: empty where the rows are written here. */
function takeRows(list: unknown, isSliced: boolean, context: GatewayContext, info: GraphQLResolveInfo): unknown {
  if (!Array.isArray(list)) return list;
  const rest = (taken: readonly unknown[]): unknown =>
    isSliced && taken === list ? inSlices(list, () => context.reads.refusal()) : taken;
  const taken = writers.get(context)?.take(list, context, info) ?? list;
  return taken instanceof Promise ? taken.then(rest) : rest(taken);
}

/**
 * Lets a query's rows be written here. Otherwise, and for mutations, graphql-js completes every list, and the responses
 * are the same.
 */
export function beginRows(context: GatewayContext, operation: OperationDefinitionNode): void {
  if (operation.operation === OperationTypeNode.QUERY) writers.set(context, new RowWriter());
}

/** Puts the rows into the response, so that what follows sees the finished response. */
export function placeRows(context: GatewayContext, { data }: FormattedExecutionResult): void {
  writers.get(context)?.place(data);
}
