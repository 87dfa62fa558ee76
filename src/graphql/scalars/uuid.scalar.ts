import { textScalar } from './text.scalar.js';

export const UuidScalar = textScalar({
  name: 'UUID',
  description:
    'A UUID in its canonical form of 36 characters: `9beb5f68-6493-4cc4-b55e-187541a9d22b`. Upper and lower case are equal.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc9562',
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
});
