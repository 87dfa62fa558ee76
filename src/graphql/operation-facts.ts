import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Scope } from '../domain/caller.js';
import { fragmentsOf, isSelected } from './operation-selection.js';
import { isCounted } from './operation-size.js';
import type { CoercedVariables } from './operation-variables.js';
import { accessOf, INHERITED } from './scopes.js';

/** What an operation really selects: fragments expanded, `@skip` and `@include` decided with the real variables. */
export interface OperationFacts {
  /** Scopes of all that is selected. */
  readonly scopes: ReadonlySet<Scope>;
  /** Root fields by response key, without meta fields. Equal keys are one field, as GraphQL merges them. */
  readonly rootFields: ReadonlyMap<string, FieldNode>;
  /** Some of what is selected are lists whose size is limited. */
  readonly hasLists: boolean;
  /** False: the same for all variables, so the facts may be kept with the document. */
  readonly conditional: boolean;
}

/**
 * Walks an operation of a validated document. Each fragment is entered once, so the work is bounded by the length of the document.
 * A field that has no access decision cannot occur: the schema does not build with one.
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
