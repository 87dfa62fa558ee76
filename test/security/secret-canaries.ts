import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestGateway } from '../support/start-gateway.js';
import { type ProbeResponse, probe } from './http-probe.js';

/** Where a secret was found, and which one, by its name. */
export interface Leak {
  readonly secret: string;
  readonly place: string;
}

/** Texts that must not appear anywhere, by name. Grows while a test runs: upstreams give out tokens of their own. */
export class SecretCanaries {
  readonly #secrets = new Map<string, string>();
  readonly #leaks: Leak[] = [];
  #searched = 0;

  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [name, secret] of Object.entries(secrets)) this.add(name, secret);
  }

  add(name: string, secret: string): void {
    if (secret.length < 8) throw new Error(`the secret ${name} is too short to be told from other text`);
    this.#secrets.set(name, secret);
  }

  /** Searches for every secret, plain and percent-encoded, except those that this place may hold. */
  search(place: string, text: string, allowed: readonly string[] = []): void {
    this.#searched += text.length;
    for (const [name, secret] of this.#secrets) {
      if (allowed.includes(name)) continue;
      const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
      if (forms.some((form) => text.includes(form))) this.#leaks.push({ secret: name, place });
    }
  }

  searchResponse(place: string, response: ProbeResponse, allowed: readonly string[] = []): void {
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    this.search(place, `${headers}\n${response.text}`, allowed);
  }

  /** Log, metrics, `/debug`, and every byte that the ledger keeps beside its database. */
  async searchGateway(gateway: TestGateway): Promise<void> {
    this.search('log', gateway.logs());
    for (const path of ['/metrics', '/ready', '/debug', '/debug/operations', '/']) {
      this.searchResponse(path, await probe(`${gateway.url}${path}`, { headers: { accept: '*/*' } }));
    }
    this.searchLedger(gateway.ledgerPath);
  }

  /** The files of a SQLite ledger: database, write-ahead log and what stands beside them. */
  searchLedger(ledgerPath: string): void {
    const folder = dirname(ledgerPath);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })) {
      if (!name.isFile()) continue;
      const bytes = readFileSync(join(name.parentPath, name.name));
      this.search(`ledger file ${name.name}`, bytes.toString('latin1'));
      this.search(`ledger file ${name.name}`, bytes.toString('utf8'));
    }
  }

  leaks(): readonly Leak[] {
    return this.#leaks;
  }

  /** Number of secrets and of searched characters, because an empty search would find nothing. */
  effort(): { readonly secrets: number; readonly characters: number } {
    return { secrets: this.#secrets.size, characters: this.#searched };
  }
}
