import {
  type ASTNode,
  type ASTVisitor,
  coerceInputValue,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  parse,
  type Source,
  TypeInfo,
  typeFromAST,
  type ValueNode,
  type VariableDefinitionNode,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type BillingError, badInput } from '../../domain/errors.js';
import { ScalarInputError } from '../scalars.js';
import { MAX_TOKENS } from './limits.js';

/**
 * Kinds of constants in a document. A variable is not among them: in a wrong place it is an error of the document
 * itself.
 */
const VALUE_KINDS: ReadonlySet<string> = new Set<ValueNode['kind']>([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
]);

const MISSING_FIELD = /^Field "(?:\w+\.)?(\w+)" of required type "([^"]+)" was not provided/;
const MISSING_ARGUMENT = /^Field "\w+" argument "(\w+)" of type "([^"]+)" is required/;
const ARGUMENT = /^Argument "(\w+)" (?:of|has)/;

/**
 * The suggestion that graphql-js makes for a word that is not in the schema. It holds names of the schema and no text
 * of the client.
 */
const SUGGESTION = / Did you mean (?:the enum value )?"\w+"[^?]*\?$/;

export interface InputPlace {
  /** The variable that the value came in, for the message; the path names the input that the variable is given for. */
  readonly variable: { readonly name: string; readonly path: readonly string[] } | null;
  /** Whether the schema's own words may be suggested. */
  readonly suggestions: boolean;
}

/**
 * Suggestions are safe here: where the schema is hidden, Apollo Server has already removed them from validation errors.
 */
const LITERAL: InputPlace = { variable: null, suggestions: true };

/** The error for a wrong value; its message never repeats the value. `path` leads to the input at fault. */
function inputProblem(path: readonly string[], cause: GraphQLError, place: InputPlace = LITERAL): BillingError {
  const missing = MISSING_FIELD.exec(cause.message);
  const more = missing?.[1] === undefined ? [] : [missing[1]];
  const field = [...path, ...more];
  const { variable } = place;
  const name =
    variable === null ? field.join('.') : `Variable $${[variable.name, ...variable.path, ...more].join('.')}`;
  if (missing !== null) return badInput(`${name} is required: ${missing[2] ?? ''}.`, field);
  const rule = cause.originalError instanceof ScalarInputError ? ` ${cause.originalError.message}` : '';
  const suggestion = place.suggestions ? (SUGGESTION.exec(cause.message)?.[0] ?? '') : '';
  return badInput(`${name} has a value that its type does not allow.${rule}${suggestion}`, field);
}

/** The error for a constant in the document that does not fit its type. Undefined when the error has another cause. */
export function literalError(error: GraphQLError): BillingError | undefined {
  const nodes: readonly ASTNode[] = error.nodes ?? [];
  const [node] = nodes;
  if (node === undefined) return undefined;
  const argument = MISSING_ARGUMENT.exec(error.message);
  if (argument?.[1] !== undefined && node.kind === Kind.FIELD) {
    const field = [fieldKey(node), argument[1]];
    return badInput(`${argument[1]} of ${fieldKey(node)} is required: ${argument[2] ?? ''}.`, field.slice(1));
  }
  if (!nodes.every(({ kind }) => VALUE_KINDS.has(kind))) return undefined;
  return inputProblem(literalPath(node), unwrapped(error));
}

