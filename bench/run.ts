// Entry point of `npm run bench`; its options are in bench.options.ts.
import { installPackages } from '#bench/child.process';

// The libraries of the baseline and of the load generator are not in the gateway's own package, so they are installed
// at first use.
installPackages(import.meta.dirname);

const { main } = await import('#bench/bench.main');
await main(process.argv.slice(2));
