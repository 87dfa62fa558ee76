import { startLargeUpstream } from '../support/large-upstream.js';

// The upstream of the storm, in a process of its own: what it does must not be taken for the gateway's.

const { url } = await startLargeUpstream();
process.send?.(url);
process.on('disconnect', () => process.exit());
