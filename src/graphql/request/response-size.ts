import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';
import { isSelected } from './selection.js';

/** What is selected of the rows of a list. */
export interface RowSelection {
  /** How often the rows are shown: `nodes` and `edges` of a connection, and each alias of them. */
  readonly lists: number;
  /**
   * The least that the text of a row takes, shown that often: the names of its fields, and four characters for each
   * value.
   */
  readonly bytes: number;
}

const VALUE_BYTES = 4;
/** Lists that are counted where they are handed out themselves. */
const COUNTED_APART: ReadonlySet<string> = new Set([
  'billingHistory',
  'subgroups',
  'availablePlans',
  'availablePacks',
  'evidence',
]);

const KNOWN = new WeakMap<FieldNode, RowSelection>();

/**
 * What the field that is resolved selects of each row of its list. Fragments are expanded, `@skip` and `@include`
 * decided. The document has passed the limit of selections, which bounds the work; what does not depend on variables is
 * remembered with the document.
 *
 * @param connection the rows are those of `nodes` and `edges` below the field, else the items of the field itself
 */
export function rowSelection(info: GraphQLResolveInfo, connection: boolean): RowSelection {
  const [only, ...more] = info.fieldNodes;
  const known = only !== undefined && more.length === 0 ? KNOWN.get(only) : undefined;
  if (known !== undefined) return known;
  const walk = new SelectionWalk(info);
  let lists = 0;
  let bytes = 0;
  for (const { selectionSet } of info.fieldNodes) {
    if (selectionSet === undefined) continue;
    if (!connection) {
      lists = 1;
      bytes += walk.bytes(selectionSet);
      continue;
    }
    for (const field of walk.fields(selectionSet)) {
      if (field.name.value !== 'nodes' && field.name.value !== 'edges') continue;
      lists += 1;
      bytes += field.selectionSet === undefined ? 0 : walk.bytes(field.selectionSet);
    }
  }
  const selection = { lists, bytes };
  if (only !== undefined && more.length === 0 && !walk.isConditional) KNOWN.set(only, selection);
  return selection;
}

/** Mutable: whether anything depended on a variable so far. */
class SelectionWalk {
  isConditional = false;

  constructor(private readonly info: GraphQLResolveInfo) {}

  bytes(set: SelectionSetNode): number {
    let sum = 0;
    for (const { alias, name, selectionSet } of this.fields(set)) {
      sum += (alias ?? name).value.length + VALUE_BYTES;
      if (selectionSet !== undefined && !COUNTED_APART.has(name.value)) sum += this.bytes(selectionSet);
    }
    return sum;
  }

  *fields(set: SelectionSetNode): Generator<FieldNode> {
    for (const selection of set.selections) {
      if (selection.directives !== undefined && selection.directives.length > 0) this.isConditional = true;
      if (!isSelected(selection, this.info.variableValues)) continue;
      if (selection.kind === Kind.FIELD) yield selection;
      else {
        const fragment =
          selection.kind === Kind.FRAGMENT_SPREAD ? this.info.fragments[selection.name.value] : selection;
        if (fragment !== undefined) yield* this.fields(fragment.selectionSet);
      }
    }
  }
}
