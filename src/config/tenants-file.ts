import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseNumericId } from '../domain/group-id.js';
import type { ConfigProblem, CreditsAuthorization } from './config.js';
import { closedObject, faultOf, oneLine, serviceUrl, token } from './setting.js';
import { tenantLimits } from './spending-limits.js';
import type { TenantRecord, TenantsVersion } from './tenants-version.policy.js';

export interface TenantsFileResult {
  /** Empty exactly when there are problems, or when the file names no tenant. */
  readonly tenants: readonly TenantRecord[];
  readonly problems: readonly ConfigProblem[];
  /** Every file that was read or should have been. A change of one of them changes the result. */
  readonly files: readonly string[];
  /** Null: not valid. */
  readonly version: TenantsVersion | null;
  /** Digest of all texts that were read. Equal digests mean equal contents. */
  readonly digest: string;
}

// `.meta()` adds facts for the JSON Schema of the file (docs/tenants.schema.json), with which editors check a file. An
// editor reads 1001 as a number and true as a flag, where the gateway reads the text of both. It also rounds a number
// beyond 2^53: 999999999999999999 becomes 1e18.
const groupId = z
  .string()
  .transform((text, context) => {
    const id = parseNumericId(text);
    if (id !== null) return id;
    context.addIssue({ code: 'custom', message: 'must be a group id: 1 to 18 digits, greater than 0' });
    return z.NEVER;
  })
  .meta({ type: ['string', 'integer'], pattern: '^(?=0*[1-9])[0-9]{1,18}$', minimum: 1, maximum: 1e18 });

const SCALAR = ['string', 'number', 'boolean'] as const;

// Every scalar is read as text, so a null is the word "null", which is never intended as a secret.
const secretText = token
  .refine((text) => text !== 'null' && text !== '~', 'must not be null')
  .meta({ type: SCALAR, not: { enum: ['null', '~'] } });

const line = oneLine.meta({ type: SCALAR, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });

const httpsUrl = serviceUrl.meta({
  pattern: '^(https://|http://(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(?=[:/]|$))[^@/?#\\s]*(/[^?#\\s]*)?$',
});

const GROUPS_MESSAGE = 'must be a list of group ids (1 to 18 digits, greater than 0), or the word all';

const tenantSchema = closedObject({
  xtractaApiKey: secretText
    .optional()
    .describe('The api key of this tenant at Xtracta. This, or the file that holds it.'),
  xtractaApiKeyFile: line.optional().describe('A file that holds the api key; its path is relative to this file.'),
  rootGroupId: groupId
    .optional()
    .describe('The own group of the api key. Reads of many groups then become one request.'),
  // At the start, an entry without it may name every group, as with the word.
  allowedGroups: z
    .union([z.literal('all'), z.array(groupId)], GROUPS_MESSAGE)
    .optional()
    .describe(
      'The groups that callers of this tenant may name, or the word all. A listed group stands for itself alone.',
    ),
  creditsToken: secretText.optional().describe('A fixed bearer token of the PurchaseCredits API.'),
  creditsTokenFile: line.optional().describe('A file that holds the token; its path is relative to this file.'),
  creditsTokenUrl: httpsUrl
    .optional()
    .describe('Where OAuth 2.0 client credentials get a token for the PurchaseCredits API.'),
  creditsClientId: line.optional().describe('The client id; with creditsTokenUrl and a client secret.'),
  creditsClientSecret: line.optional().describe('The client secret. This, or the file that holds it.'),
  creditsClientSecretFile: line
    .optional()
    .describe('A file that holds the client secret; its path is relative to this file.'),
  limits: tenantLimits.optional().describe('What this tenant may spend within 24 hours, or the word none.'),
});

/** The content of a tenants file, every scalar as text. */
export const tenantsFile = closedObject({
  tenants: z
    .record(z.string().regex(/^[^\p{Cc}]{1,200}$/u, 'is not a tenant id'), tenantSchema)
    .describe('Each tenant by its id, which is the value of the tenant claim (JWT_TENANT_CLAIM) in tokens.'),
});

type TenantInput = z.infer<typeof tenantSchema>;

/** Reads and checks the tenants file and its secret files. Messages name places, never values. */
export async function readTenantsFile(path: string): Promise<TenantsFileResult> {
  const file = resolve(path);
  const text = await readText(file);
  return text === null
    ? refused([problem('', 'cannot be read')], [file], digestOf([]))
    : await parseTenantsFile(file, text);
}

const NOT_READABLE = 'is neither valid YAML nor valid JSON (a text that begins with * or { needs quotes)';

