import {
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsOf, isSelected } from './operation-selection.js';
import type { CoercedVariables } from './operation-variables.js';

/**
 * Rows that one operation may answer by its own arguments: a hundred groups with a full page of history each, and some more. Lists inside lists
 * multiply, and they cost no upstream call each: the same history is asked once however often it is shown.
 */
export const MAX_ROWS = 600_000;

const SUBGROUPS = 50;
/** Of groups that were found below another: how many more levels of a tree one meets, not how wide it is. */
const SUBGROUPS_OF_SUBGROUPS = 2;
const DEFAULT_PAGE = 50;

type Arguments = Readonly<Record<string, unknown>>;

/** How many items a list can have; what is not named here is one item or a short list. */
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

/** Whether the field is a list that counts; an operation without one answers no rows. */
export function isCounted(typeName: string, fieldName: string): boolean {
  return Object.hasOwn(SIZES, `${typeName}.${fieldName}`);
}

/**
 * The most rows that an operation of a validated document can answer, all lists together. The document must have passed the limit of
 * selections after fragments are expanded, which bounds the work here.
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

/** Arguments that do not fit are refused where they are used, so here they ask for nothing. */
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
