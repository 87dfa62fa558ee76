// Entry point of `npm run bench`; bench.options.ts says what it takes.
import { installPackages } from '#bench/child.process';

// The libraries of the baseline and of the load generator are no business of the gateway's own package: installed when first needed.
installPackages(import.meta.dirname);

const { main } = await import('#bench/bench.main');
await main(process.argv.slice(2));
