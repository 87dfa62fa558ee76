import { Kind, type ValueNode } from 'graphql';

/** An input that a scalar of ours refuses. Its message says what is expected and never repeats the value, so it may be shown. */
export class ScalarInputError extends Error {
  override readonly name = 'ScalarInputError';
}

/**
 * The text of a string given as a variable or written in the document. The error names the scalar and never the value: what a
 * client sends may be a secret that ended up in the wrong field.
 */
export function inputText(scalar: string, input: unknown): string {
  if (typeof input === 'string') return input;
  if (isStringNode(input)) return input.value;
  throw new ScalarInputError(`${scalar} is given as a string.`);
}

function isStringNode(input: unknown): input is Extract<ValueNode, { kind: Kind.STRING }> {
  return typeof input === 'object' && input !== null && 'kind' in input && input.kind === Kind.STRING;
}
