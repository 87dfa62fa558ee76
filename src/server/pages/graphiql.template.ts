// Loaded with the first page that is asked for: nine megabytes, most of which are the scripts of GraphiQL.
export { renderGraphiQL } from '@graphql-yoga/render-graphiql';
