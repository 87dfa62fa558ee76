import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../runtime/package-root.js';

/** One operation of `operations/`, as an explorer's tab shows it. */
export interface ExampleOperation {
  readonly query: string;
  /** JSON text; empty when there are none. */
  readonly variables: string;
}

const OPERATIONS_FOLDER = join(PACKAGE_ROOT, 'operations');

const FALLBACK: ExampleOperation = { query: '{\n  __typename\n}\n', variables: '' };

/** The operations of the folder by file name, with the variables that `variables.json` holds under the operation's name. */
export async function readExampleOperations(folder = OPERATIONS_FOLDER): Promise<ExampleOperation[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.graphql')).sort();
  if (names.length === 0) return [FALLBACK];
  const variables = await readVariables(folder);
  return await Promise.all(
    names.map(async (name) => {
      const query = await readFile(join(folder, name), 'utf8');
      const operation = /^\s*(?:query|mutation)\s+(\w+)/m.exec(query)?.[1] ?? '';
      const given = variables[operation];
      return { query, variables: given === undefined ? '' : JSON.stringify(given, null, 2) };
    }),
  );
}

async function readVariables(folder: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(folder, 'variables.json'), 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
