import type { GraphQLFieldResolver } from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import type { BillingWrites } from '../billing/billing-writes.js';
import type { Caller } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import { parseGroupId } from '../domain/group-id.js';
import type { GroupRef, OperationBillingReads } from '../reads/billing-reads.js';

/**
 * Everything that resolvers may use. One per GraphQL operation; nothing in it outlives the operation or is shared
 * between callers.
 */
export interface GatewayContext {
  readonly requestId: string;
  readonly caller: Caller;
  readonly reads: OperationBillingReads;
  readonly writes: BillingWrites;
}

/**
 * The fields of a schema class without the class. Responses are plain objects, and resolvers receive inputs as plain
 * objects.
 */
export type PlainFields<T> = { readonly [K in keyof T]: T[K] };

type Resolver = GraphQLFieldResolver<unknown, GatewayContext, Readonly<Record<string, unknown>>>;
type Metadata = ReturnType<typeof getMetadataStorage>;
type Method = Metadata['mutations' | 'fieldResolvers'][number];

/**
 * The methods of the resolver classes, by coordinate. type-graphql's own resolvers would copy each source and each
 * argument into an instance of its class, and no method needs the class. A method of an object type keeps its own.
 */
export function methodResolvers(): ReadonlyMap<string, Resolver> {
  const { queries, mutations, fieldResolvers, objectTypes } = getMetadataStorage();
  const external = fieldResolvers.filter(({ kind }) => kind === 'external');
  const typeOf = ({ getObjectType }: Metadata['fieldResolvers'][number]): string =>
    objectTypes.find(({ target }) => target === getObjectType?.())?.name ?? '';
  return new Map([
    ...queries.map((method) => [`Query.${method.schemaName}`, methodResolver(method)] as const),
    ...mutations.map((method) => [`Mutation.${method.schemaName}`, methodResolver(method)] as const),
    ...external.map((method) => [`${typeOf(method)}.${method.schemaName}`, methodResolver(method)] as const),
  ]);
}

function methodResolver({ target, methodName, params = [] }: Method): Resolver {
  const instance: unknown = Reflect.construct(target, []);
  const method: unknown = Reflect.get(Object(instance), methodName);
  const readsParts = params.some((input) => 'propertyName' in input && input.propertyName !== undefined);
  if (typeof method !== 'function' || readsParts) throw new TypeError(`${methodName} must take whole parameters.`);
  const inputs = [...params].sort((a, b) => a.index - b.index);
  return (root, args, context, info): unknown => {
    const given = { root, args, context, info, custom: undefined, pubSub: undefined };
    const values = inputs.map((input) => (input.kind === 'arg' ? args[input.name] : given[input.kind]));
    return Reflect.apply(method, instance, values);
  };
}

/**
 * The group that a client named. It costs no upstream call, so it does not prove that the group exists. Throws
 * `BAD_USER_INPUT` for anything but 1 to 18 digits greater than 0, `FORBIDDEN` for a group outside the caller's list.
 */
export function groupNamed(caller: Caller, id: string, field: readonly string[]): GroupRef {
  const groupId = parseGroupId(id, field);
  if (caller.allowedGroups !== null && !caller.allowedGroups.has(groupId)) {
    throw new BillingError('FORBIDDEN', 'This caller may not act on that group.');
  }
  return { id: groupId };
}
