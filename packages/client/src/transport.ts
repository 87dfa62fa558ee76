import type { TypedDocumentNode } from '@graphql-typed-document-node/core';

/**
 * What the kit needs of a GraphQL client. `apolloBilling` and `urqlBilling` make one; for another client these three functions are all
 * that has to be written.
 */
export interface BillingClient {
  /** Asks once. With `fresh`, never from a cache. Rejects only for a fault of the program itself. */
  query<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    options?: { readonly fresh?: boolean },
  ): Promise<Answer<Data>>;
  /** Sends once: no retry of its own. Rejects only for a fault of the program itself. */
  mutate<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>>;
  /** Asks, and tells every change of the cache from then on. */
  watch<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    listener: (answer: Answer<Data>) => void,
  ): Watch;
}

export interface Watch {
  /** Asks anew; the listener is told. */
  refresh(): void;
  stop(): void;
}

/** What came back. */
export type Answer<Data> =
  /** The server answered; with partial data, the errors say at which path a null is a gap. */
  | { readonly kind: 'answer'; readonly data: Data | null; readonly errors: readonly AnswerError[] }
  /** Something answered that is no GraphQL response: a proxy's page, a cut body. A write may have been carried out. */
  | { readonly kind: 'unreadable'; readonly cause: unknown }
  /** The network failed: nobody knows whether the request arrived. */
  | { readonly kind: 'noAnswer'; readonly cause: unknown };

/** An error of the response's `errors`. */
export interface AnswerError {
  /** `extensions.code`, null where a server in between sends none. */
  readonly code: string | null;
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly retryable: boolean;
  /** Names the request in the gateway's log: give it to support. */
  readonly requestId: string | null;
}

/** An error as GraphQL libraries hand it out. */
interface GraphqlErrorLike {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** Reads what the gateway adds to an error. */
export function answerError({ message, path, extensions }: GraphqlErrorLike): AnswerError {
  const text = (name: string): string | null => {
    const value = extensions?.[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    code: text('code'),
    message,
    path: path ?? [],
    retryable: extensions?.['retryable'] === true,
    requestId: text('requestId'),
  };
}
