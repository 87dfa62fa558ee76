import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type ValidationRule,
  visit,
} from 'graphql';
import { BillingError } from '../../domain/errors.js';

/** Limits of one operation. The gateway checks all of them before a resolver runs. */
export interface OperationLimits {
  /** Aliases after fragments are expanded. An alias selects one field many times. */
  readonly aliases: number;
  /** Levels of fields; fragments add no level. Introspection is exempt because graphql-js bounds its recursion. */
  readonly depth: number;
  /** Directives in the whole document. */
  readonly directives: number;
  /** Selections at the root after fragments are expanded. */
  readonly rootFields: number;
  /**
   * `subgroups` inside `subgroups`, whatever fields lie between. Reason: the response holds the tree once for each such
   * level.
   */
  readonly subgroups: number;
}

export const OPERATION_LIMITS: OperationLimits = {
  aliases: 100,
  depth: 12,
  directives: 50,
  rootFields: 100,
  subgroups: 2,
};

/** For the parser's `maxTokens`. It is the first limit for a document, so it bounds all later work. */
export const MAX_TOKENS = 5_000;
/** For Apollo's `maxRecursiveSelections`: selections of an operation after fragments are expanded. */
export const MAX_RECURSIVE_SELECTIONS = 1_000;
/** Errors reported for a refused request. More errors would say nothing new and cost work. */
export const MAX_REPORTED_ERRORS = 5;

export interface OperationRuleOptions {
  readonly limits?: OperationLimits;
  /** False also refuses `_service { sdl }`, which returns the whole schema as introspection does. Default: true. */
  readonly introspection?: boolean;
}

/** The rules for Apollo's `validationRules`. An operation over a limit is `OPERATION_TOO_COMPLEX`. */
export function operationLimitRules(options: OperationRuleOptions = {}): ValidationRule[] {
  const rules = [limitsRule(options.limits ?? OPERATION_LIMITS), NoSubscriptionsRule];
  return options.introspection === false ? [...rules, NoServiceSdlRule] : rules;
}

/** The sizes of a selection set with its fragments expanded. Sums may reach infinity, which is over every limit. */
interface SelectionSize {
  readonly aliases: number;
  readonly depth: number;
  /** Fields of this level alone. */
  readonly fields: number;
  /** The most fields named `subgroups` on one path from the root. */
  readonly subgroups: number;
}

const EMPTY: SelectionSize = { aliases: 0, depth: 0, fields: 0, subgroups: 0 };

function limitsRule(limits: OperationLimits): ValidationRule {
  return (context) => ({
    Document(document) {
      const refuse = (what: string): void => context.reportError(tooComplex(what));
      if (countDirectives(document) > limits.directives) refuse(`${limits.directives} directives`);
      const measure = selectionMeasure((name) => context.getFragment(name));
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        const size = measure(definition.selectionSet);
        if (size.aliases > limits.aliases) refuse(`${limits.aliases} aliases`);
        if (size.depth > limits.depth) refuse(`${limits.depth} levels of fields`);
        if (size.subgroups > limits.subgroups) refuse(`${limits.subgroups} levels of subgroups`);
        if (size.fields > limits.rootFields) refuse(`${limits.rootFields} fields at its root`);
      }
    },
  });
}

/** Apollo drops the code of a validation error; the original error inside keeps it. */
function tooComplex(what: string): GraphQLError {
  const error = new BillingError('OPERATION_TOO_COMPLEX', `The operation has more than ${what}.`);
  return new GraphQLError(error.message, { originalError: error });
}

/**
 * Measures each fragment once, so that 2^30 expansions cost thirty steps. A circle of fragments counts as nothing where
 * it closes, because graphql-js refuses that document anyway.
 */
function selectionMeasure(
  fragmentNamed: (name: string) => FragmentDefinitionNode | null | undefined,
): (set: SelectionSetNode) => SelectionSize {
  const known = new Map<string, SelectionSize>();

  function ofFragment(name: string): SelectionSize {
    const seen = known.get(name);
    if (seen !== undefined) return seen;
    known.set(name, EMPTY);
    const fragment = fragmentNamed(name);
    const size = fragment == null ? EMPTY : ofSet(fragment.selectionSet);
    known.set(name, size);
    return size;
  }

  function ofField(field: FieldNode): SelectionSize {
    const own = field.alias === undefined ? 0 : 1;
    const inner = field.selectionSet === undefined ? EMPTY : ofSet(field.selectionSet);
    // The check looks at names of fields, never of fragments. Otherwise a fragment with that name would exempt
    // everything in it.
    const exempt = field.name.value === '__schema' || field.name.value === '__type';
    return {
      aliases: own + inner.aliases,
      depth: exempt ? 1 : 1 + inner.depth,
      fields: 1,
      subgroups: (field.name.value === 'subgroups' ? 1 : 0) + inner.subgroups,
    };
  }

  function ofSet(set: SelectionSetNode): SelectionSize {
    const sizes = set.selections.map((selection) => {
      if (selection.kind === Kind.FIELD) return ofField(selection);
      return selection.kind === Kind.FRAGMENT_SPREAD ? ofFragment(selection.name.value) : ofSet(selection.selectionSet);
    });
    return sizes.reduce(
      (sum, size) => ({
        aliases: sum.aliases + size.aliases,
        depth: Math.max(sum.depth, size.depth),
        fields: sum.fields + size.fields,
        subgroups: Math.max(sum.subgroups, size.subgroups),
      }),
      EMPTY,
    );
  }

  return ofSet;
}

function countDirectives(document: DocumentNode): number {
  let count = 0;
  visit(document, {
    Directive() {
      count += 1;
    },
  });
  return count;
}

/** The schema has no subscriptions. Without this rule graphql-js would notice only at execution. */
const NoSubscriptionsRule: ValidationRule = (context) => ({
  OperationDefinition(node) {
    if (node.operation !== OperationTypeNode.SUBSCRIPTION) return;
    context.reportError(new GraphQLError('This service has no subscriptions.', { nodes: node }));
  },
});

const NoServiceSdlRule: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value !== '_service' || context.getParentType()?.name !== 'Query') return;
    context.reportError(new GraphQLError('This gateway does not show its schema.', { nodes: node }));
  },
});