/** The same for a text that was already read. */
export async function parseTenantsFile(file: string, text: string): Promise<TenantsFileResult> {
  const { parseTenantsDocument } = await import('./tenants-document.js');
  const document = parseTenantsDocument(text);
  if (document === null) return refused([problem('', NOT_READABLE)], [file], digestOf([text]));
  const parsed = tenantsFile.safeParse(document.content);
  if (!parsed.success) return refused(parsed.error.issues.map(issueProblem), [file], digestOf([text]));

  const reader = new SecretReader(dirname(file));
  const tenants: TenantRecord[] = [];
  for (const [id, input] of Object.entries(parsed.data.tenants)) {
    tenants.push(await toRecord(id, input, reader));
  }
  const files = [file, ...reader.files];
  const digest = digestOf([text, ...reader.texts]);
  if (reader.problems.length > 0) return refused(reader.problems, files, digest);
  const version = { text, tenants, ...document, hasEndMark: END_MARK.test(text) };
  return { tenants, problems: [], files, version, digest };
}

/** A line that ends a YAML document, followed only by blank lines. */
const END_MARK = /\n\.\.\.[ \t]*(?:\r?\n\s*)?$/;

function digestOf(texts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}

/** Reads secrets from files and collects their problems. Keeps state for one reading. */
class SecretReader {
  readonly problems: ConfigProblem[] = [];
  readonly files: string[] = [];
  readonly texts: (string | null)[] = [];
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async secret(place: string, value: string | undefined, path: string | undefined): Promise<string | null> {
    if (value !== undefined && path !== undefined) {
      this.problems.push(problem(place, `is set twice: here and as ${place}File`));
    }
    if (value !== undefined) return value;
    if (path === undefined) return null;
    const file = resolve(this.#folder, path);
    this.files.push(file);
    const text = await readText(file);
    this.texts.push(text);
    const checked = secretText.safeParse(text?.trim() ?? '');
    if (text === null) this.problems.push(problem(`${place}File`, 'cannot be read'));
    else if (!checked.success) this.problems.push(problem(`${place}File`, 'holds no usable secret'));
    return checked.success ? checked.data : null;
  }
}

async function toRecord(id: string, input: TenantInput, reader: SecretReader): Promise<TenantRecord> {
  const place = `tenants.${id}`;
  const found = reader.problems.length;
  const apiKey = await reader.secret(`${place}.xtractaApiKey`, input.xtractaApiKey, input.xtractaApiKeyFile);
  if (apiKey === null && reader.problems.length === found) {
    reader.problems.push(problem(`${place}.xtractaApiKey`, 'is required'));
  }
  return {
    id,
    credentials: {
      xtracta: apiKey === null ? null : { apiKey, rootGroupId: input.rootGroupId ?? null },
      credits: await toCredits(place, input, reader),
    },
    allowedGroups: Array.isArray(input.allowedGroups) ? input.allowedGroups : null,
    groupsAreStated: input.allowedGroups !== undefined,
    limits: input.limits ?? null,
  };
}

async function toCredits(
  place: string,
  input: TenantInput,
  reader: SecretReader,
): Promise<CreditsAuthorization | null> {
  const bearer = await reader.secret(`${place}.creditsToken`, input.creditsToken, input.creditsTokenFile);
  const clientSecret = await reader.secret(
    `${place}.creditsClientSecret`,
    input.creditsClientSecret,
    input.creditsClientSecretFile,
  );
  const tokenUrl = input.creditsTokenUrl ?? null;
  const clientId = input.creditsClientId ?? null;
  const parts = [tokenUrl, clientId, clientSecret];
  const given = parts.filter((part) => part !== null).length;
  if (bearer !== null && given > 0) {
    reader.problems.push(problem(`${place}.creditsToken`, 'and client credentials are both given; give one of them'));
  } else if (given > 0 && given < parts.length) {
    reader.problems.push(
      problem(place, 'creditsTokenUrl, creditsClientId and creditsClientSecret must be given together'),
    );
  }
  if (bearer !== null) return { kind: 'bearer', token: bearer };
  if (tokenUrl === null || clientId === null || clientSecret === null) return null;
  return { kind: 'clientCredentials', tokenUrl, clientId, clientSecret };
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}

function refused(problems: readonly ConfigProblem[], files: readonly string[], digest: string): TenantsFileResult {
  return { tenants: [], problems, files, version: null, digest };
}

function problem(place: string, message: string): ConfigProblem {
  return { setting: 'TENANTS_FILE', message: place === '' ? message : `${place} ${message}` };
}

function issueProblem(issue: z.core.$ZodIssue): ConfigProblem {
  const { place, message } = faultOf(issue);
  if (issue.code === 'unrecognized_keys') return problem(place, `${message}; in YAML a blank follows the colon`);
  if (issue.code !== 'invalid_type') return problem(place, message);
  // Without a mapping a key is hardly a tenant's id. It may be `xtractaApiKey:secret`, where a blank is missing.
  if (issue.path.length === 2) return problem('tenants', `has an entry that is not ${typeWord(issue.expected)}`);
  return problem(place === '' ? 'the file' : place, `must be ${typeWord(issue.expected)}`);
}

function typeWord(expected: string): string {
  return expected === 'string' ? 'text' : expected === 'array' ? 'a list' : 'a mapping';
}
