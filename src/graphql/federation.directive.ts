import { Directive } from 'type-graphql';

/**
 * What one upstream call weighs for a router's demand control, beside fields that are read from what is there already.
 */
export const UPSTREAM_CALL_COST = 10;

/** The field may cost an upstream call (`@cost`, Federation 2.9). */
export const CostsUpstreamCall = (): ReturnType<typeof Directive> => Directive(`@cost(weight: ${UPSTREAM_CALL_COST})`);

/** How long a list is as a rule, so that a router can price a query before it runs (`@listSize`, Federation 2.9). */
export const AssumedSize = (size: number): ReturnType<typeof Directive> => Directive(`@listSize(assumedSize: ${size})`);

/**
 * The field answers a connection: its page arguments size the lists inside. `assumedSize` is for a page argument that
 * is left out; null where that argument has a default, which says it already: Cosmo's composer refuses both.
 */
export const SizedConnection = (
  assumedSize: number | null,
  pageArguments: readonly string[],
  lists: readonly string[],
): ReturnType<typeof Directive> =>
  Directive(
    `@listSize(${assumedSize === null ? '' : `assumedSize: ${assumedSize}, `}slicingArguments: ${JSON.stringify(pageArguments)}, ` +
      `sizedFields: ${JSON.stringify(lists)}, requireOneSlicingArgument: false)`,
  );

/** The value is about a person: contract variants and logs can leave it out by this tag. */
export const PersonalData = (): ReturnType<typeof Directive> => Directive('@tag(name: "personal-data")');

/** Calling the mutation spends money. */
export const MovesMoney = (): ReturnType<typeof Directive> => Directive('@tag(name: "moves-money")');

/** The value opens a door by itself and is handled as a password. */
export const IsCredential = (): ReturnType<typeof Directive> => Directive('@tag(name: "credential")');
