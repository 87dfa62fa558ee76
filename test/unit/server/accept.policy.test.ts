import { describe, expect, it } from '@jest/globals';
import { responseTypeFor } from '../../../src/server/error-response.js';

const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';

describe('the media type of a response', () => {
  it.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['APPLICATION/JSON; charset=utf-8', JSON_TYPE],
    ['application/json; foo=bar', JSON_TYPE],
    ['application/graphql-response+json', GRAPHQL_TYPE],
    ['application/graphql-response+json, application/json;q=0.9', GRAPHQL_TYPE],
    ['application/graphql-response+json;q=0.5, application/json;q=0.9', JSON_TYPE],
    ['application/json;q=0, */*', GRAPHQL_TYPE],
    ['text/html, */*;q=0.1', JSON_TYPE],
    ['multipart/mixed, application/json', JSON_TYPE],
    ['application/json, application/graphql-response+json', GRAPHQL_TYPE],
    ['application/graphql-response+json, application/json', GRAPHQL_TYPE],
    ['application/graphql-response+json;q=0.5, application/json;q=0.5', GRAPHQL_TYPE],
    ['application/graphql-response+json, application/json, */*', GRAPHQL_TYPE],
    ['application/graphql-response+json, */*', GRAPHQL_TYPE],
    ['application/json, */*', JSON_TYPE],
    ['application/json, application/*;q=0.9', JSON_TYPE],
  ])('for %j is %s', (accept, type) => {
    expect(responseTypeFor(accept)).toBe(type);
  });

  it.each([
    'text/html',
    'multipart/mixed',
    'application/json;q=0',
    '*/*;q=0',
    'application/xml, text/*',
    'nonsense',
    ',',
  ])('for %j is none', (accept) => {
    expect(responseTypeFor(accept)).toBeNull();
  });
});
