/**
 * The import rules of docs/architecture.md: each layer may import only the layers in its list. `npm run check` fails on
 * a broken rule, so the picture stays true. The lists are as short as the code allows; lengthen one only with a reason.
 */
const layers = {
  domain: [],
  pages: [],
  runtime: [],
  simulator: [],
  observability: ['domain'],
  config: ['domain'],
  cache: ['observability'],
  auth: ['domain', 'observability', 'config', 'cache'],
  upstreams: ['domain', 'observability/redact\\.ts'],
  // The event loop is one: whoever works long takes slices of the same turn.
  reads: ['domain', 'runtime/large-work\\.ts'],
  idempotency: ['domain'],
  billing: ['domain', 'idempotency/(ledger|ledger-states|run-once)\\.ts'],
  graphql: ['domain', 'billing/billing-writes\\.ts', 'reads/billing-reads\\.ts', 'runtime/large-work\\.ts'],
  debug: ['domain', 'pages'],
  server: [
    'domain',
    'observability',
    'config',
    'auth/authenticate\\.ts',
    'graphql/context\\.ts',
    'graphql/request/plain-rows\\.ts',
    'pages',
    'runtime/(package-root|large-work)\\.ts',
  ],
  // Above the gateway: what operators run beside it.
  // It puts a stored response in the upstream's place, so it knows the transports, and still no codec.
  ops: [
    'domain',
    'config',
    'observability/logger\\.ts',
    'auth/authenticate\\.ts',
    'billing',
    'idempotency',
    'upstreams/(upstream-errors|http/)',
    'upstreams/[^/]+/[^/]+\\.client\\.ts',
    'upstreams/credits/credits-token\\.ts',
    'upstreams/xtracta/document-examination\\.ts',
  ],
};

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `${layer}-imports`,
  comment: `src/${layer} may import: ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: [`^src/${layer}/`, ...allowed.map((name) => `^src/${name}`)] },
}));

/** The files above the layers: the program's start, its command line, and the composition root. */
const rootFiles = {
  'main\\.ts': ['cli\\.ts', 'runtime/'],
  'cli\\.ts': [
    'gateway\\.ts',
    'config/',
    'domain/errors\\.ts',
    'observability/',
    'ops/ops(-output|\\.command)\\.ts',
    'runtime/',
  ],
  'gateway[.\\w]*\\.ts': ['(?!main|cli|simulator)'],
};

const rootRules = Object.entries(rootFiles).map(([file, allowed]) => ({
  name: `${file.replaceAll('\\', '')}-imports`,
  severity: 'error',
  from: { path: `^src/${file}$` },
  to: { path: '^src/', pathNot: allowed.map((name) => `^src/${name}`) },
}));

/** Libraries that one file, or one kind of file, wraps: nobody else depends on how they are called. */
const wrapped = {
  got: 'upstreams/http/got',
  undici: 'upstreams/http/undici',
  saxes: 'upstreams/xml/strict',
  'fast-xml-parser': 'upstreams/xml/',
  dataloader: 'reads/.*loader',
  'big\\.js': '(domain|upstreams/credits)/',
  pg: 'idempotency/postgres/',
  ioredis: 'cache/redis-link',
  jose: 'auth/',
  pino: 'observability/logger',
  'pino-pretty': 'observability/logger-pretty',
  'prom-client': 'observability/metrics',
  '@opentelemetry/[^/]+': 'observability/tracing-sdk',
  yaml: 'config/',
  zod: '(config|billing|idempotency|simulator|upstreams/credits)/',
  fastify: '(server|pages|debug)/',
  'type-graphql': 'graphql/',
};

const wrapperRules = Object.entries(wrapped).map(([library, file]) => ({
  name: `${library.replaceAll('\\', '')}-is-wrapped`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${file}` },
  to: { path: `node_modules/${library}/` },
}));

/** Every source file serves a program. What only tests import belongs to test/. */
const reachableRules = [
  { from: '^src/main\\.ts$', path: '^src/(?!simulator/)' },
  { from: '^src/simulator/main\\.ts$', path: '^src/simulator/' },
].map(({ from, path }, index) => ({
  name: `no-file-without-a-use-${index + 1}`,
  severity: 'error',
  from: { path: from },
  to: { path, pathNot: '\\.(md|html|css|js)$', reachable: false },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    ...rootRules,
    ...wrapperRules,
    ...reachableRules,
    {
      name: 'wire-stays-behind-the-client',
      comment:
        'Others see the clients alone, and only the composition root does; it also shares out large responses by the fair pool. What operators run has a list of its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(upstreams|ops)/' },
      to: { path: '^src/upstreams/', pathNot: '^src/upstreams/([^/]+/[^/]+\\.client|http/fair-pool)\\.ts$' },
    },
    {
      name: 'upstreams-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/upstreams/(xtracta|credits)/' },
      to: { path: '^src/upstreams/(xtracta|credits)/', pathNot: '^src/upstreams/$1/' },
    },
    {
      name: 'no-circles',
      comment: 'Not by types either: two files that need each other are one idea, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|tools|bench)/' },
    },
    {
      name: 'simulator-stands-alone',
      comment: 'The simulator must not share the codecs, or both would be wrong together.',
      severity: 'error',
      from: { path: '^src/(?!simulator/)' },
      to: { path: '^src/simulator/' },
    },
    {
      name: 'framework-free-core',
      comment: 'The core knows neither GraphQL nor HTTP.',
      severity: 'error',
      from: { path: '^src/(domain|reads|billing|idempotency)/' },
      to: { path: 'node_modules/(graphql|type-graphql|@apollo|got|undici|fastify)/' },
    },
    {
      name: 'no-devDependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'nothing-unresolved', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
