import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Scope } from '../../domain/caller.js';
import { accessOf, INHERITED } from '../scopes.js';
import type { CoercedVariables } from './input-error.js';

/** The real selection of an operation: fragments expanded, `@skip` and `@include` decided with the real variables. */
export interface OperationFacts {
  /** Scopes of all selected fields. */
  readonly scopes: ReadonlySet<Scope>;
  /** Root fields by response key, without meta fields. Equal keys are one field, as GraphQL merges them. */
  readonly rootFields: ReadonlyMap<string, FieldNode>;
  /** Whether the selection has lists whose size is limited. */
  readonly hasLists: boolean;
  /** False: the same for all variables, so the facts may be kept with the document. */
  readonly conditional: boolean;
}

/**
 * Walks an operation of a validated document. Each fragment is entered once, so the length of the document bounds the
 * work. Every field has an access decision, because the schema does not build otherwise.
 */
export function operationFacts(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: CoercedVariables,
): OperationFacts {
  const fragments = fragmentsOf(document);
  const entered = new Set<string>();
  const scopes = new Set<Scope>();
  const rootFields = new Map<string, FieldNode>();
  let hasLists = false;
  let conditional = false;

  const enterFragment = (name: string, isRoot: boolean): void => {
    const fragment = fragments.get(name);
    if (fragment === undefined || entered.has(name)) return;
    entered.add(name);
    enterSet(fragment.selectionSet, fragment.typeCondition.name.value, isRoot);
  };

  const enterField = (field: FieldNode, typeName: string, isRoot: boolean): void => {
    const name = field.name.value;
    if (name.startsWith('__')) return;
    if (isRoot) rootFields.set(field.alias?.value ?? name, field);
    const access = accessOf(typeName, name);
    if (access !== undefined && access !== INHERITED) for (const scope of access) scopes.add(scope);
    hasLists ||= isCounted(typeName, name);
    const type = schema.getType(typeName);
    if (field.selectionSet === undefined || !isObjectType(type)) return;
    const inner = type.getFields()[name]?.type;
    if (inner !== undefined) enterSet(field.selectionSet, getNamedType(inner).name, false);
  };

  const enterSet = (set: SelectionSetNode, typeName: string, isRoot: boolean): void => {
    for (const selection of set.selections) {
      conditional ||= isConditional(selection);
      if (!isSelected(selection, variables)) continue;
      if (selection.kind === Kind.FIELD) enterField(selection, typeName, isRoot);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) enterFragment(selection.name.value, isRoot);
      else enterSet(selection.selectionSet, selection.typeCondition?.name.value ?? typeName, isRoot);
    }
  };

  enterSet(operation.selectionSet, rootTypeName(schema, operation), true);
  return { scopes, rootFields, hasLists, conditional };
}

function isConditional({ directives }: SelectionNode): boolean {
  return directives?.some(({ name }) => name.value === 'skip' || name.value === 'include') === true;
}

function rootTypeName(schema: GraphQLSchema, operation: OperationDefinitionNode): string {
  return schema.getRootType(operation.operation)?.name ?? '';
}

/** The fragments of a document by name. */
function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
}

/** Whether `@skip` and `@include` keep a selection. */
function isSelected(selection: SelectionNode, variables: CoercedVariables): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return true;
  const skip = getDirectiveValues(GraphQLSkipDirective, selection, variables);
  const include = getDirectiveValues(GraphQLIncludeDirective, selection, variables);
  return skip?.['if'] !== true && include?.['if'] !== false;
}

/**
 * Most rows of one response, by the arguments of its operation: a hundred groups with a full page of history each, and
 * some more. Lists inside lists multiply, and the limit of upstream calls does not see them, because one history is
 * read once however often the response shows it.
 */
export const MAX_ROWS = 600_000;

const SUBGROUPS = 50;
/** Assumed subgroups of a subgroup. Reason: a nested list of subgroups adds levels of the tree, not width. */
const SUBGROUPS_OF_SUBGROUPS = 2;
const DEFAULT_PAGE = 50;

type Arguments = Readonly<Record<string, unknown>>;

/** How many items a list can have. A field that is not named here is one item or a short list. */
const SIZES: Readonly<Record<string, (args: Arguments, isBelowSubgroups: boolean) => number>> = {
  'Query.groups': ({ ids }) => lengthOf(ids),
  'Query._entities': ({ representations }) => lengthOf(representations),
  'Query.billingOperations': ({ first }) => pageOf(first),
  'Group.billingHistory': ({ first, last }) => pageOf(first ?? last),
  'Group.subgroups': (_args, isBelowSubgroups) => (isBelowSubgroups ? SUBGROUPS_OF_SUBGROUPS : SUBGROUPS),
  'Group.availablePlans': () => 20,
  'Group.availablePacks': () => 20,
  'BillingOperation.evidence': () => 5,
};

/** Whether the field is a counted list. An operation without one has no rows. */
function isCounted(typeName: string, fieldName: string): boolean {
  return Object.hasOwn(SIZES, `${typeName}.${fieldName}`);
}

/**
 * The most rows in the response to an operation of a validated document, all lists together. The document must have
 * passed the limit of selections after fragments are expanded, which bounds the work here.
 */
