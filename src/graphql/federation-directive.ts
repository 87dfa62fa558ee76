import { Directive } from 'type-graphql';

/**
 * Weight of one upstream call in a router's demand control. Fields that need no upstream call have the default weight.
 */
export const UPSTREAM_CALL_COST = 10;

/** The field may cost an upstream call (`@cost`, Federation 2.9). */
export const CostsUpstreamCall = (): ReturnType<typeof Directive> => Directive(`@cost(weight: ${UPSTREAM_CALL_COST})`);

/**
 * Usual length of a list, so that a router can estimate the cost of a query before it runs (`@listSize`, Federation
 * 2.9).
 */
export const AssumedSize = (size: number): ReturnType<typeof Directive> => Directive(`@listSize(assumedSize: ${size})`);

/**
 * The field returns a connection, whose page arguments set the size of its lists. `assumedSize` applies when a client
 * leaves the page argument out. It is null where that argument has a default, because Cosmo's composer refuses both.
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

/** The value alone grants access. Clients must handle it like a password. */
export const IsCredential = (): ReturnType<typeof Directive> => Directive('@tag(name: "credential")');
