import {
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromAST,
} from 'graphql';
import { type BillingError, badInput } from '../domain/errors.js';
import { inputProblem } from './input-error.js';

export interface CoercionOptions {
  /** Whether an error may name what the schema has in place of a word that it has not. */
  readonly suggestions: boolean;
}

export type CoercedVariables = Readonly<Record<string, unknown>>;

/**
 * Coerces the variables as graphql-js does (GraphQL specification, CoerceVariableValues), for two reasons: the checks before
 * execution need them, and graphql-js' own errors repeat the value. Throws `BAD_USER_INPUT` with the path of the first fault.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  inputs: Readonly<Record<string, unknown>>,
  options: CoercionOptions,
): CoercedVariables {
  const coerced = new Map<string, unknown>();
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    // Validation has refused output types as variables.
    if (!isInputType(type)) continue;
    const value = Object.hasOwn(inputs, name)
      ? coerceGiven(name, type, inputs[name], options)
      : coerceAbsent(definition, type);
    if (value !== undefined) coerced.set(name, value);
  }
  return Object.fromEntries(coerced);
}

function coerceAbsent(definition: VariableDefinitionNode, type: GraphQLInputType): unknown {
  if (definition.defaultValue !== undefined) return valueFromAST(definition.defaultValue, type);
  if (!isNonNullType(type)) return undefined;
  const name = definition.variable.name.value;
  throw missingVariable(name, type);
}

function coerceGiven(name: string, type: GraphQLInputType, value: unknown, options: CoercionOptions): unknown {
  if (value === null && isNonNullType(type)) throw missingVariable(name, type);
  return coerceInputValue(value, type, (path, _invalid, error) => {
    throw inputProblem([name, ...path.map(String)], error, { isVariable: true, ...options });
  });
}

function missingVariable(name: string, type: GraphQLInputType): BillingError {
  return badInput(`Variable $${name} is required: ${String(type)}.`, [name]);
}
