import type { BillingWarning } from '../domain/write.js';

/** Whether an HTTP status may come with a result: 2xx but 204 and 205, which have no body by definition, whatever was received. */
export function carriesPayload(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus < 300 && httpStatus !== 204 && httpStatus !== 205;
}

/** The write succeeded, and a figure of its answer is null because it could not be read. */
export const VALUE_UNREADABLE: BillingWarning = {
  code: 'VALUE_UNREADABLE',
  message: "A value of the upstream's answer could not be read and is null.",
};
