/**
 * The import rules of docs/architecture.md: each layer may import only what stands in its list. A rule that is broken fails
 * `npm run check`, so the picture stays true.
 */
const layers = {
  domain: [],
  observability: ['domain', 'upstreams/upstream\\.call\\.ts'],
  config: ['domain'],
  cache: ['observability'],
  upstreams: ['domain', 'observability'],
  idempotency: ['domain', 'observability'],
  auth: ['domain', 'observability', 'config', 'cache'],
  reads: ['domain', 'observability', 'upstreams'],
  billing: ['domain', 'observability', 'upstreams', 'idempotency', 'reads'],
  graphql: ['domain', 'billing', 'reads/billing-reads\\.ts', 'auth'],
  pages: [],
  debug: ['domain', 'observability', 'pages', 'upstreams/upstream\\.call\\.ts'],
  server: [
    'domain',
    'observability',
    'config',
    'auth',
    'graphql',
    'pages',
    'upstreams/upstream\\.call\\.ts',
    'runtime/package-root\\.ts',
  ],
  simulator: [],
};

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `${layer}-imports`,
  comment: `src/${layer} may import: ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: [`^src/${layer}/`, ...allowed.map((name) => `^src/${name}`)] },
}));

/** Wire formats stay behind the clients. */
const wireRule = {
  name: 'wire-stays-behind-the-client',
  comment: 'Only an upstream itself touches its codec, wire shapes and mappers.',
  severity: 'error',
  from: { path: '^src/', pathNot: '^src/upstreams/' },
  to: { path: '^src/upstreams/.+\\.(form|xml|json|wire|mapper)\\.ts$' },
};

module.exports = {
  forbidden: [
    ...layerRules,
    wireRule,
    {
      name: 'upstreams-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/upstreams/(xtracta|credits)/' },
      to: { path: '^src/upstreams/(xtracta|credits)/', pathNot: '^src/upstreams/$1/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'src-never-imports-test', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'simulator-stands-alone',
      severity: 'error',
      from: { path: '^src/(?!simulator/)' },
      to: { path: '^src/simulator/' },
    },
    {
      name: 'framework-free-core',
      comment: 'The core knows neither GraphQL nor HTTP clients.',
      severity: 'error',
      from: { path: '^src/(domain|reads|billing|idempotency)/' },
      to: { path: 'node_modules/(graphql|type-graphql|@apollo|got|undici|fastify)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
  },
};
