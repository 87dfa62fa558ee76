import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { FAULT_KINDS } from '../../src/simulator/fault-kinds.js';
import { MAGIC_FAULTS } from '../../src/simulator/fault-rules.js';
import { FIXTURES } from '../../src/simulator/simulator-fixtures.js';
import { DEFAULT_TOGGLES, TOGGLES } from '../../src/simulator/world-toggles.js';

const readme = readFileSync(new URL('../../src/simulator/README.md', import.meta.url), 'utf8');

describe('the simulator’s README', () => {
  test('names every fault kind', () => {
    const names = Object.keys(FAULT_KINDS);
    expect(names.filter((name) => !readme.includes(`\`${name}\``) && !readme.includes(`\`${name};`))).toEqual([]);
  });

  test('names every fixture and magic id', () => {
    const isMissing = (id: string) => !readme.includes(id);
    const fixtures = Object.values(FIXTURES);
    expect(fixtures.filter(isMissing)).toEqual([]);
    expect(Object.keys(MAGIC_FAULTS).filter(isMissing)).toEqual([]);
  });

  test('lists the toggles with their values, in the order of the code, and no others', () => {
    const [, table = ''] = /## Toggles\n([\s\S]*?)\n## /.exec(readme) ?? [];
    const rows = [...table.matchAll(/^\| `(\w+)` \| ((?:`\w+` ?)+)\| .+ \|$/gm)];
    const listed = rows.map(([, name, values = '']) => [
      name,
      [...values.matchAll(/`(\w+)`/g)].map(([, value]) => value),
    ]);
    expect(listed).toEqual(Object.entries(TOGGLES));
  });

  test('the first value of a toggle is its default', () => {
    const first = Object.fromEntries(Object.entries(TOGGLES).map(([name, values]) => [name, values[0]]));
    expect(DEFAULT_TOGGLES).toEqual(first);
  });
});
