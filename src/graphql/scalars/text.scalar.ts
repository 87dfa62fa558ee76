import { GraphQLScalarType } from 'graphql';
import { inputText, ScalarInputError } from './scalar-input.js';

interface TextScalarConfig {
  readonly name: string;
  readonly description: string;
  readonly specifiedByURL?: string;
  /** What an input must look like; the value as given is never repeated in the error. */
  readonly pattern: RegExp;
}

/**
 * A scalar whose values are text and stay exactly the text that they are. Only input is checked: an answer was read by a decoder
 * already, and altering it here would alter a figure.
 */
export function textScalar(config: TextScalarConfig): GraphQLScalarType<string, string> {
  const parseText = (text: string): string => {
    if (!config.pattern.test(text)) throw new ScalarInputError(`This is not a ${config.name}.`);
    return text;
  };
  return new GraphQLScalarType<string, string>({
    name: config.name,
    description: config.description,
    ...(config.specifiedByURL === undefined ? {} : { specifiedByURL: config.specifiedByURL }),
    serialize: (value) => {
      if (typeof value !== 'string') throw new TypeError(`${config.name} is answered as text.`);
      return value;
    },
    parseValue: (value) => parseText(inputText(config.name, value)),
    parseLiteral: (node) => parseText(inputText(config.name, node)),
  });
}
