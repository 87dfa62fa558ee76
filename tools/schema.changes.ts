import {
  buildSchema,
  type ConstDirectiveNode,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLInputField,
  type GraphQLSchema,
  isInputObjectType,
  Kind,
  parse,
  print,
} from 'graphql';

/** The changes between two schemas, each as one sentence. */
export interface SchemaChanges {
  /** Changes that may break a client's operation, or a supergraph that was composed with the older schema. */
  readonly breaking: readonly string[];
  /** Changes that a client should know: a new enum value, a changed default. */
  readonly dangerous: readonly string[];
}

/** Directives that decide whether a supergraph composes and who may read a field. graphql-js does not compare them. */
const COMPARED = ['key', 'shareable', 'authenticated', 'requiresScopes'];

/** Compares a subgraph's schema with an older one. Both may apply federation directives without defining them. */
export function schemaChanges(older: string, newer: string): SchemaChanges {
  const [before, after] = [schemaOf(older), schemaOf(newer)];
  return {
    breaking: [
      ...findBreakingChanges(before, after).map(({ description }) => description),
      ...inputFieldChanges(before, after),
      ...directiveChanges(appliedDirectives(older), appliedDirectives(newer)),
    ],
    dangerous: findDangerousChanges(before, after).map(({ description }) => description),
  };
}

/**
 * The breaking changes that a changelog declares. They are list items under `## Unreleased`, `### Breaking`. Each
 * begins with the sentence in backticks, followed by the client's action.
 *
 * @param changelog text of SCHEMA_CHANGELOG.md
 */
export function declaredChanges(changelog: string): readonly string[] {
  const unreleased = /^## Unreleased$(.*?)(?=^## |$(?![\s\S]))/ms.exec(changelog)?.[1] ?? '';
  const breaking = /^### Breaking$(.*?)(?=^### |$(?![\s\S]))/ms.exec(unreleased)?.[1] ?? '';
  return [...breaking.matchAll(/^\* `([^`]+)` \S/gm)].map(([, sentence = '']) => sentence);
}

/**
 * Breaking changes that are not declared, and declarations of what did not change. Both empty: the schema may be
 * released.
 */
export function undeclared(
  breaking: readonly string[],
  declared: readonly string[],
): { readonly missing: readonly string[]; readonly stale: readonly string[] } {
  return {
    missing: breaking.filter((sentence) => !declared.includes(sentence)),
    stale: declared.filter((sentence) => !breaking.includes(sentence)),
  };
}

function schemaOf(sdl: string): GraphQLSchema {
  return buildSchema(sdl, { assumeValidSDL: true });
}

/**
 * graphql-js does not compare the defaults of input fields. A default that is gone makes the field required; another
 * one makes the same operation do something else, such as deleting documents.
 */
function inputFieldChanges(before: GraphQLSchema, after: GraphQLSchema): readonly string[] {
  return Object.values(before.getTypeMap()).flatMap((type) => {
    const now = after.getType(type.name);
    if (!isInputObjectType(type) || !isInputObjectType(now)) return [];
    const fields = now.getFields();
    return Object.values(type.getFields()).flatMap((field) => {
      const same = fields[field.name];
      return same === undefined || defaultOf(same) === defaultOf(field)
        ? []
        : [`${type.name}.${field.name} changed default from ${defaultOf(field)} to ${defaultOf(same)}.`];
    });
  });
}

function defaultOf({ defaultValue }: GraphQLInputField): string {
  return defaultValue === undefined ? 'none' : JSON.stringify(defaultValue);
}

type Applied = ReadonlyMap<string, ReadonlySet<string>>;

/** The compared directives of each type and field of an object type. */
function appliedDirectives(sdl: string): Applied {
  const applied = new Map<string, ReadonlySet<string>>();
  for (const node of parse(sdl, { noLocation: true }).definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    applied.set(node.name.value, compared(node.directives));
    for (const field of node.fields ?? []) {
      applied.set(`${node.name.value}.${field.name.value}`, compared(field.directives));
    }
  }
  return applied;
}

function compared(directives: readonly ConstDirectiveNode[] = []): ReadonlySet<string> {
  return new Set(directives.filter(({ name }) => COMPARED.includes(name.value)).map((directive) => print(directive)));
}

/**
 * A key or sharing that is gone breaks composition; access that is asked for breaks callers without it. More keys break
 * nobody.
 */
function directiveChanges(before: Applied, after: Applied): readonly string[] {
  const changes: string[] = [];
  for (const [coordinate, old] of before) {
    const now = after.get(coordinate);
    // The comparison of the schemas reports removed types and fields.
    if (now === undefined) continue;
    for (const text of old) {
      if (!now.has(text) && !isAccess(text)) changes.push(`${coordinate} lost ${text}.`);
    }
    for (const text of now) {
      if (!old.has(text) && isAccess(text)) changes.push(`${coordinate} needs ${text} now.`);
    }
  }
  return changes;
}

function isAccess(directive: string): boolean {
  return directive.startsWith('@authenticated') || directive.startsWith('@requiresScopes');
}
