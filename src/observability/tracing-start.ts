import type { Tracing } from './tracing.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Any of these variables names the destination of traces; `OTEL_TRACES_EXPORTER=none` switches them off. */
const DESTINATIONS = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_CONFIG_FILE',
] as const;

/** Whether the environment requests traces, by the SDK's own variables. */
export function wantsTraces(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  if (env['OTEL_TRACES_EXPORTER']?.trim().toLowerCase() === 'none') return false;
  return DESTINATIONS.some((name) => (env[name]?.trim() ?? '') !== '');
}

/** Values that the SDK knows. It ignores any other value silently, and then exports nothing or in another way. */
const KNOWN_WORDS: Readonly<Record<string, readonly string[]>> = {
  OTEL_TRACES_EXPORTER: ['otlp', 'zipkin', 'console', 'none'],
  OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', 'http/json', 'http/protobuf'],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ['grpc', 'http/json', 'http/protobuf'],
};

/**
 * Settings for traces that the SDK would ignore. Empty where no traces are wanted. The messages do not repeat the
 * values.
 */
export function tracingProblems(env: Environment): readonly { readonly setting: string; readonly message: string }[] {
  if (!wantsTraces(env)) return [];
  return Object.entries(KNOWN_WORDS).flatMap(([setting, words]) => {
    const given = (env[setting] ?? '').split(',').map((word) => word.trim());
    const isKnown = given.every((word) => word === '' || words.includes(word));
    const message = `has a value that the OpenTelemetry SDK does not know; it knows ${words.join(', ')}`;
    return isKnown ? [] : [{ setting, message }];
  });
}

/**
 * Starts the SDK, which reads `process.env` by itself; null where no traces are wanted, and then none of its modules is
 * loaded.
 */
export async function startTracing(env: Environment): Promise<Tracing | null> {
  if (!wantsTraces(env)) return null;
  const { startSdkTracing } = await import('./tracing-sdk.js');
  return startSdkTracing(env);
}
