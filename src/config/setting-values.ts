import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { ConfigProblem } from './config.js';
import { faultOf, type Setting } from './setting.js';
import { SETTINGS, type SettingName, type SettingValues } from './settings.js';

export interface ParsedSettings {
  /**
   * A setting without a default is null when it is missing and when it is not valid. `invalid` distinguishes the two.
   */
  readonly values: SettingValues;
  /** Given settings that are not valid. Rules about missing settings must ignore them. */
  readonly invalid: ReadonlySet<SettingName>;
  readonly problems: readonly ConfigProblem[];
}

type Environment = Readonly<Record<string, string | undefined>>;
type Found = { readonly text: string | null; readonly problem: string | null };

/** Finds each setting in the environment or its file, and parses it on its own. */
export function parseSettings(env: Environment): ParsedSettings {
  const values: Record<string, unknown> = {};
  const invalid = new Set<SettingName>();
  const problems: ConfigProblem[] = [];
  for (const name of settingNames()) {
    const setting: Setting<unknown> = SETTINGS[name];
    const found = find(name, setting, env);
    const text = found.text ?? setting.default ?? null;
    const parsed = text === null ? null : setting.schema.safeParse(text);
    const faults = [found.problem, ...(parsed?.error?.issues.map(issueText) ?? [])];
    for (const message of new Set(faults)) {
      if (message === null) continue;
      invalid.add(name);
      problems.push({ setting: name, message });
    }
    // The default replaces an invalid value, so that rules between settings find no gaps.
    values[name] = parsed?.success === true ? parsed.data : defaultValue(setting);
  }
  if (!isComplete(values)) throw new TypeError('a setting has no value');
  return { values, invalid, problems };
}

export function settingNames(): SettingName[] {
  return Object.keys(SETTINGS).filter(isSettingName);
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** An empty value counts as missing, because compose files pass unset variables on as empty ones. */
function find(name: SettingName, setting: Setting<unknown>, env: Environment): Found {
  const text = given(env[name]);
  const path = setting.fromFile ? given(env[`${name}_FILE`]) : null;
  if (path === null) return { text, problem: null };
  if (text !== null) return { text, problem: `is set twice: itself and ${name}_FILE` };
  try {
    const content = given(readFileSync(path, 'utf8'));
    return content === null
      ? { text: null, problem: `is empty in the file of ${name}_FILE` }
      : { text: content, problem: null };
  } catch {
    return { text: null, problem: `cannot be read from the file of ${name}_FILE` };
  }
}

function given(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

/** The message, with the path inside a setting that has members. Items of a list have no names. */
function issueText(issue: z.core.$ZodIssue): string {
  const { place, message } = faultOf(issue);
  return typeof issue.path[0] === 'string' ? `${place} ${message}`.trimStart() : message;
}

function defaultValue(setting: Setting<unknown>): unknown {
  return setting.default === undefined ? null : setting.schema.parse(setting.default);
}

// Each value comes from its own setting's schema, so a record with every name has the type.
function isComplete(values: object): values is SettingValues {
  return settingNames().every((name) => name in values);
}

const MASK = '********';

/**
 * The text of `--print-config`: one `NAME=value` per effective setting, with secrets masked. `loadConfig` reports
 * problems.
 */
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
  const text = Array.isArray(value) ? value.join(',') : oneLineText(value);
  return setting.visibility === 'url' ? maskUrl(text) : text;
}

function oneLineText(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('\n', '\\n');
  return JSON.stringify(value, (_name, member: unknown): unknown =>
    member instanceof Map ? Object.fromEntries<unknown>(member) : (member ?? undefined),
  );
}

/**
 * Masks a connection URL, which may contain a password in its user info or its query. A text that is not a URL with a
 * host (`sqlite:…`) is shown whole. An `@` behind the host means a password with `/`, `?` or `#`, which ends the host.
 */
export function maskUrl(text: string): string {
  if (!/^\w+:\/\//.test(text)) return text;
  if (!URL.canParse(text) || /[/?#].*@/s.test(text.replace('://', ''))) return MASK;
  const url = new URL(text);
  const user = url.username === '' && url.password === '' ? '' : `${MASK}@`;
  const query = url.search === '' && url.hash === '' ? '' : `?${MASK}`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${query}`;
}
