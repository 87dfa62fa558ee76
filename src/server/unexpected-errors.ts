import type { GraphQLFormattedError } from 'graphql';

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/**
 * Remembers which errors were answered as `INTERNAL_SERVER_ERROR`, so that the log can name them beside the request: where errors
 * are formatted, the request is not known. Keeps weak references only.
 */
export class UnexpectedErrors {
  readonly #seen = new WeakSet<object>();

  watch(formatError: FormatError): FormatError {
    return (formatted, error) => {
      const answer = formatError(formatted, error);
      if (answer.extensions?.['code'] === 'INTERNAL_SERVER_ERROR' && typeof error === 'object' && error !== null) {
        this.#seen.add(error);
      }
      return answer;
    };
  }

  has(error: object): boolean {
    return this.#seen.has(error);
  }
}
