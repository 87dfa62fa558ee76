import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseOptions } from '../../../bench/bench.options.js';
import { emptyResults } from '../../../bench/bench.results.js';
import { openMarkedBlock } from '../../../bench/marked.block.js';
import { renderCapacity } from '../../../bench/report.capacity.js';
import { renderIsolation } from '../../../bench/report.isolation.js';
import { renderMemory } from '../../../bench/report.memory.js';
import { renderRows } from '../../../bench/report.rows.js';

const MEGABYTE = 1024 * 1024;

function cellsOf(markdown: string, row: number): string[] {
  return (markdown.split('\n')[row + 2] ?? '').split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());
}

describe('the tables of the benchmark', () => {
  it('the cost of a row is compared with that of a hundred and with a straight line, and shown without that of a request', () => {
    const rows = renderRows([
      { rows: 1, pages: 1, cpuMs: 1 },
      { rows: 100, pages: 1, cpuMs: 1 + 99 * 0.02 },
      { rows: 1_000, pages: 1, cpuMs: 1 + 999 * 0.02 },
      { rows: 5_000, pages: 1, cpuMs: 1 + 4_999 * 0.02 },
      { rows: 20_000, pages: 4, cpuMs: 20_000 * 0.0298 * 1.5 },
    ]);
    expect(cellsOf(rows, 1)).toEqual([
      '100',
      '1',
      '2.98 ms (2.98–2.98)',
      '29.8 µs (29.8–29.8)',
      '',
      '',
      '',
      '',
      '20.0 µs (20.0–20.0)',
    ]);
    expect(cellsOf(rows, 4).slice(4)).toEqual(['**1.500** (1.500–1.500)', '0.8 to 1.2', '', '', '44.5 µs (44.5–44.5)']);
    // 20.98 ms; on the line from 2.98 ms at 100 rows to 894 ms at 20,000 it would be 43.28 ms.
    expect(cellsOf(rows, 2).slice(6, 8)).toEqual(['**0.485** (0.485–0.485)', '0.8 to 1.2']);
  });

  it('memory grows from what a new process has at rest', () => {
    const memory = renderMemory([
      { system: 'gateway', inFlight: 4, atRest: 100 * MEGABYTE, peak: 180 * MEGABYTE },
      { system: 'naive', inFlight: 4, atRest: 100 * MEGABYTE, peak: 900 * MEGABYTE },
    ]);
    expect(cellsOf(memory, 0)).toEqual(['4', '100 MB (100–100)', '180 MB (180–180)', '80 MB (80–80)', '20 MB (20–20)']);
  });

  it('isolation is relative to the slots in which nothing hangs, and chance is their halves', () => {
    const isolation = renderIsolation([
      { hangs: 'credits', question: '/health', hanging: [[3], [3]], calm: [[[2]], [[2.5]]] },
    ]);
    expect(cellsOf(isolation, 1)).toEqual([
      '30 purchases of credits',
      '/health',
      'p99',
      '2.50 ms',
      '**1.200** (1.200–1.200)',
      '**0.800** (0.800–0.800)',
      '0.9 to 1.1',
    ]);
  });

  it('the capacity is what fits into 70 % of a second of processor time', () => {
    const results = emptyResults(1);
    const sample = { p50Ms: 1, p99Ms: 1, requestsPerSecond: 1, resets: 0, upstreamCallsPerRequest: {} };
    results.queries.gateway.Q1.push({ ...sample, cpuMsPerRequest: 0.5 });
    results.rows.push({ rows: 1_000, pages: 1, cpuMs: 35 });
    results.peaks.push({ system: 'gateway', inFlight: 32, atRest: 120 * MEGABYTE, peak: 345 * MEGABYTE });
    const capacity = renderCapacity(results);
    expect(cellsOf(capacity, 0).slice(1)).toEqual(['0.5 ms', '1,400']);
    expect(cellsOf(capacity, 2).slice(1)).toEqual(['35 ms', '20']);
    expect(capacity).toContain('120 MB when it has started, 350 MB at most with 32');
  });
});

describe('the blocks that the benchmark writes', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'marked-block-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('replaces what stands between the marks, as often as it is run', () => {
    const path = join(folder, 'document.md');
    writeFileSync(
      path,
      'before\n<!-- figures: begin (npm run bench -- --write) -->\nold\n<!-- figures: end -->\nafter\n',
    );
    for (const text of ['first', 'second']) openMarkedBlock(path, 'figures').write(text);
    expect(readFileSync(path, 'utf8')).toBe(
      'before\n<!-- figures: begin (npm run bench -- --write) -->\n\nsecond\n<!-- figures: end -->\nafter\n',
    );
  });

  it.each([
    ['docs/performance.md', 'figures'],
    ['docs/operations.md', 'capacity'],
  ])('%s has its marks', (path, name) => {
    expect(() => openMarkedBlock(path, name)).not.toThrow();
    expect(() => openMarkedBlock(path, 'another')).toThrow('lacks the marks');
  });

  it.each([['--quick'], ['--parts', 'rows'], ['--queries', 'Q1'], ['--systems', 'gateway']])(
    'are written of a whole run only, not with %s',
    (...restriction) => {
      expect(() => parseOptions(['--write', ...restriction])).toThrow('a whole run');
      expect(parseOptions(['--write']).parts).toEqual(['compare', 'memory', 'rows', 'isolation']);
    },
  );
});
