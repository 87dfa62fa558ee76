import type { Spread } from '#bench/sample.statistics';

const MEGABYTE = 1024 * 1024;

export function milliseconds({ median, min, max }: Spread): string {
  const digits = median < 10 ? 2 : 0;
  return `${median.toFixed(digits)} ms (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

export function megabytes({ median, min, max }: Spread): string {
  const text = (bytes: number) => (bytes / MEGABYTE).toFixed(0);
  return `${text(median)} MB (${text(min)}–${text(max)})`;
}

/** A ratio, with its spread. */
export function ratio(value: number, { min, max }: { readonly min: number; readonly max: number }): string {
  return `**${value.toFixed(3)}** (${min.toFixed(3)}–${max.toFixed(3)})`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
