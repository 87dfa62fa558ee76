import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const flagsOf = (command: string): string[] => command.match(/--[\w-]+(?:=\d+)?(?=[", ]|$)/g) ?? [];

it('the image starts the gateway as npm start does, and keeps the code that was compiled with the same flags', () => {
  const start = /"start": "(.*)"/.exec(read('package.json'))?.[1] ?? '';
  expect(flagsOf(start).length).toBeGreaterThan(0);
  const commands = read('Dockerfile').match(/^.*--enable-source-maps.*$/gm) ?? [];
  expect(commands.map(flagsOf)).toEqual([flagsOf(start), flagsOf(start)]);
});
