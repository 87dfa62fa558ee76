import {
  GraphQLID,
  type GraphQLInputType,
  GraphQLScalarType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isInterfaceType,
  isObjectType,
  Kind,
  parseType,
  typeFromAST,
} from 'graphql';
import { ScalarInputError } from './scalar-input.js';

/**
 * The text of an id that came as JSON: a string, or a whole number within ±(2^53-1).
 *
 * Reason: a JSON reader rounds a larger number before anybody here sees it, so that two ids would become one, and with them two orders.
 *
 * @throws ScalarInputError for anything else
 */
export function idText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new ScalarInputError('An ID is given as a string, or as a whole number from -(2^53-1) to 2^53-1.');
}

/**
 * The built-in `ID`, but for its input. A literal keeps its digits in a document, and is refused as a variable is: a client that
 * builds documents from JSON numbers has rounded it already.
 */
const IdScalar = new GraphQLScalarType<string, string>({
  ...GraphQLID.toConfig(),
  parseValue: idText,
  parseLiteral: (node) => {
    if (node.kind === Kind.INT) {
      idText(Number(node.value));
      return node.value;
    }
    return idText(node.kind === Kind.STRING ? node.value : undefined);
  },
});

/**
 * Makes {@link idText} the rule for every `ID` that the schema takes: arguments, input fields, variables, lists of them. Changes the
 * schema in place, before anybody uses it: graphql-js builds every schema with its own `ID`, and the copies that tools make keep it.
 */
export function useSafeIds(schema: GraphQLSchema): void {
  schema.getTypeMap()[IdScalar.name] = IdScalar;
  const renew = (input: { type: GraphQLInputType }): void => {
    // By its name, so that it is found with the ID from above.
    const type = typeFromAST(schema, parseType(String(input.type)));
    if (isInputType(type)) input.type = type;
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isInputObjectType(type)) Object.values(type.getFields()).forEach(renew);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) field.args.forEach(renew);
  }
}
