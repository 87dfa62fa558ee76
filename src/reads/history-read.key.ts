import type { HistoryRead } from './history-client.port.js';

/** Equal for equal questions, and for them alone. */
export function historyReadKey(read: HistoryRead): string {
  return `${read.groupId} ${read.fromSeconds} ${read.toSeconds} ${read.recursive ? 'r' : 's'}`;
}
