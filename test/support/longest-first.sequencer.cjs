// In which order test files start (`testSequencer` in jest.config.js).
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Files that take the most time, the longest first. A browser takes 700 MB, so most of its time falls beside files that
 * start few processes. Jest knows by itself only how long a file took on this machine before. A fresh checkout would
 * start the longest of all near the end, and wait for it with one worker.
 */
const LONGEST = [
  'contract/toggles',
  'browser/accessibility',
  'ledger/ledger.postgres',
  'operations/bundle',
  'writes/fault-points.postgres',
  'operations/replicas',
  'writes/processes',
  'security/secrets',
  'ops/doctor',
  'browser/explore',
  'security/recurring-queries',
  'security/refused-requests',
  'writes/fault-points.sqlite',
  'writes/careless-clients',
  'security/storm',
  'ledger/ledger.sqlite',
  'operations/process',
  'operations/failover',
  'writes/sigkill',
  'security/large-responses',
  'security/fuzz-requests',
  'operations/full-disk',
  'operations/redis-failover',
  'ledger/ledger-signals',
  'gateway/stale-reads',
];

const rank = ({ path }) => {
  const place = LONGEST.findIndex((name) => path.includes(`/test/${name}.`));
  return place === -1 ? LONGEST.length : place;
};

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};
