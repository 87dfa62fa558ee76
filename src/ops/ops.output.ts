export type Environment = Readonly<Record<string, string | undefined>>;

/** The sub-commands for operators. */
export const OPS_COMMAND_NAMES = ['doctor', 'ledger', 'read'] as const;

export type OpsCommandName = (typeof OPS_COMMAND_NAMES)[number];

export function isOpsCommandName(word: string | undefined): word is OpsCommandName {
  return OPS_COMMAND_NAMES.some((name) => name === word);
}

/** What a sub-command prints and exits with. */
export interface CommandOutput {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** A command line that makes no sense, or a file that is not there; the message is for the operator. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
