import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { FAULT_KINDS } from '../../src/simulator/fault.kinds.js';
import { MAGIC_FAULTS } from '../../src/simulator/fault.magic.js';
import { FIXTURES } from '../../src/simulator/simulator.fixtures.js';
import { DEFAULT_TOGGLES, TOGGLES } from '../../src/simulator/world.toggles.js';

const readme = readFileSync(new URL('../../src/simulator/README.md', import.meta.url), 'utf8');

describe('the simulator’s README', () => {
  test.each([
    ['fault kind', Object.keys(FAULT_KINDS)],
    ['toggle', Object.keys(TOGGLES)],
    ['value of a toggle', Object.values(TOGGLES).flat()],
  ])('names every %s', (_what, names) => {
    expect(names.filter((name) => !readme.includes(`\`${name}\``) && !readme.includes(`\`${name};`))).toEqual([]);
  });

  test('names every fixture and magic id', () => {
    const isMissing = (id: string) => !readme.includes(id);
    const fixtures = Object.values(FIXTURES);
    expect(fixtures.filter(isMissing)).toEqual([]);
    expect(Object.keys(MAGIC_FAULTS).filter(isMissing)).toEqual([]);
  });

  test('the first value of a toggle is its default', () => {
    const first = Object.fromEntries(Object.entries(TOGGLES).map(([name, values]) => [name, values[0]]));
    expect(DEFAULT_TOGGLES).toEqual(first);
  });
});
