import { readFileSync, writeFileSync } from 'node:fs';

export interface MarkedBlock {
  /** Replaces the text between the marks. */
  write(text: string): void;
}

/**
 * The part of a document that the benchmark writes.
 *
 * @throws Error when the document lacks the marks
 */
export function openMarkedBlock(path: string, name: string): MarkedBlock {
  const begin = `<!-- ${name}: begin (npm run bench -- --write) -->`;
  const end = `<!-- ${name}: end -->`;
  const split = (): readonly [string, string] => {
    const document = readFileSync(path, 'utf8');
    const [from, to] = [document.indexOf(begin), document.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${path} lacks the marks "${begin}" and "${end}"`);
    return [document.slice(0, from), document.slice(to)];
  };
  split();
  return {
    write: (text) => {
      const [before, after] = split();
      writeFileSync(path, `${before}${begin}\n\n${text}\n${after}`);
    },
  };
}
