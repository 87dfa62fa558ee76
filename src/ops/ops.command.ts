import { DOCTOR_USAGE, doctorCommand } from './doctor.command.js';
import { LEDGER_USAGE, ledgerCommand } from './ledger.command.js';
import { type CommandOutput, type Environment, type OpsCommandName, UsageError } from './ops-output.js';
import { READ_USAGE, readCommand } from './read.command.js';

interface OpsCommand {
  readonly run: (args: readonly string[], env: Environment) => Promise<CommandOutput>;
  readonly usage: string;
}

const OPS_COMMANDS: Readonly<Record<OpsCommandName, OpsCommand>> = {
  doctor: { run: doctorCommand, usage: DOCTOR_USAGE },
  ledger: { run: ledgerCommand, usage: LEDGER_USAGE },
  read: { run: readCommand, usage: READ_USAGE },
};

/**
 * Runs one sub-command. Never throws an error that holds a secret: for an unexpected fault it reports only the kind.
 */
export async function runOpsCommand(
  name: OpsCommandName,
  args: readonly string[],
  env: Environment,
): Promise<CommandOutput> {
  const { run, usage } = OPS_COMMANDS[name];
  try {
    return await run(args, env);
  } catch (error) {
    const fault = error instanceof UsageError ? error.message : argumentFault(error);
    if (fault === null) throw error;
    return { exitCode: 1, out: '', err: `${fault}\n\n${usage}` };
  }
}

/**
 * The first sentence of an error of node:util's parseArgs, which names the option. The second sentence is no help here.
 */
function argumentFault(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return null;
  if (!String(error.code).startsWith('ERR_PARSE_ARGS')) return null;
  return `${String(error.message).split('. ')[0] ?? ''}.`;
}