export function rowsAskedFor(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: CoercedVariables,
): number {
  const fragments = fragmentsOf(document);
  let rows = 0;

  const enterField = (field: FieldNode, type: GraphQLNamedType, times: number, isBelowSubgroups: boolean): void => {
    const definition = isObjectType(type) ? type.getFields()[field.name.value] : undefined;
    if (definition === undefined || field.selectionSet === undefined) return;
    const name = `${type.name}.${field.name.value}`;
    const size = SIZES[name]?.(
      argumentsOf(() => getArgumentValues(definition, field, variables)),
      isBelowSubgroups,
    );
    const count = times * (size ?? 1);
    if (size !== undefined) rows += count;
    const isBelow = name === 'Group.subgroups' || (isBelowSubgroups && name !== 'Group.billingHistory');
    enterSet(field.selectionSet, getNamedType(definition.type), count, isBelow);
  };

  const enterSet = (set: SelectionSetNode, type: GraphQLNamedType, times: number, isBelowSubgroups: boolean): void => {
    for (const selection of set.selections) {
      if (rows > MAX_ROWS) return;
      if (!isSelected(selection, variables)) continue;
      if (selection.kind === Kind.FIELD) {
        enterField(selection, type, times, isBelowSubgroups);
        continue;
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      const condition = fragment?.typeCondition;
      const inner = condition === undefined ? type : (schema.getType(condition.name.value) ?? type);
      if (fragment !== undefined) enterSet(fragment.selectionSet, inner, times, isBelowSubgroups);
    }
  };

  const root = schema.getRootType(operation.operation);
  if (root != null) enterSet(operation.selectionSet, root, 1, false);
  return rows;
}

/** The field itself refuses arguments that do not fit, so here they count as none. */
function argumentsOf(read: () => Arguments): Arguments {
  try {
    return read();
  } catch {
    return {};
  }
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 1;
}

function pageOf(size: unknown): number {
  return typeof size === 'number' && size >= 0 ? size : DEFAULT_PAGE;
}

/** The selection on the rows of a list. */
interface RowSelection {
  /** How often the response shows the rows: `nodes` and `edges` of a connection, and each alias of them. */
  readonly lists: number;
  /** The least bytes of a row's text, over all lists: the names of its fields, and four characters for each value. */
  readonly bytes: number;
}

const VALUE_BYTES = 4;
/** Lists that are counted separately, by their own resolvers. */
const COUNTED_APART: ReadonlySet<string> = new Set([
  'billingHistory',
  'subgroups',
  'availablePlans',
  'availablePacks',
  'evidence',
]);

const KNOWN = new WeakMap<FieldNode, RowSelection>();

/**
 * The selection of the resolved field on each row of its list. Fragments are expanded, `@skip` and `@include` decided.
 * The document has passed the limit of selections, which bounds the work. A result that does not depend on variables is
 * kept with the document.
 *
 * @param connection true: the rows are in `nodes` and `edges` of the field; false: they are the items of the field
 */
export function rowSelection(info: GraphQLResolveInfo, connection: boolean): RowSelection {
  const [only, ...more] = info.fieldNodes;
  const known = only !== undefined && more.length === 0 ? KNOWN.get(only) : undefined;
  if (known !== undefined) return known;
  const walk = new SelectionWalk(info);
  let lists = 0;
  let bytes = 0;
  for (const { selectionSet } of info.fieldNodes) {
    if (selectionSet === undefined) continue;
    if (!connection) {
      lists = 1;
      bytes += walk.bytes(selectionSet);
      continue;
    }
    for (const field of walk.fields(selectionSet)) {
      if (field.name.value !== 'nodes' && field.name.value !== 'edges') continue;
      lists += 1;
      bytes += field.selectionSet === undefined ? 0 : walk.bytes(field.selectionSet);
    }
  }
  const selection = { lists, bytes };
  if (only !== undefined && more.length === 0 && !walk.isConditional) KNOWN.set(only, selection);
  return selection;
}

/** Walks a selection. Mutable: it remembers whether a result so far depended on a variable. */
class SelectionWalk {
  readonly #info: GraphQLResolveInfo;
  isConditional = false;

  constructor(info: GraphQLResolveInfo) {
    this.#info = info;
  }

  bytes(set: SelectionSetNode): number {
    let sum = 0;
    for (const { alias, name, selectionSet } of this.fields(set)) {
      sum += (alias ?? name).value.length + VALUE_BYTES;
      if (selectionSet !== undefined && !COUNTED_APART.has(name.value)) sum += this.bytes(selectionSet);
    }
    return sum;
  }

  *fields(set: SelectionSetNode): Generator<FieldNode> {
    for (const selection of set.selections) {
      if (selection.directives !== undefined && selection.directives.length > 0) this.isConditional = true;
      if (!isSelected(selection, this.#info.variableValues)) continue;
      if (selection.kind === Kind.FIELD) yield selection;
      else {
        const fragment =
          selection.kind === Kind.FRAGMENT_SPREAD ? this.#info.fragments[selection.name.value] : selection;
        if (fragment !== undefined) yield* this.fields(fragment.selectionSet);
      }
    }
  }
}
