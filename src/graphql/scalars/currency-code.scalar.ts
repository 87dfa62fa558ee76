import { textScalar } from './text.scalar.js';

export const CurrencyCodeScalar = textScalar({
  name: 'CurrencyCode',
  description: 'A currency as a three-letter code of ISO 4217, such as `NZD`, as the upstream wrote it.',
  specifiedByURL: 'https://www.iso.org/iso-4217-currency-codes.html',
  pattern: /^[A-Z]{3}$/,
});
