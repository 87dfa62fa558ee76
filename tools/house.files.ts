import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Files of the working tree, including new ones, below these paths or matching these git patterns. */
export function listed(...patterns: readonly string[]): string[] {
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  return execFileSync('git', [...options, ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)));
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Names that identify the files of a write and of a read: the examples of CONTRIBUTING.md. */
export const EXAMPLES = {
  write: /order_?-?booster_?-?pack/i,
  read: /getPlans|GET_PLANS|availablePlans/,
} as const satisfies Record<string, RegExp>;

/**
 * Source files that a new write or read would touch too: the files that name the example. Names in prose, which are in
 * backticks, do not count. The simulator does not count.
 */
export function filesNaming(example: RegExp): string[] {
  const named = (file: string): boolean => example.test(textOf(file).replaceAll(/`\w+`/g, ''));
  return listed('src').filter((file) => !file.startsWith('src/simulator/') && named(file));
}

/** TypeScript files of `src` named `thing.role.ts` with a role that is not on the list of CONTRIBUTING.md. */
export function filesOfUnlistedRoles(): string[] {
  const list = textOf('CONTRIBUTING.md').split('Roles behind the dot:')[1]?.split('\n\n')[0] ?? '';
  const roles = new Set([...list.matchAll(/`(\w+)`/g)].map(([, role = '']) => role));
  if (roles.size === 0) throw new Error('CONTRIBUTING.md has no list of roles.');
  return listed('src').filter((file) => {
    const [, ...parts] = basename(file, '.ts').split('.');
    return file.endsWith('.ts') && parts.length > 0 && !(parts.length === 1 && roles.has(parts[0] ?? ''));
  });
}
