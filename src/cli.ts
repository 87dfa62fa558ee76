import 'reflect-metadata';
import { constants } from 'node:os';
import type { Config, ConfigProblem } from './config/config.js';
import { renderHelp } from './config/describe-settings.js';
import { loadConfig } from './config/load-config.js';
import { printConfig } from './config/setting-values.js';
import { BillingError } from './domain/errors.js';
import { createLogger, type Logger, type LogOutput, standardOutput } from './observability/logger.js';
import { errorFields } from './observability/redact.js';
import { tracingProblems } from './observability/tracing-start.js';
import { isOpsCommandName, type OpsCommandName } from './ops/ops-output.js';
import { packageVersion } from './runtime/package-root.js';

/** Meanings of the errors that an operator can mend. */
const START_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'HOST and PORT are in use already',
  EACCES: 'the system does not permit it',
  EADDRNOTAVAIL: 'HOST is not an address of this machine',
  ENOTFOUND: 'HOST is not an address of this machine',
};

/** A composed gateway that does not listen yet. */
export interface Gateway {
  listen(): Promise<{ readonly url: string }>;
  /** Finishes the running work and closes every part. The process may exit afterwards. */
  drain(): Promise<void>;
}

/** Result of the command line. `ops`: a sub-command, which may use the network. `run`: the gateway, until a signal. */
export type CommandResult =
  | { readonly kind: 'done'; readonly exitCode: number; readonly out: string; readonly err: string }
  | { readonly kind: 'ops'; readonly name: OpsCommandName; readonly args: readonly string[] }
  | { readonly kind: 'run'; readonly config: Config; readonly warnings: readonly ConfigProblem[] };

/** Longest wait for a slow reader of the log, before the process ends without the last lines, in milliseconds. */
const LAST_LINES_MS = 500;
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Reads the command line. Reads files that settings name, but uses no network. */
export async function decide(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommandResult> {
  const [option, ...rest] = args;
  if (isOpsCommandName(option)) return { kind: 'ops', name: option, args: rest };
  if (rest.length > 0) return failure('Give one option at most. See --help.\n');
  switch (option) {
    case '--help':
    case '-h':
      return success(renderHelp());
    case '--version':
      return success(`${packageVersion()}\n`);
    case '--print-config':
      return success(printConfig(env));
    case '--check-config':
    case undefined: {
      const result = await loadConfig(env);
      const warnings = [...result.warnings, ...tracingProblems(env)];
      if (!result.ok) return failure(problemList(result.problems, warnings));
      if (option === undefined) return { kind: 'run', config: result.config, warnings };
      return success(`The configuration is valid.\n${lines('Warning', warnings)}`);
    }
    default:
      return failure('Unknown option. See --help.\n');
  }
}

/** Runs the command of this process: prints and sets the exit code, or serves until a signal. */
export async function main(): Promise<void> {
  const result = await decide(process.argv.slice(2), process.env);
  if (result.kind === 'ops') return operate(result.name, result.args);
  if (result.kind === 'done') {
    process.stdout.write(result.out);
    process.stderr.write(result.err);
    process.exitCode = result.exitCode;
    return;
  }
  const output = standardOutput();
  const logger = await createLogger({ ...result.config.log, destination: output });
  output.onRecovery((lines) => logger.warn({ lines }, 'log lines were lost: standard output took none'));
  for (const { setting, message } of result.warnings) logger.warn({ setting }, message);
  logUnforeseen(logger, output);
  try {
    const { createGateway } = await import('./gateway.js');
    const gateway = await createGateway(result.config, logger, { logLinesLost: () => output.linesLost() });
    await serve(gateway, logger, output);
  } catch (error) {
    logger.debug({ err: error }, 'start-up failed');
    await Promise.all([output.flush(LAST_LINES_MS), written(process.stderr, `${startFailure(error)}\n`)]);
    process.exit(1);
  }
}

/** Runs a sub-command to its end, then exits even if a connection to an upstream is still open. */
async function operate(name: OpsCommandName, args: readonly string[]): Promise<void> {
  // The exit code tells a shell to end its loop on Ctrl+C too. Reason for a listener: without one a signal does nothing
  // to PID 1.
  for (const signal of STOP_SIGNALS) {
    process.removeAllListeners(signal);
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const { runOpsCommand } = await import('./ops/ops.command.js');
  const { exitCode, out, err } = await runOpsCommand(name, args, process.env).catch((error: unknown) => {
    const { name: kind, code } = errorFields(error);
    return { exitCode: 1, out: '', err: `Something unforeseen happened (${code ?? kind}).\n` };
  });
  await Promise.all([written(process.stdout, out), written(process.stderr, err)]);
  process.exit(exitCode);
}

/** Waits until a pipe has taken the text, because `process.exit` would drop the rest. */
function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => stream.write(text, () => resolve()));
}

