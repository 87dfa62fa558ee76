import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  isUnionType,
} from 'graphql';

/** One valid GraphQL request with a query, as a client sends it. */
export interface GeneratedRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

/**
 * Texts of arguments by field: the place in the list follows the alias, so that fields of one response key are always
 * equal.
 */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  'Query.group': ['(id: "100001")', '(id: $id)', '(id: "nobody")'],
  'Query.groups': ['(ids: ["100001", "100002"])', '(ids: [$id, "0", "100003"])', '(ids: [])'],
  'Query.billingOperation': ['(idempotencyKey: "order-0001")', '(idempotencyKey: $id)', '(idempotencyKey: "x")'],
  'Query.billingOperations': ['', '(first: 2)', '(status: [OUTCOME_UNKNOWN])'],
  'Query._entities': [
    '(representations: $r)',
    '(representations: [{ __typename: "Group", id: $id }])',
    '(representations: [])',
  ],
  'Group.billingHistory': ['', '(first: 2)', '(last: $n, includeSubgroups: true)'],
  'Group.plan': ['', '(at: "2024-04-01T00:00:00Z")', '(at: $at)'],
  'Group.planChangePreview': ['(planId: "0112")', '(planId: "113")', '(planId: $id)'],
};

const CONDITIONS = ['true', 'false', '$t', '$f', '$dt', '$df', '$nt'];
const META = [
  '__schema { queryType { name } directives { name } }',
  '__type(name: "Group") { name fields { name type { name } } }',
  '_service { sdl }',
];
const MAX_DEPTH = 5;

/**
 * Writes a valid query over a schema. It has fields with aliases and arguments, and fragments: named, inline, nested
 * and spread more than once. All of them may have `@skip` and `@include` by literal, variable and default. A document
 * may have several operations. The same numbers make the same query.
 *
 * @param next numbers from 0 to below 1
 */
export function generateRequest(schema: GraphQLSchema, next: () => number): GeneratedRequest {
  return new QueryWriter(schema, next).request();
}

class QueryWriter {
  readonly #schema: GraphQLSchema;
  readonly #next: () => number;
  readonly #fragments = new Map<string, { readonly typeName: string; readonly text: string; readonly depth: number }>();

  constructor(schema: GraphQLSchema, next: () => number) {
    this.#schema = schema;
    this.#next = next;
  }

