import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Files of the repository as they are now, new ones too, below these paths or matching these patterns of git. */
export function listed(...patterns: readonly string[]): string[] {
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  return execFileSync('git', [...options, ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)));
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** By what the files are known that a write, and a read, has touched: the examples of CONTRIBUTING.md. */
export const EXAMPLES = {
  write: /order_?-?booster_?-?pack/i,
  read: /getPlans|GET_PLANS|availablePlans/,
} as const satisfies Record<string, RegExp>;

/**
 * Source files that a new one of its kind would touch too: those that name the example, elsewhere than in prose, where names stand in
 * backticks. The simulator stands for itself.
 */
export function filesNaming(example: RegExp): string[] {
  const named = (file: string): boolean => example.test(textOf(file).replaceAll(/`\w+`/g, ''));
  return listed('src').filter((file) => !file.startsWith('src/simulator/') && named(file));
}
