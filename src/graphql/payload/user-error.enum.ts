import { registerEnumType } from 'type-graphql';
import { BILLING_ERROR_CODES, type BillingErrorCode } from '../../domain/errors.js';
import { ERROR_CATALOGUE } from '../error-catalogue.js';

/** The closed list of codes as a GraphQL enum: value and name are equal, or defaults would change in the printed schema. */
export const BillingErrorCodeEnum: Readonly<Record<string, BillingErrorCode>> = Object.fromEntries(
  BILLING_ERROR_CODES.map((code) => [code, code]),
);

registerEnumType(BillingErrorCodeEnum, {
  name: 'BillingErrorCode',
  description: 'Why something failed. The list is closed, and codes are the contract: messages may change.',
  valuesConfig: Object.fromEntries(
    BILLING_ERROR_CODES.map((code) => [code, { description: ERROR_CATALOGUE[code].meaning }]),
  ),
});
