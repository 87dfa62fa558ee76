export type Environment = Readonly<Record<string, string | undefined>>;

/** The sub-commands for operators. */
export const OPS_COMMAND_NAMES = ['doctor', 'ledger', 'read'] as const;

export type OpsCommandName = (typeof OPS_COMMAND_NAMES)[number];

export function isOpsCommandName(word: string | undefined): word is OpsCommandName {
  return OPS_COMMAND_NAMES.some((name) => name === word);
}

/** Output and exit code of a sub-command. */
export interface CommandOutput {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** An invalid command line, or a missing file. The message is for the operator. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * The named object does not exist. The message says where to look, without the usage of the command, which would not
 * help.
 */
export class NotThereError extends Error {
  override readonly name = 'NotThereError';
}

/** Foreign text, safe for a terminal: characters that move the cursor, reorder or hide text become their number. */
export function terminalText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** Columns as wide as their widest cell, with two blanks between them. The last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, Array.from(cell).length);
    });
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - Array.from(cell).length))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** Lines of at most `width` characters, broken at blanks. Each line after the first begins with `indent`. */
export function wrapped(text: string, width: number, indent = ''): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const line = lines[last] ?? '';
    if (line === '' || line === indent) lines[last] = line + word;
    else if (line.length + 1 + word.length <= width) lines[last] = `${line} ${word}`;
    else lines.push(indent + word);
  }
  return lines.join('\n');
}

/** JSON for other programs, safe for a terminal. Reason: `JSON.stringify` does not escape C1 and format characters. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}\n`;
}

/** The character as JSON escapes of its UTF-16 units. */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
