// In which order test files start (`testSequencer` in jest.config.js).
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Files that take the most processor time, the longest first. Jest knows by itself only how long a file took on this
 * machine before; a fresh checkout would start the longest of all near the end, and wait for it with one worker.
 */
const LONGEST = [
  'ledger/ledger.postgres',
  'contract/toggles',
  'writes/fault-points.postgres',
  'browser/accessibility',
  'operations/bundle',
  'writes/processes',
  'operations/replicas',
  'browser/explore',
  'writes/fault-points.sqlite',
  'security/storm',
  'security/secrets',
  'writes/careless-clients',
  'writes/sigkill',
  'ledger/ledger.sqlite',
  'operations/process',
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
