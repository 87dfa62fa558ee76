import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { EXAMPLES, filesNaming, textOf } from '../../../tools/house.files.js';

/** The files that a section of CONTRIBUTING.md names. */
function filesOf(section: string): string[] {
  const text = textOf('CONTRIBUTING.md').split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...text.matchAll(/`(src\/[\w./-]+)`/g)].map(([, file = '']) => file);
}

describe('CONTRIBUTING.md', () => {
  it.each([
    ['Add a read', EXAMPLES.read],
    ['Add a write', EXAMPLES.write],
  ])('"%s" lists each file that names the example, and none that is gone', (section, example) => {
    const named = filesNaming(example);
    const files = filesOf(section);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((file) => !files.includes(file))).toEqual([]);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
  });
});
