// Loaded with the first requested page: nine megabytes, mostly the scripts of GraphiQL.
export { renderGraphiQL } from '@graphql-yoga/render-graphiql';