/**
 * Listens, and on the first signal drains and exits with 0. Later signals are logged and change nothing, because a
 * write may be running.
 */
async function serve(gateway: Gateway, logger: Logger, output: LogOutput): Promise<void> {
  let stopping = false;
  for (const signal of STOP_SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (stopping) {
        logger.info({ signal }, 'already stopping: the gateway finishes running operations first');
        return;
      }
      stopping = true;
      logger.info({ signal }, 'stopping');
      void stop(gateway, logger, output);
    });
  }
  const { url } = await gateway.listen();
  logger.info({ url, version: packageVersion(), node: process.version }, `listening on ${url}`);
}

async function stop(gateway: Gateway, logger: Logger, output: LogOutput): Promise<void> {
  let exitCode = 0;
  try {
    await gateway.drain();
    logger.info('stopped');
  } catch (error) {
    logger.error({ err: error }, 'stopping failed');
    exitCode = 1;
  }
  await output.flush(LAST_LINES_MS);
  process.exit(exitCode);
}

/**
 * Logs unexpected errors without their fields. Reason: Node would print an error with all its fields, and an HTTP
 * client's errors hold credentials.
 */
function logUnforeseen(logger: Logger, output: LogOutput): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception');
    void output.flush(LAST_LINES_MS).finally(() => process.exit(1));
  });
  // A rejected promise without a handler must not end the process, because writes may be running.
  process.on('unhandledRejection', (reason) => logger.error({ err: reason }, 'unhandled rejection'));
}

/**
 * One line for the operator. It shows only messages that the gateway wrote; of other errors it shows the kind and code.
 */
function startFailure(error: unknown): string {
  if (error instanceof BillingError || isLedgerUnavailable(error))
    return `The gateway could not start: ${error.message}`;
  const { name, code, cause } = errorFields(error);
  const detail = [code ?? name, cause?.code ?? cause?.name]
    .filter((word) => word !== undefined && word !== '')
    .join(', ');
  const reason = START_FAILURES[code ?? name] ?? 'something unforeseen happened';
  return `The gateway could not start: ${reason} (${detail}). LOG_LEVEL=debug tells where.`;
}

/** Compares by name, because the class is loaded with the gateway only. The gateway wrote its messages. */
function isLedgerUnavailable(error: unknown): error is Error {
  return error instanceof Error && error.name === 'LedgerUnavailable';
}

function problemList(problems: readonly ConfigProblem[], warnings: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? 'is 1 problem' : `are ${problems.length} problems`;
  const list = `${lines('', problems)}${lines('Warning', warnings)}`;
  return `There ${count} with the configuration:\n${list}See --help for all settings.\n`;
}

function lines(label: string, problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ setting, message }) => `  ${label === '' ? '' : `${label}: `}${setting} ${message}\n`)
    .join('');
}

function success(out: string): CommandResult {
  return { kind: 'done', exitCode: 0, out, err: '' };
}

function failure(err: string): CommandResult {
  return { kind: 'done', exitCode: 1, out: '', err };
}
