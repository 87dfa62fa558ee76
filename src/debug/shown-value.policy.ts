import { type GraphQLInputType, getNamedType, isEnumType, isScalarType } from 'graphql';

/** Stands where a value was. */
export const MASK = '‹masked›';

/**
 * What may be shown, by scalar: numbers, dates and ids, each only in the form that such a value has. Everything else may be personal
 * or secret: names, addresses, free text, cursors, URLs, and whatever a client puts into a field by mistake.
 */
const SHOWN: Readonly<Record<string, RegExp>> = {
  Boolean: /^(true|false)$/,
  CurrencyCode: /^[A-Z]{3}$/,
  DateTime: /^\d{4}-\d\d-\d\d[Tt ][\d:.]{5,20}([Zz]|[+-]\d\d:\d\d)$/,
  Decimal: /^[+-]?\d{1,30}(\.\d{1,20})?$/,
  Float: /^-?\d{1,20}(\.\d{1,20})?$/,
  ID: /^\d{1,18}$/,
  Int: /^-?\d{1,10}$/,
  Long: /^-?\d{1,16}$/,
  UUID: /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i,
};

/** Keys of writes are masked by name: their type is that of a group's number. */
export const KEY_FIELD = 'idempotencyKey';

/** @param type of the place where the value stands; undefined where the schema knows no such place */
export function isShown(value: string | number | boolean, type: GraphQLInputType | undefined): boolean {
  const leaf = type === undefined ? undefined : getNamedType(type);
  const text = String(value);
  if (isEnumType(leaf)) return leaf.getValue(text) !== undefined;
  return isScalarType(leaf) && SHOWN[leaf.name]?.test(text) === true;
}

/** Enough of a key to tell it from another: its ends, never more than half of it. */
export function maskKey(key: string): string {
  const shown = key.length >= 16 ? 4 : key.length >= 8 ? 2 : 0;
  return shown === 0 ? '…' : `${key.slice(0, shown)}…${key.slice(-shown)}`;
}
