import { z } from 'zod';

export const SECTIONS = [
  'Listening',
  'Xtracta',
  'Credits',
  'Callers',
  'Ledger and cache',
  'Limits',
  'Pages',
  'Logging',
] as const;

export type Section = (typeof SECTIONS)[number];

/**
 * Rule for showing a value: `public` unchanged, `secret` never, `url` with user info, query and fragment masked. A
 * connection URL has its password in these parts.
 */
export type Visibility = 'public' | 'secret' | 'url';

/** One environment variable, with all facts for the validator, `--help` and the documentation. */
export interface Setting<T> {
  readonly section: Section;
  readonly description: string;
  readonly visibility: Visibility;
  /** Whether the value may be given in a file, whose path is `NAME_FILE`. */
  readonly fromFile: boolean;
  /** Parsed like a given value. Absent: the setting is null when the variable is not set. */
  readonly default?: string;
  /** Text of the documentation in place of `default`, where the value depends on other settings. */
  readonly defaultText?: string;
  /** A value for the documentation; never a working secret. */
  readonly example?: string;
  /** Parses the text. Its messages never repeat the value. */
  readonly schema: z.ZodType<T, string>;
}

type Details = Pick<Setting<unknown>, 'section' | 'description'> &
  Partial<Pick<Setting<unknown>, 'defaultText' | 'example' | 'visibility' | 'fromFile'>>;

/** A setting that is null when it is not given. */
export function optional<T>(schema: z.ZodType<T, string>, details: Details): Setting<T | null> {
  return { visibility: 'public', fromFile: false, ...details, schema };
}

/** A setting that always has a value. */
export function defaulted<T>(schema: z.ZodType<T, string>, text: string, details: Details): Setting<T> {
  return { visibility: 'public', fromFile: false, ...details, default: text, schema };
}

/** A secret: masked everywhere, and readable from a file. */
export function secret<T>(schema: z.ZodType<T, string>, details: Details): Setting<T | null> {
  return optional(schema, { ...details, visibility: 'secret', fromFile: true });
}

// Control characters would end a header or a form line, and no setting needs them.
const CONTROL_CHARACTER = /\p{Cc}/u;

export const oneLine = z.string().refine((text) => !CONTROL_CHARACTER.test(text), 'must be one line of text');

/** A value for an HTTP header or form, both of which must transmit it unchanged. */
export const token = z
  .string()
  .max(8192, 'is longer than 8192 characters')
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without blanks');

/** An object without other members. Its message counts them without their names, which may be misplaced secrets. */
export function closedObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `has unknown keys (${issue.keys.length}); known are ${known}` : undefined,
  });
}

/** Place and message of a fault inside a value. A key at fault is left out, because it may be a secret. */
export function faultOf(issue: z.core.$ZodIssue): { readonly place: string; readonly message: string } {
  const isKey = issue.code === 'invalid_key';
  return {
    place: issue.path.slice(0, isKey ? -1 : undefined).join('.'),
    message: isKey ? `has a key that ${issue.issues[0]?.message ?? 'is not valid'}` : issue.message,
  };
}

export const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false'], 'must be true or false'))
  .transform((text) => text === 'true');

/** A whole number between two bounds, both included. */
export function integer(min: number, max: number): z.ZodType<number, string> {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

/** At least one item, separated by commas. Blanks around items are dropped. */
export function commaList<T>(item: z.ZodType<T, string>): z.ZodType<T[], string> {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(item).min(1, 'must name at least one'));
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host name can only mean this machine. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * A `Host` header or the authority of a request target, in one form: lower case, addresses as the WHATWG URL standard
 * writes them.
 */
export interface HostName {
  /** Without brackets around an IPv6 address and without the dot of the DNS root. */
  readonly name: string;
  /** Null: the scheme's default port, which the header does not name. */
  readonly port: number | null;
}

// A Host header has no user info, path or percent-encoding, but the URL parser would accept them.
const AUTHORITY = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;

/** Reads `name`, `name:port`, `[::1]` and `[::1]:port`; null for everything else. */
export function parseHost(text: string): HostName | null {
  const [, host = '', port] = AUTHORITY.exec(text) ?? [];
  if (host === '' || !URL.canParse(`http://${host}/`)) return null;
  const name = new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (name === '' || Number(port ?? 0) > 65_535) return null;
  return { name, port: port === undefined ? null : Number(port) };
}

/** A host name or address, with or without a port, as clients name it in `Host`. */
export const hostName = z
  .string()
  .refine(
    (text) => parseHost(text) !== null,
    'must be host names or addresses such as billing.example.com or [::1]:4000',
  );

/** A base or endpoint URL: `https:`, or `http:` on this machine only, because the gateway sends credentials to it. */
export const serviceUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const fault =
    url === null
      ? 'must be a URL'
      : url.protocol !== 'https:' && url.protocol !== 'http:'
        ? 'must start with https://'
        : url.username !== '' || url.password !== ''
          ? 'must not carry a user name or password'
          : url.protocol === 'http:' && !isLoopbackHost(url.hostname)
            ? 'must be https: (http: only for this machine)'
            : url.search !== '' || url.hash !== ''
              ? 'must not have a query or fragment'
              : null;
  if (fault !== null || url === null) {
    context.addIssue({ code: 'custom', message: fault ?? 'must be a URL' });
    return z.NEVER;
  }
  return url.href.replace(/\/+$/, '');
});

/** Word for every page that this machine serves itself, on any port. It may be given in place of an origin. */
export const LOOPBACK_ORIGINS = 'loopback';

/** An origin as in the browsers' `Origin` header, or {@link LOOPBACK_ORIGINS}. */
export const origin = z
  .string()
  .refine(
    (text) =>
      text === LOOPBACK_ORIGINS ||
      (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text),
    'must be origins such as https://app.example.com, without a path, or loopback',
  );

/** The path of an endpoint, relative to a base URL. A path that the URL parser would change is refused. */
export const urlPath = z
  .string()
  .max(200, 'is longer than 200 characters')
  .refine(
    (path) => /^(?:\/[\w.~-]+)+$/.test(path) && new URL(path, 'https://x.invalid').pathname === path,
    'must be a path such as /v1/billings/plans',
  );
