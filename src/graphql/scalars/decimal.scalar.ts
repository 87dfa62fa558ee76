import { textScalar } from './text.scalar.js';

/** Money and credits: exact base-10 text from the upstream to the client. */
export const DecimalScalar = textScalar({
  name: 'Decimal',
  description:
    'An exact base-10 number in a string, such as `"99.50"`: the text that the upstream sent, digit for digit, so `"99"` and `"99.00"` both occur, ' +
    'and so may a sign or an exponent. Read it with a decimal library; a binary float would alter it.',
  pattern: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/,
});
