import type { Setting } from './setting.js';
import { parseSettings, settingNames } from './setting-values.js';
import { SETTINGS } from './settings.js';

const MASK = '********';

/** The text of `--print-config`: one `NAME=value` per setting as it is in effect, secrets masked, problems left to `loadConfig`. */
export function printConfig(env: Readonly<Record<string, string | undefined>>): string {
  const { values, invalid } = parseSettings(env);
  const lines = settingNames().map((name) => {
    const setting: Setting<unknown> = SETTINGS[name];
    const value = values[name];
    if (invalid.has(name)) return `${name}=(not valid)`;
    if (value === null) return `${name}=${setting.defaultText === undefined ? '' : `(${setting.defaultText})`}`;
    return `${name}=${shown(setting, value)}`;
  });
  return `${lines.join('\n')}\n`;
}

function shown(setting: Setting<unknown>, value: unknown): string {
  if (setting.visibility === 'secret') return MASK;
  const text = Array.isArray(value) ? value.join(',') : String(value).replaceAll('\n', '\\n');
  return setting.visibility === 'url' ? maskUrl(text) : text;
}

/** A connection URL may hold a password in its user info or its query. What is no URL with a host (`sqlite:…`) is shown whole. */
export function maskUrl(text: string): string {
  if (!/^\w+:\/\//.test(text)) return text;
  if (!URL.canParse(text)) return MASK;
  const url = new URL(text);
  const user = url.username === '' && url.password === '' ? '' : `${MASK}@`;
  const query = url.search === '' && url.hash === '' ? '' : `?${MASK}`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${query}`;
}