/** A request with a document that fits the schema. */
interface ValidRequest {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The error for an argument, from the error that graphql-js made of it. Undefined: that has another cause. */
export type ArgumentRefusal = (error: GraphQLError) => BillingError | undefined;

/**
 * The errors for arguments of fields and directives that validation cannot refuse: an explicit null in place of a
 * default, or a missing variable. The document is searched once, however many rows have such an error.
 */
export function argumentRefusal(request: ValidRequest): ArgumentRefusal {
  let paths: ReadonlyMap<unknown, readonly string[]> | undefined;
  return (error) => {
    if (error.path !== undefined || error.originalError !== undefined) return undefined;
    const [, argument] = ARGUMENT.exec(error.message) ?? [];
    if (argument === undefined) return undefined;
    paths ??= pathsToNulls(request);
    const field = paths.get(error.nodes?.[0]) ?? [argument];
    return badInput(`${field.join('.')} has a value that its type does not allow.`, field);
  };
}

/** The error of a field whose argument only execution can refuse; any other error as it is. */
export function withArgumentRefused(error: GraphQLError, refusal: ArgumentRefusal): GraphQLError {
  const { message, nodes = null, path, originalError: cause } = error;
  if (path === undefined || !(cause instanceof GraphQLError)) return error;
  const originalError = refusal(cause);
  return originalError === undefined ? error : new GraphQLError(message, { nodes, path, originalError });
}

/** By node: the path to the first variable in it that is null where the type allows none. */
function pathsToNulls({ schema, document, variables }: ValidRequest): ReadonlyMap<unknown, readonly string[]> {
  const types = new TypeInfo(schema);
  const paths = new Map<unknown, readonly string[]>();
  const search: ASTVisitor = {
    Variable(node, _key, _parent, path, ancestors) {
      if (variables[node.name.value] !== null || !isNonNullType(types.getInputType())) return;
      const names = namesAlong(document, path);
      for (const place of [...ancestors, node]) if (!paths.has(place)) paths.set(place, names);
    },
  };
  visit(document, visitWithTypeInfo(types, search));
  return paths;
}

/**
 * The rule's own error. Reason: Apollo wraps it, and where it has a cause, Apollo keeps the cause instead of the error.
 */
function unwrapped(error: GraphQLError): GraphQLError {
  return error.originalError instanceof GraphQLError ? error.originalError : error;
}

function fieldKey(node: FieldNode): string {
  return node.alias?.value ?? node.name.value;
}

/** Parsed documents with errors, so that each is parsed once however many errors it has. */
const parsedSources = new WeakMap<Source, DocumentNode>();

/**
 * The path to a constant: argument, input fields, list positions. Nodes do not know their parents, so this searches the
 * document.
 */
function literalPath(target: ASTNode): readonly string[] {
  const source = target.loc?.source;
  if (source === undefined) return ['value'];
  const document = parsed(source);
  let found: readonly string[] | undefined;
  visit(document, {
    enter(node, _key, _parent, path) {
      if (found !== undefined) return false;
      if (node.kind === target.kind && node.loc?.start === target.loc?.start) found = namesAlong(document, path);
      return undefined;
    },
  });
  return found === undefined || found.length === 0 ? ['value'] : found;
}

function parsed(source: Source): DocumentNode {
  const document = parsedSources.get(source) ?? parse(source, { maxLexicalTokens: MAX_TOKENS });
  parsedSources.set(source, document);
  return document;
}

/**
 * The input that a variable is given for: where it is used first in the operation, else in a fragment. Reason: a client
 * finds its form field by this path, as it does with the rules that are checked later and know no variables.
 */
function inputOf(variable: string, operation: OperationDefinitionNode): readonly string[] {
  const source = operation.loc?.source;
  const others = source === undefined ? [] : parsed(source).definitions;
  for (const definition of [operation, ...others.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)]) {
    let found: readonly string[] | undefined;
    visit(definition, {
      enter(node, _key, _parent, path) {
        if (found !== undefined || node.kind === Kind.VARIABLE_DEFINITION) return false;
        if (node.kind === Kind.VARIABLE && node.name.value === variable) found = namesAlong(definition, path);
        return undefined;
      },
    });
    if (found !== undefined && found.length > 0) return found;
  }
  return [variable];
}

function namesAlong(root: ASTNode, path: readonly (string | number)[]): readonly string[] {
  const names: string[] = [];
  let current: unknown = root;
  let operation: OperationDefinitionNode | null = null;
  for (const [index, key] of path.entries()) {
    current = isIndexable(current) ? current[key] : undefined;
    if (typeof key === 'number' && path[index - 1] === 'values') names.push(String(key));
    if (!isNode(current)) continue;
    if (current.kind === Kind.OPERATION_DEFINITION) operation = current;
    names.push(...nameOf(current, operation));
  }
  return names;
}

function nameOf(node: ASTNode, operation: OperationDefinitionNode | null): readonly string[] {
  if (node.kind === Kind.VARIABLE_DEFINITION && operation !== null) return inputOf(node.variable.name.value, operation);
  return node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD ? [node.name.value] : [];
}

function isIndexable(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isNode(value: unknown): value is ASTNode {
  return isIndexable(value) && typeof value['kind'] === 'string';
}

export interface CoercionOptions {
  /** Whether an error may suggest a name of the schema for an unknown word. */
  readonly suggestions: boolean;
}

export type CoercedVariables = Readonly<Record<string, unknown>>;

/**
 * Coerces the variables as graphql-js does (GraphQL specification, CoerceVariableValues). Two reasons: the checks
 * before execution need them, and the errors of graphql-js would repeat the value. Throws `BAD_USER_INPUT` with the
 * path of the first fault.
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
    // Validation has already refused variables of output types.
    if (!isInputType(type)) continue;
    const value = Object.hasOwn(inputs, name)
      ? coerceGiven(name, type, inputs[name], { operation, ...options })
      : coerceAbsent(definition, type, operation);
    if (value !== undefined) coerced.set(name, value);
  }
  return Object.fromEntries(coerced);
}

function coerceAbsent(
  definition: VariableDefinitionNode,
  type: GraphQLInputType,
  operation: OperationDefinitionNode,
): unknown {
  if (definition.defaultValue !== undefined) return valueFromAST(definition.defaultValue, type);
  if (!isNonNullType(type)) return undefined;
  const name = definition.variable.name.value;
  throw missingVariable(name, type, operation);
}

function coerceGiven(
  name: string,
  type: GraphQLInputType,
  value: unknown,
  { operation, suggestions }: CoercionOptions & { readonly operation: OperationDefinitionNode },
): unknown {
  if (value === null && isNonNullType(type)) throw missingVariable(name, type, operation);
  return coerceInputValue(value, type, (path, _invalid, error) => {
    const within = path.map(String);
    throw inputProblem([...inputOf(name, operation), ...within], error, {
      variable: { name, path: within },
      suggestions,
    });
  });
}

function missingVariable(name: string, type: GraphQLInputType, operation: OperationDefinitionNode): BillingError {
  return badInput(`Variable $${name} is required: ${String(type)}.`, inputOf(name, operation));
}
