import { readFileSync, writeFileSync } from 'node:fs';

// Linux counts in ticks of 10 ms towards user space, whatever the kernel's own tick is.
const TICK_MS = 10;

/** User and system time that a process has used so far, all threads, in milliseconds. Read from outside: nothing is added to it. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the command in parentheses, which may hold blanks; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Highest resident memory since the start or since {@link resetPeakMemory}, in bytes. */
export function peakMemory(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Makes the peak start anew from what is resident now. Where the system forbids it, the peak since the start remains. */
export function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    return;
  }
}
