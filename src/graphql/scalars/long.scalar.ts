import { GraphQLScalarType, Kind } from 'graphql';
import { ScalarInputError } from './scalar-input.js';

/**
 * Counts of documents: the upstream's integers are unbounded, GraphQL's Int ends at 2^31-1. Beyond 2^53-1 a JSON number would lose
 * digits, so the decoder refuses those before they come here.
 */
export const LongScalar = new GraphQLScalarType<number, number>({
  name: 'Long',
  description: 'An integer from -(2^53-1) to 2^53-1, as a JSON number: any JSON parser reads it exactly.',
  serialize: (value) => safeInteger(value),
  parseValue: (value) => safeInteger(value),
  parseLiteral: (node) => safeInteger(node.kind === Kind.INT ? Number(node.value) : null),
});

function safeInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new ScalarInputError('Long is an integer from -(2^53-1) to 2^53-1.');
  }
  return value;
}
