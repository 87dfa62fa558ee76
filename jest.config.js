import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Node itself loads the modules, once a worker: the file says why.
  testRunner: '<rootDir>/test/support/native.runner.mjs',
  globalSetup: '<rootDir>/test/support/global.setup.mjs',
  testSequencer: '<rootDir>/test/support/longest-first.sequencer.cjs',
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  // For `--findRelatedTests`, which follows imports by jest's own means.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        module: { type: 'nodenext' },
        jsc: {
          target: 'es2024',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
        },
      },
    ],
  },
  // Suites wait for processes and sockets a third of their time, so three workers pay on two cores.
  maxWorkers: Math.max(3, Math.floor(availableParallelism() / 2)),
  // Modules of a test file that has ended stay in its worker (Node cannot unload ES modules), so one that has grown is
  // replaced. The limit is of the heap without garbage; a worker takes about three times as much from the system.
  workerIdleMemoryLimit: '200MB',
  // Whole gateways start in many tests, on machines that do other things too. A test that hangs is told; one that waits
  // for its turn is not.
  testTimeout: 20_000,
  coverageProvider: 'babel',
  collectCoverageFrom: ['src/**/*.ts'],
};
