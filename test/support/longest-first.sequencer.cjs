// In which order test files start (`testSequencer` in jest.config.js).
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Files that take the most processor time, the longest first. Between them are files that mostly wait, such as secrets
 * and doctor: the other worker uses both cores meanwhile. Jest knows by itself only how long a file took on this
 * machine before; a fresh checkout would start the longest of all near the end, and wait for it with one worker.
 */
const LONGEST = [
  'contract/toggles',
  'ledger/ledger.postgres',
  'operations/bundle',
  'writes/fault-points.postgres',
  'browser/accessibility',
  'operations/replicas',
  'security/secrets',
  'writes/processes',
  'ops/doctor',
  'browser/explore',
  'security/refused-requests',
  'writes/fault-points.sqlite',
  'security/storm',
  'operations/failover',
  'writes/careless-clients',
  'operations/process',
  'ledger/ledger.sqlite',
  'writes/sigkill',
  'security/recurring-queries',
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
