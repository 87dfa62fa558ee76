import { readFileSync } from 'node:fs';

// Linux counts in ticks of 10 ms towards user space, whatever the kernel's own tick is.
const TICK_MS = 10;

/**
 * User and system time that a process has used so far, all threads, in milliseconds. Read from outside, so that the
 * measurement adds nothing.
 */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the command in parentheses, which may hold blanks; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory: now, and the peak since the start, in bytes. */
export function residentMemory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (line: RegExp): number => Number(line.exec(status)?.[1] ?? Number.NaN) * 1024;
  return { now: bytes(/^VmRSS:\s+(\d+) kB$/m), peak: bytes(/^VmHWM:\s+(\d+) kB$/m) };
}
