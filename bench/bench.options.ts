import { parseArgs } from 'node:util';
import { QUERY_NAMES, type QueryName } from '#bench/billing.workload';
import { isPeer, OWN_NAMES, PEER_NAMES, SYSTEM_NAMES, type SystemName } from '#bench/systems';

const PARTS = ['compare', 'memory', 'rows', 'isolation'] as const;
/** compare: the gateway and the baseline. The other parts measure the gateway alone. */
export type BenchPart = (typeof PARTS)[number];

export const USAGE = `npm run bench -- [options]

  --quick            a few requests in one round: shows that everything works, and never fails on time
  --write            writes the tables into docs/performance.md and docs/operations.md; only of a whole run
  --rounds N         rounds (default 3, with --quick 1); figures are medians over them
  --parts rows       only these of ${PARTS.join(', ')}
  --queries Q1,M1    only these queries of the comparison, and neither MIX nor the longest stop
  --systems naive    only these of ${SYSTEM_NAMES.join(', ')} (default ${OWN_NAMES.join(',')})
  --peers            the queries of the comparison beside ${PEER_NAMES.join(', ')} too; they are installed at first use
  --gateway PATH     entry point of the gateway to measure (default dist/main.js, for --profile build/main.js): two builds can be compared in two runs
  --profile Q1       runs one query against the gateway with --cpu-prof and says what its time went to
  --help
`;

export interface BenchOptions {
  readonly help: boolean;
  readonly quick: boolean;
  readonly write: boolean;
  readonly rounds: number;
  readonly parts: readonly BenchPart[];
  readonly queries: readonly QueryName[];
  readonly systems: readonly SystemName[];
  readonly profile: QueryName | null;
  /** Relative to the working directory; null: the built gateway of this project. */
  readonly gateway: string | null;
}

/** @throws Error that names the option at fault. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      parts: { type: 'string' },
      queries: { type: 'string' },
      systems: { type: 'string' },
      peers: { type: 'boolean', default: false },
      profile: { type: 'string' },
      gateway: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1');
  const systems =
    values.systems === undefined && !values.peers ? OWN_NAMES : choose('--systems', values.systems, SYSTEM_NAMES);
  const onlyCompares = values.queries !== undefined || systems.some(isPeer);
  const { parts = onlyCompares ? 'compare' : undefined } = values;
  const isWhole =
    !values.peers && [values.parts, values.queries, values.systems].every((restriction) => restriction === undefined);
  if (values.write && (values.quick || !isWhole))
    throw new Error('--write: only the figures of a whole run are written');
  return {
    help: values.help,
    quick: values.quick,
    write: values.write,
    rounds,
    parts: choose('--parts', parts, PARTS),
    queries: choose('--queries', values.queries, QUERY_NAMES),
    systems,
    profile: values.profile === undefined ? null : (choose('--profile', values.profile, QUERY_NAMES)[0] ?? null),
    gateway: values.gateway ?? null,
  };
}

function choose<Name extends string>(option: string, text: string | undefined, all: readonly Name[]): readonly Name[] {
  if (text === undefined) return all;
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !all.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`${option}: ${unknown} is none of ${all.join(', ')}`);
  return all.filter((name) => wanted.includes(name));
}
