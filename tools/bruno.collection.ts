import { Kind, parse } from 'graphql';

/** One example operation: a file of `operations/` and its variables. */
export interface ExampleOperation {
  readonly fileName: string;
  readonly text: string;
  readonly variables: unknown;
}

/**
 * A Bruno collection of the operations: file names and their content. Requests take the gateway's address and the token
 * from the environment that is chosen in Bruno.
 *
 * @throws Error when a file holds no named operation
 */
export function brunoCollection(operations: readonly ExampleOperation[]): ReadonlyMap<string, string> {
  return new Map([
    ['bruno.json', `${JSON.stringify({ version: '1', name: 'Billing gateway', type: 'collection' }, null, 2)}\n`],
    [
      'collection.bru',
      blocks([
        ['auth', 'mode: bearer'],
        ['auth:bearer', 'token: {{token}}'],
      ]),
    ],
    ['environments/local.bru', blocks([['vars', 'gateway: http://127.0.0.1:4000\ntoken: none']])],
    ...operations.map((operation, index): [string, string] => request(operation, index + 1)),
  ]);
}

function request({ fileName, text, variables }: ExampleOperation, place: number): [string, string] {
  const name = nameOf(fileName, text);
  const content = blocks([
    ['meta', `name: ${name}\ntype: graphql\nseq: ${place}`],
    ['post', 'url: {{gateway}}/graphql\nbody: graphql\nauth: inherit'],
    ['body:graphql', text.trim()],
    ['body:graphql:vars', JSON.stringify(variables ?? {}, null, 2)],
    ['docs', comment(text)],
  ]);
  return [fileName.replace(/\.graphql$/, '.bru'), content];
}

function nameOf(fileName: string, text: string): string {
  const operation = parse(text).definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation?.name === undefined) throw new Error(`${fileName} holds no named operation`);
  return operation.name.value;
}

/** The comment above the operation, as one paragraph. */
function comment(text: string): string {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^# ?/, ''))
    .join(' ');
}

function blocks(entries: readonly (readonly [string, string])[]): string {
  const indented = (content: string): string => content.replaceAll(/^(?=.)/gm, '  ');
  return `${entries.map(([name, content]) => `${name} {\n${indented(content)}\n}`).join('\n\n')}\n`;
}
