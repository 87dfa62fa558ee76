import { SECTIONS, type Section, type Setting } from './setting.js';
import { settingNames } from './setting-values.js';
import { SETTINGS, type SettingName } from './settings.js';

type Named = { readonly name: SettingName; readonly setting: Setting<unknown> };

const HELP_WIDTH = 100;

/** The text of `--help`. */
export function renderHelp(): string {
  const lines = [
    'Usage: node dist/main.js [--help | --version | --check-config | --print-config]',
    '       node dist/main.js doctor | ledger | read',
    '',
    'Runs the billing GraphQL gateway. All settings come from the environment.',
    '',
    '  --check-config  lists the problems of the settings, without the network; exit code 0 or 1',
    '  --print-config  prints the effective settings, secrets masked',
    '  --version       prints the version',
    '  doctor          checks the upstreams with the configured credentials, by reads only; doctor --help says more',
    '  ledger          lists, shows, reconciles and resolves writes; ledger --help says more',
    '  read            prints what the gateway reads from a stored response of an upstream; read --help says more',
  ];
  for (const section of SECTIONS) {
    lines.push('', `${section}:`);
    for (const { name, setting } of inSection(section)) {
      lines.push(`  ${name}${setting.fromFile ? ` or ${name}_FILE` : ''}${helpDefault(setting)}`);
      lines.push(...wrap(setting.description, HELP_WIDTH - 6).map((line) => `      ${line}`));
    }
  }
  lines.push('', "OTEL_* variables are the OpenTelemetry SDK's own and are passed on unmodified.");
  return `${lines.join('\n')}\n`;
}

/** The text of `docs/configuration.md`. */
export function renderMarkdown(): string {
  const lines = [
    '# Configuration',
    '',
    '<!-- Written by tools/config-docs.ts from src/config/settings.ts. Do not edit. -->',
    '',
    'All settings come from the environment. The gateway checks them at the start. If there are problems, it lists',
    'all of them and exits with code 1. `node dist/main.js --check-config` does only this check, without the',
    'network. `--print-config` prints the effective settings with secrets masked.',
    '',
    'A setting marked with 🔒 is a secret. Where `NAME_FILE` is mentioned, the value may instead be in a file whose',
    'path is `NAME_FILE`; setting both is an error. An empty variable counts as not set. If the name of a variable',
    "looks like a misspelt setting's name, the gateway refuses to start and suggests the name.",
  ];
  for (const section of SECTIONS) {
    lines.push('', `## ${section}`, '', '| Variable | Default | Meaning |', '|---|---|---|');
    for (const { name, setting } of inSection(section)) {
      const file = setting.fromFile ? `<br>or \`${name}_FILE\`` : '';
      const lock = setting.visibility === 'public' ? '' : ' 🔒';
      lines.push(`| \`${name}\`${lock}${file} | ${cell(defaultMarkdown(setting))} | ${cell(setting.description)} |`);
    }
  }
  lines.push(
    '',
    '## OpenTelemetry',
    '',
    "Variables that start with `OTEL_` are the OpenTelemetry SDK's own and are passed on unmodified. The gateway",
    'loads the SDK and traces only if one of `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`,',
    '`OTEL_TRACES_EXPORTER` or `OTEL_CONFIG_FILE` is set. `OTEL_SDK_DISABLED=true` and `OTEL_TRACES_EXPORTER=none`',
    'switch it off. It exports traces only: metrics are at `/metrics`, logs on standard output. The service is',
    'called `billing-gateway` unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` name it. The SDK reports',
    'failed exports only with `OTEL_LOG_LEVEL=warn` or lower, as plain text.',
    '',
    '## The tenants file',
    '',
    'YAML or JSON. [tenants.schema.json](tenants.schema.json) describes every key, and lets [an editor check the',
    'file](operations.md#check-the-tenants-file) as you type. Only `xtractaApiKey` is required. Each secret may be',
    'given as a path instead, relative to the tenants file: `xtractaApiKeyFile`, `creditsTokenFile`,',
    '`creditsClientSecretFile`. The gateway checks the file and the secret files every five seconds. It logs and',
    'ignores a version that is not valid. A caller whose tenant is not listed gets `FORBIDDEN`.',
    '',
    '```yaml',
    'tenants:',
    '  acme:',
    '    xtractaApiKeyFile: secrets/acme-xtracta',
    '    rootGroupId: 1001',
    '    allowedGroups: [1001, 1002]',
    '    creditsTokenUrl: https://login.example.com/oauth2/token',
    '    creditsClientId: acme',
    '    creditsClientSecretFile: secrets/acme-credits',
    '```',
  );
  return `${lines.join('\n')}\n`;
}

/** The text of `.env.example`: every setting, commented out, with its default or an example. */
export function renderEnvExample(): string {
  const lines = [
    '# Written by tools/config-docs.ts from src/config/settings.ts. Do not edit.',
    '# Copy to .env, remove the # of what you set, and start with: node --env-file=.env dist/main.js',
  ];
  for (const section of SECTIONS) {
    lines.push('', `# --- ${section} ---`);
    for (const { name, setting } of inSection(section)) {
      lines.push('', ...wrap(setting.description, HELP_WIDTH - 2).map((line) => `# ${line}`));
      if (setting.defaultText !== undefined) lines.push(`# Default: ${setting.defaultText}`);
      if (setting.fromFile) lines.push(`# Or ${name}_FILE=/path/to/file`);
      lines.push(`#${name}=${setting.default ?? setting.example ?? ''}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function inSection(section: Section): Named[] {
  return settingNames()
    .map((name) => ({ name, setting: SETTINGS[name] }))
    .filter(({ setting }) => setting.section === section);
}

function helpDefault(setting: Setting<unknown>): string {
  const text = setting.defaultText ?? setting.default;
  return text === undefined ? '' : ` (default: ${text})`;
}

function defaultMarkdown(setting: Setting<unknown>): string {
  if (setting.defaultText !== undefined) return setting.defaultText;
  return setting.default === undefined ? '' : `\`${setting.default}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const line = lines[last] ?? '';
    if (line === '') lines[last] = word;
    else if (line.length + 1 + word.length <= width) lines[last] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
