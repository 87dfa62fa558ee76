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
import { badInput } from '../domain/errors.js';
import { inputProblem } from './input-error.js';

export type CoercedVariables = Readonly<Record<string, unknown>>;

/**
 * Coerces the variables as graphql-js does (GraphQL specification, CoerceVariableValues), for two reasons: the checks before
 * execution need them, and graphql-js' own errors repeat the value. Throws `BAD_USER_INPUT` with the path of the first fault.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  inputs: Readonly<Record<string, unknown>>,
): CoercedVariables {
  const coerced = new Map<string, unknown>();
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    // Validation has refused output types as variables.
    if (!isInputType(type)) continue;
    const value = Object.hasOwn(inputs, name) ? coerceGiven(name, type, inputs[name]) : coerceAbsent(definition, type);
    if (value !== undefined) coerced.set(name, value);
  }
  return Object.fromEntries(coerced);
}

function coerceAbsent(definition: VariableDefinitionNode, type: GraphQLInputType): unknown {
  if (definition.defaultValue !== undefined) return valueFromAST(definition.defaultValue, type);
  if (!isNonNullType(type)) return undefined;
  const name = definition.variable.name.value;
  throw badInput(`${name} is required: ${String(type)}.`, [name]);
}

function coerceGiven(name: string, type: GraphQLInputType, value: unknown): unknown {
  if (value === null && isNonNullType(type)) throw badInput(`${name} is required: ${String(type)}.`, [name]);
  return coerceInputValue(value, type, (path, _invalid, error) => {
    throw inputProblem([name, ...path.map(String)], error);
  });
}
