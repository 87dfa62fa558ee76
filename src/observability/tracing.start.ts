import type { Tracing } from './tracing.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Any of these says where traces are to go; `OTEL_TRACES_EXPORTER=none` says nowhere. */
const DESTINATIONS = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_CONFIG_FILE',
] as const;

/** Whether the environment asks for traces, by the SDK's own variables. */
export function wantsTraces(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  if (env['OTEL_TRACES_EXPORTER']?.trim().toLowerCase() === 'none') return false;
  return DESTINATIONS.some((name) => (env[name]?.trim() ?? '') !== '');
}

/** Starts the SDK, which reads `process.env` by itself; null where no traces are wanted, and then nothing of it is loaded. */
export async function startTracing(env: Environment): Promise<Tracing | null> {
  if (!wantsTraces(env)) return null;
  const { startSdkTracing } = await import('./tracing.sdk.js');
  return startSdkTracing(env);
}
