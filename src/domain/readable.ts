import { BillingError, type UpstreamService } from './errors.js';

/**
 * A value that stood in the upstream's answer and could not be read. It sits in the row in the value's place: graphql-js turns an
 * `Error` found as a field's value into an error at that field's path, so the row and the page survive.
 */
export class UnreadableValue extends BillingError {
  /** The wire element that could not be read, for the drift counter: `price`, `start_date`. */
  readonly element: string;

  constructor(service: UpstreamService, operation: string, element: string) {
    super('UPSTREAM_INVALID_RESPONSE', `The upstream's ${element} could not be read.`, {
      upstream: { service, operation },
    });
    this.element = element;
  }
}

/** `null`: the upstream left it out. {@link UnreadableValue}: it is there and makes no sense. */
export type Readable<T> = T | null | UnreadableValue;

/** The value when it could be read, else null. For policy code, which must not trip over the unreadable. */
export function readableOrNull<T>(value: Readable<T>): T | null {
  return value instanceof UnreadableValue ? null : value;
}
