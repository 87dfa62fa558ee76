/** What a log line may say of an error. */
export interface ErrorFields {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
  /** Call sites only: a stack's first lines repeat the message. */
  readonly frames?: readonly string[];
  readonly cause?: ErrorFields;
}

const MAX_CAUSES = 3;
const MAX_FRAMES = 12;
const CODE = /^[\w.:-]{1,64}$/;

/**
 * Picks what is safe to log from anything thrown. An allow-list: messages, bodies, options and headers of library errors carry
 * keys and tokens, so none of them is ever looked at.
 */
export function errorFields(thrown: unknown, depth = 0): ErrorFields {
  if (!isError(thrown)) return { name: thrown === null ? 'null' : typeof thrown };
  const code = 'code' in thrown ? safeWord(thrown.code) : null;
  const statusCode = 'statusCode' in thrown ? thrown.statusCode : undefined;
  const frames = callSites(thrown.stack);
  return {
    name: safeWord(thrown.name) ?? 'Error',
    ...(code === null ? {} : { code }),
    ...(typeof statusCode === 'number' ? { status: statusCode } : {}),
    ...(frames.length > 0 ? { frames } : {}),
    ...(thrown.cause !== undefined && depth < MAX_CAUSES ? { cause: errorFields(thrown.cause, depth + 1) } : {}),
  };
}

// Errors of another realm (a worker, a test's sandbox) are no instances of this one's class.
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
}

function safeWord(value: unknown): string | null {
  return typeof value === 'string' && CODE.test(value) ? value : null;
}

function callSites(stack: unknown): string[] {
  if (typeof stack !== 'string') return [];
  return stack
    .split('\n')
    .filter((line) => /^ {4}at .*(:\d+:\d+\)?|<anonymous>\)?)$/.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim());
}