  request(): GeneratedRequest {
    const root = this.#schema.getQueryType();
    if (root == null) throw new Error('The schema has no queries.');
    const operations = this.#chance(0.15) ? ['A', 'B'] : ['A'];
    const bodies = operations.map((name) => {
      const body = this.#selection(root, 0);
      const used = [...body.matchAll(/\.\.\.(F\d+)/g)].map(([, fragment = '']) => fragment);
      const reached = this.#reached(used);
      const text = [body, ...[...reached].map((fragment) => this.#fragments.get(fragment)?.text ?? '')].join(' ');
      return { head: `query ${name}${declarations(text)} ${body}`, reached };
    });
    const names = new Set(bodies.flatMap(({ reached }) => [...reached]));
    const fragments = [...this.#fragments]
      .filter(([name]) => names.has(name))
      .map(([name, { typeName, text }]) => `fragment ${name} on ${typeName} ${text}`);
    const query = [...bodies.map(({ head }) => head), ...fragments].join('\n');
    const variables = { ...this.#variables() };
    return operations.length > 1 ? { query, variables, operationName: this.#pick(operations) } : { query, variables };
  }

  #variables(): Readonly<Record<string, unknown>> {
    const given: Record<string, unknown> = {
      t: true,
      f: false,
      id: this.#pick(['100001', '100002', '100004', 'x']),
      r: [
        { __typename: 'Group', id: '100001' },
        { __typename: 'Group', id: this.#pick(['100002', '100003', '0']) },
      ],
    };
    if (this.#chance(0.3)) given['dt'] = false;
    if (this.#chance(0.3)) given['df'] = true;
    // Where the place is `Boolean!`, an explicit null is an error that execution finds.
    if (this.#chance(0.5)) given['nt'] = this.#pick([true, false, false, null]);
    if (this.#chance(0.5)) given['n'] = this.#pick([1, 3, null]);
    if (this.#chance(0.5)) given['at'] = this.#pick(['2024-03-30T00:00:00Z', null]);
    return given;
  }

  #selection(type: GraphQLObjectType, depth: number): string {
    const items: string[] = [];
    // Small queries, because a difference shows in a few fields already.
    const count = 1 + Math.floor(this.#next() * (depth < 4 ? 3 : 2));
    while (items.length < count) items.push(this.#item(type, depth));
    return `{ ${items.join(' ')} }`;
  }

  #item(type: GraphQLObjectType, depth: number): string {
    const dice = this.#next();
    if (dice < 0.05) return `${this.#chance(0.3) ? 'kindOf: ' : ''}__typename${this.#directives()}`;
    if (dice < 0.15 && depth < MAX_DEPTH) {
      const condition = this.#chance(0.7) ? ` on ${type.name}` : '';
      return `...${condition}${this.#directives()} ${this.#selection(type, depth + 1)}`;
    }
    if (dice < 0.3) return `...${this.#fragment(type, depth)}${this.#directives()}`;
    if (dice < 0.32 && type === this.#schema.getQueryType()) return this.#pick(META);
    return this.#field(type, depth);
  }

  #field(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields()).filter(
      (field) => field.name !== '_service' && (depth < MAX_DEPTH || isLeafType(getNamedType(field.type))),
    );
    const field = fields.length === 0 ? undefined : this.#pick(this.#weighted(fields));
    if (field === undefined) return '__typename';
    const variant = this.#chance(0.35) ? 1 + Math.floor(this.#next() * 2) : 0;
    const alias = variant === 0 ? '' : `${this.#pick([field.name, field.name, '__proto__x'])}_${variant}: `;
    const texts = ARGUMENTS[`${type.name}.${field.name}`];
    // A shared alias must never meet other arguments.
    const key = alias.startsWith('__proto__x') ? `${field.name}_p${variant}: ` : alias;
    const args = texts?.[variant] ?? texts?.[0] ?? '';
    const inner = getNamedType(field.type);
    const selection = isObjectType(inner)
      ? ` ${this.#selection(inner, depth + 1)}`
      : isUnionType(inner)
        ? ` { __typename ${inner
            .getTypes()
            .map((member) => `... on ${member.name} ${this.#selection(member, depth + 1)}`)
            .join(' ')} }`
        : '';
    return `${key}${field.name}${args}${this.#directives()}${selection}`;
  }

  /** The lists of rows come more often, because they are the subject of the test. */
  #weighted(fields: readonly GraphQLField<unknown, unknown>[]): readonly GraphQLField<unknown, unknown>[] {
    const rows = fields.filter(({ name }) => ['group', 'billingHistory', 'nodes', 'edges', 'node'].includes(name));
    return [...fields, ...rows, ...rows, ...rows];
  }

  #fragment(type: GraphQLObjectType, depth: number): string {
    const known = [...this.#fragments].filter(
      ([, fragment]) => fragment.typeName === type.name && fragment.depth >= depth,
    );
    const [name] = known.length > 0 && this.#chance(0.7) ? this.#pick(known) : [undefined];
    if (name !== undefined) return name;
    // Written before it has a name. It spreads only finished fragments, so there are no circles.
    const text = this.#selection(type, depth + 2);
    const fresh = `F${this.#fragments.size}`;
    this.#fragments.set(fresh, { typeName: type.name, text, depth });
    return fresh;
  }

  #reached(names: readonly string[]): ReadonlySet<string> {
    const reached = new Set<string>();
    const visit = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const [, inner = ''] of (this.#fragments.get(name)?.text ?? '').matchAll(/\.\.\.(F\d+)/g)) visit(inner);
    };
    for (const name of names) visit(name);
    return reached;
  }

  #directives(): string {
    const dice = this.#next();
    if (dice < 0.75) return '';
    const one = ` @${this.#pick(['skip', 'include'])}(if: ${this.#pick(CONDITIONS)})`;
    if (dice < 0.95) return one;
    return ` @skip(if: ${this.#pick(CONDITIONS)}) @include(if: ${this.#pick(CONDITIONS)})`;
  }

  #chance(share: number): boolean {
    return this.#next() < share;
  }

  #pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.#next() * list.length)];
    if (one === undefined) throw new Error('The list is empty.');
    return one;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  t: 'Boolean!',
  f: 'Boolean!',
  dt: 'Boolean = true',
  df: 'Boolean! = false',
  nt: 'Boolean = true',
  id: 'ID!',
  n: 'Int',
  at: 'DateTime',
  r: '[_Any!]!',
};

/** Declares the variables that occur in the text, and no other: an unused one is refused. */
function declarations(text: string): string {
  const used = [...new Set([...text.matchAll(/\$(\w+)/g)].map(([, name = '']) => name))];
  return used.length === 0 ? '' : `(${used.map((name) => `$${name}: ${TYPES[name] ?? 'String'}`).join(', ')})`;
}

/** Numbers from 0 to below 1 that follow from the seed alone (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
