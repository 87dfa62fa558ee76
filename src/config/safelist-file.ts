import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { ConfigProblem } from './config.js';

export interface SafelistFileResult {
  /** Texts of the documents that may run; empty when and only when there are problems. */
  readonly documents: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

/** The form of `@apollo/generate-persisted-query-manifest`. */
const apolloManifest = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ body: z.string() })),
});

/** The form of GraphQL Code Generator and Relay: document texts by their hash. */
const documentMap = z.record(z.string(), z.string());

/**
 * Reads a safelist: a folder in which every `*.graphql` file is a document, or a JSON manifest. Messages name the
 * setting, never content.
 */
export async function readSafelist(path: string): Promise<SafelistFileResult> {
  const place = resolve(path);
  const kind = await stat(place).catch(() => null);
  if (kind === null) return refused('names a folder or file that cannot be read');
  const documents = kind.isDirectory() ? await readFolder(place) : await readManifest(place);
  if (documents === null) {
    return refused('is neither a folder of .graphql files nor a JSON manifest of documents');
  }
  return documents.length === 0 ? refused('holds no document: nothing could run') : { documents, problems: [] };
}

async function readFolder(folder: string): Promise<string[] | null> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
    return await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  } catch {
    return null;
  }
}

async function readManifest(file: string): Promise<string[] | null> {
  const parsed = parseJson(await readFile(file, 'utf8').catch(() => ''));
  const manifest = apolloManifest.safeParse(parsed);
  if (manifest.success) return manifest.data.operations.map(({ body }) => body);
  const documents = documentMap.safeParse(parsed);
  return documents.success ? Object.values(documents.data) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(message: string): SafelistFileResult {
  return { documents: [], problems: [{ setting: 'SAFELIST', message }] };
}
