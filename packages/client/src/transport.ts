import type { TypedDocumentNode } from '@graphql-typed-document-node/core';

/**
 * The kit's interface to a GraphQL client. `apolloBilling` and `urqlBilling` make one. For another client you write
 * only these three functions.
 */
export interface BillingClient {
  /** Reads once. With `fresh`, never from a cache. Rejects only for a fault of the program itself. */
  query<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    options?: { readonly fresh?: boolean },
  ): Promise<BillingResponse<Data>>;
  /** Sends once: no retry of its own. Rejects only for a fault of the program itself. */
  mutate<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<BillingResponse<Data>>;
  /** Reads, and then reports every change of the cache. */
  watch<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    listener: (response: BillingResponse<Data>) => void,
  ): Watch;
}

export interface Watch {
  /** Reads anew and notifies the listener. */
  refresh(): void;
  stop(): void;
}

/** The result of a request. */
export type BillingResponse<Data> =
  /** A GraphQL response. With partial data, the paths of the errors show which nulls are gaps. */
  | { readonly kind: 'response'; readonly data: Data | null; readonly errors: readonly ResponseError[] }
  /** A response that is no GraphQL: a proxy's page, or a cut body. A write may have been carried out. */
  | { readonly kind: 'unreadable'; readonly cause: unknown }
  /** The network failed. It is not known whether the request arrived. */
  | { readonly kind: 'noResponse'; readonly cause: unknown };

/** An error of the response's `errors`. */
export interface ResponseError {
  /** `extensions.code`, null where a server between client and gateway sends none. */
  readonly code: string | null;
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly retryable: boolean;
  /** Names the request in the gateway's log: give it to support. */
  readonly requestId: string | null;
}

/** An error object of the GraphQL libraries. */
interface GraphqlErrorLike {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** Reads the gateway's extensions of an error. */
export function responseError({ message, path, extensions }: GraphqlErrorLike): ResponseError {
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
