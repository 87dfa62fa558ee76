import { textScalar } from './text.scalar.js';

export const UrlScalar = textScalar({
  name: 'URL',
  description: 'An absolute URL. Its text is answered exactly as the upstream sent it.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  pattern: /^https?:\/\/\S+$/,
});
